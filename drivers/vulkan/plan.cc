#include "drivers/vulkan/plan.h"

#include <algorithm>

#include "engine/compose/layer_check.h"

namespace rp::vulkan {
namespace {

constexpr std::int32_t even_below(std::int32_t v) { return v & ~1; }
constexpr std::int32_t even_above(std::int32_t v) { return (v + 1) & ~1; }

bool inside(Rect inner, Rect outer) { return intersection(inner, outer) == inner; }

std::int32_t count_from(const Axis& axis, std::int32_t begin, std::int32_t count,
                        std::int32_t& lowest) {
  lowest = axis.clamped(axis.pixel(begin));
  return axis.clamped(axis.pixel(begin + count - 1) + 1) - lowest + 1;
}

}  // namespace

void ScenePlan::make(const Scene& scene, const Region& stale) {
  clear();
  const Rect all{0, 0, scene.output.width, scene.output.height};
  output_ = all;
  // As a region, so that boxes which meet when they are grown become one and nothing is blended
  // twice. An odd size's last block reaches beyond it.
  Region grown;
  for (const pixman_box32_t& box : stale.boxes()) {
    const Rect part = intersection(Region::rect_of(box), all);
    if (part.empty()) continue;
    const std::int32_t x = even_below(part.x);
    const std::int32_t y = even_below(part.y);
    grown.add({x, y, even_above(part.x + part.width) - x, even_above(part.y + part.height) - y});
  }
  for (const pixman_box32_t& box : grown.boxes()) boxes_.push_back(Region::rect_of(box));
  for (const Layer& layer : scene.layers) {
    if (intersection(layer.destination, all).empty()) continue;
    entries_.push_back({&layer, nullptr});
    if (layer.buffer != nullptr) {
      entries_.back().format = find_pixel_format(layer.buffer->format());
    }
    if (const char* fault = fault_of(layer, entries_.back().format)) {
      leave_out(entries_.size() - 1, fault);
    }
  }
  look();
}

void ScenePlan::clear() {
  boxes_.clear();
  views_.clear();
  entries_.clear();
  complaint_ = nullptr;
}

void ScenePlan::look() {
  views_.clear();
  for (std::size_t box = 0; box < boxes_.size(); ++box) views_.push_back(view_of(area(box)));
}

ScenePlan::View ScenePlan::view_of(Rect area) const {
  // From the front: stop at what hides all behind it.
  View view{entries_.size(), false};
  while (view.first > 0 && !view.covered) {
    const Entry& entry = entries_[--view.first];
    if (entry.format == nullptr || !inside(area, entry.layer->destination)) continue;
    view.covered = !entry.format->has_alpha || entry.layer->opaque.contains(area);
  }
  return view;
}

Rect ScenePlan::part(std::size_t entry, std::size_t box) const {
  if (entries_[entry].format == nullptr || entry < views_[box].first) return {};
  return intersection(entries_[entry].layer->destination, area(box));
}

bool ScenePlan::opaque(std::size_t entry, Rect part) const {
  return !entries_[entry].format->has_alpha || entries_[entry].layer->opaque.contains(part);
}

void ScenePlan::leave_out(std::size_t entry, const char* why) {
  entries_[entry].format = nullptr;
  complaint_ = why;
}

ReadPlan ReadPlan::of(const Layer& layer, Size output) {
  const Rect shown = intersection(layer.destination, {0, 0, output.width, output.height});
  ReadPlan plan;
  plan.first_x = shown.x;
  plan.first_y = shown.y;
  plan.upright = transformed(layer.buffer->size(), layer.transform);
  plan.columns = Axis::map(layer.source.x, layer.source.width, layer.destination.x,
                           layer.destination.width, shown.x, plan.upright.width);
  plan.rows = Axis::map(layer.source.y, layer.source.height, layer.destination.y,
                        layer.destination.height, shown.y, plan.upright.height);
  return plan;
}

Rect ReadPlan::window(Rect part) const {
  Rect window;
  window.width = count_from(columns, part.x - first_x, part.width, window.x);
  window.height = count_from(rows, part.y - first_y, part.height, window.y);
  return window;
}

}  // namespace rp::vulkan
