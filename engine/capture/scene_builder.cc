#include "engine/capture/scene_builder.h"

#include <algorithm>
#include <cmath>

#include "engine/capture/client_buffer.h"
#include "engine/capture/damage.h"
#include "engine/capture/subsurface.h"
#include "engine/frame/pixel_layout.h"

namespace rp {
namespace {

std::int32_t rounded(double value) { return static_cast<std::int32_t>(std::lround(value)); }

bool contains_id(const auto& list, std::uint64_t id) {
  return std::any_of(list.begin(), list.end(), [&](const auto& p) { return p.surface_id == id; });
}

}  // namespace

// Edges are rounded, not sizes: what abuts in logical coordinates abuts on the output.
Rect SceneBuilder::to_output(Point position, Size size) const {
  const std::int32_t left = rounded(position.x * scale_);
  const std::int32_t top = rounded(position.y * scale_);
  const std::int32_t right = rounded((static_cast<double>(position.x) + size.width) * scale_);
  const std::int32_t bottom = rounded((static_cast<double>(position.y) + size.height) * scale_);
  return {left, top, right - left, bottom - top};
}

// Rounded inwards: less than is opaque is always right.
Region SceneBuilder::opaque_of(const Surface& surface, Point position, Rect destination) const {
  const PixelLayout* layout = find_pixel_layout(surface.current().buffer->format());
  if (layout != nullptr && !layout->has_alpha) return Region(destination);
  Region opaque;
  const Size size = surface.size();
  for (const auto& box : surface.current().opaque.boxes()) {
    const Rect r = intersection(Region::rect_of(box), {0, 0, size.width, size.height});
    if (r.empty()) continue;
    const auto left = static_cast<std::int32_t>(std::ceil((position.x + r.x) * scale_));
    const auto top = static_cast<std::int32_t>(std::ceil((position.y + r.y) * scale_));
    const auto right = static_cast<std::int32_t>(std::floor((position.x + r.x + r.width) * scale_));
    const auto bottom =
        static_cast<std::int32_t>(std::floor((position.y + r.y + r.height) * scale_));
    // Where the surface ends, its opaque region ends with it, however the edge was rounded.
    const bool to_right = r.x + r.width == size.width;
    const bool to_bottom = r.y + r.height == size.height;
    const std::int32_t x1 = r.x == 0 ? destination.x : left;
    const std::int32_t y1 = r.y == 0 ? destination.y : top;
    const std::int32_t x2 = to_right ? destination.x + destination.width : right;
    const std::int32_t y2 = to_bottom ? destination.y + destination.height : bottom;
    if (!opaque.add_exact({x1, y1, x2 - x1, y2 - y1})) break;
  }
  return opaque;
}

void SceneBuilder::add_surface(Surface& surface, Point position) {
  Layer layer;
  layer.destination = to_output(position, surface.size());
  if (intersection(layer.destination, output_).empty()) return;
  layer.buffer = surface.current().buffer;
  layer.source = surface.source();
  layer.transform = surface.current().transform;
  layer.opaque = opaque_of(surface, position, layer.destination);
  layer.opaque.intersect(output_);
  layers_.push_back(std::move(layer));
  surfaces_.push_back(&surface);
}

// A surface without content hides its subsurfaces with it.
void SceneBuilder::add_tree(Surface& surface, Point position) {
  if (!surface.has_buffer()) return;
  for (Subsurface* child : surface.stack()) {
    if (child == nullptr) {
      add_surface(surface, position);
      continue;
    }
    const Point offset = child->position();
    add_tree(child->surface(), {position.x + offset.x, position.y + offset.y});
  }
}

// Layers that others cover completely need not be drawn: an app's background under its content.
void SceneBuilder::drop_hidden(Scene& scene) {
  if (layers_.empty()) return;
  Region covered;
  std::size_t kept = layers_.size();
  for (std::size_t i = layers_.size(); i-- > 0;) {
    const Rect seen = intersection(layers_[i].destination, output_);
    if (covered.contains(seen)) continue;
    // Region::add would round up to a bounding box; what covers must not grow.
    for (const auto& box : layers_[i].opaque.boxes()) {
      if (!covered.add_exact(Region::rect_of(box))) break;
    }
    --kept;
    if (kept != i) {
      layers_[kept] = std::move(layers_[i]);
      surfaces_[kept] = surfaces_[i];
    }
  }
  layers_.erase(layers_.begin(), layers_.begin() + static_cast<std::ptrdiff_t>(kept));
  surfaces_.erase(surfaces_.begin(), surfaces_.begin() + static_cast<std::ptrdiff_t>(kept));
  scene.layers.reserve(layers_.size());
}

// Old and new area of every surface that came, went, moved, turned, or changed its place in the
// stack.
void SceneBuilder::add_layout_damage(Region& damage) {
  if (placed_ == last_) return;
  const auto find = [](const std::vector<Placed>& list, std::uint64_t id) -> const Placed* {
    const auto found =
        std::find_if(list.begin(), list.end(), [&](const Placed& p) { return p.surface_id == id; });
    return found == list.end() ? nullptr : &*found;
  };
  // Surfaces in both lists, in each list's order: where the two orders differ something was
  // restacked.
  common_new_.clear();
  for (const Placed& p : placed_) {
    if (contains_id(last_, p.surface_id)) common_new_.push_back(p.surface_id);
  }
  std::size_t position = 0;
  for (const Placed& old : last_) {
    const Placed* now = find(placed_, old.surface_id);
    if (now == nullptr) {
      damage.add(old.destination);
      continue;
    }
    const bool restacked = common_new_[position++] != old.surface_id;
    if (!restacked && *now == old) continue;
    damage.add(old.destination);
    damage.add(now->destination);
  }
  for (const Placed& p : placed_) {
    if (!contains_id(last_, p.surface_id)) damage.add(p.destination);
  }
}

void SceneBuilder::take_content_damage(Surface& surface, const Layer& layer, Scene& scene) {
  SurfaceState& state = surface.current_;
  if (state.surface_damage.empty() && state.buffer_damage.empty()) return;
  const DamageMapping mapping{.buffer = layer.buffer->size(),
                              .transform = layer.transform,
                              .source = layer.source,
                              .surface = surface.size(),
                              .destination = layer.destination};
  add_surface_damage(state.surface_damage, mapping, scene.damage);
  add_buffer_damage(state.buffer_damage, mapping, scene.damage);
  state.surface_damage.clear();
  state.buffer_damage.clear();
}

Scene SceneBuilder::build(const std::vector<Surface*>& roots, std::optional<DragIcon> drag_icon,
                          const OutputMode& mode, TimePoint now) {
  Scene scene;
  scene.output = mode.size;
  output_ = {0, 0, mode.size.width, mode.size.height};
  scale_ = static_cast<double>(mode.scale_120) / 120.0;
  layers_.clear();
  surfaces_.clear();
  for (Surface* root : roots) add_tree(*root, root->position());
  if (drag_icon && drag_icon->surface != nullptr) {
    add_tree(*drag_icon->surface, {rounded(drag_icon->position_px.x / scale_),
                                   rounded(drag_icon->position_px.y / scale_)});
  }
  drop_hidden(scene);

  placed_.clear();
  for (std::size_t i = 0; i < layers_.size(); ++i) {
    placed_.push_back(
        {surfaces_[i]->id(), layers_[i].destination, layers_[i].source, layers_[i].transform});
  }
  if (mode.size != last_output_) {
    scene.damage.add(output_);
  } else {
    add_layout_damage(scene.damage);
  }
  std::optional<TimePoint> oldest;
  for (std::size_t i = 0; i < layers_.size(); ++i) {
    take_content_damage(*surfaces_[i], layers_[i], scene);
    auto& committed = surfaces_[i]->current_.committed;
    if (committed && (!oldest || *committed < *oldest)) oldest = committed;
    committed.reset();
    scene.layers.push_back(std::move(layers_[i]));
  }
  scene.damage.intersect(output_);
  scene.committed = oldest.value_or(now);
  std::swap(last_, placed_);
  last_output_ = mode.size;
  return scene;
}

bool SceneBuilder::has(const Surface& surface) const { return contains_id(last_, surface.id()); }

}  // namespace rp
