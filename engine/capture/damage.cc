#include "engine/capture/damage.h"

#include <algorithm>
#include <cmath>

namespace rp {
namespace {

// One axis: [from, to) of a space `in_start`, `in_length` onto `out_start`, `out_length`. When the
// two differ in size, filtering lets a pixel reach its neighbours: `reach` input pixels each way.
struct Mapped {
  std::int32_t start;
  std::int32_t end;
};

Mapped map_axis(double from, double to, double in_start, double in_length, std::int32_t out_start,
                std::int32_t out_length) {
  if (in_length <= 0) return {out_start, out_start + out_length};
  const double factor = out_length / in_length;
  const bool exact = in_length == out_length && in_start == std::floor(in_start);
  const double reach = exact ? 0 : 1;
  const double start = (from - reach - in_start) * factor;
  const double end = (to + reach - in_start) * factor;
  const auto clamp = [&](double v) {
    return static_cast<std::int32_t>(std::clamp(v, 0.0, static_cast<double>(out_length)));
  };
  return {out_start + clamp(std::floor(start)), out_start + clamp(std::ceil(end))};
}

void add_mapped(RectF rect, RectF in, Rect out, Region& output) {
  const Mapped x = map_axis(rect.x, rect.x + rect.width, in.x, in.width, out.x, out.width);
  const Mapped y = map_axis(rect.y, rect.y + rect.height, in.y, in.height, out.y, out.height);
  output.add(Rect{x.start, y.start, x.end - x.start, y.end - y.start});
}

RectF as_floats(Rect r) {
  return {static_cast<double>(r.x), static_cast<double>(r.y), static_cast<double>(r.width),
          static_cast<double>(r.height)};
}

}  // namespace

void add_surface_damage(const Region& damage, const DamageMapping& mapping, Region& output) {
  const Rect whole{0, 0, mapping.surface.width, mapping.surface.height};
  // A surface pixel is several buffer pixels or a part of one, and the filter works on the
  // buffer's.
  const double per_pixel_x = mapping.source.width / whole.width;
  const double per_pixel_y = mapping.source.height / whole.height;
  for (const auto& box : damage.boxes()) {
    const Rect r = intersection(Region::rect_of(box), whole);
    if (r.empty()) continue;
    const double left = std::floor(mapping.source.x + r.x * per_pixel_x);
    const double top = std::floor(mapping.source.y + r.y * per_pixel_y);
    const double right = std::ceil(mapping.source.x + (r.x + r.width) * per_pixel_x);
    const double bottom = std::ceil(mapping.source.y + (r.y + r.height) * per_pixel_y);
    const RectF upright{left, top, right - left, bottom - top};
    add_mapped(upright, mapping.source, mapping.destination, output);
  }
}

void add_buffer_damage(const Region& damage, const DamageMapping& mapping, Region& output) {
  const Rect whole{0, 0, mapping.buffer.width, mapping.buffer.height};
  for (const auto& box : damage.boxes()) {
    const Rect r = intersection(Region::rect_of(box), whole);
    if (r.empty()) continue;
    const RectF upright = transformed(as_floats(r), mapping.buffer, mapping.transform);
    add_mapped(upright, mapping.source, mapping.destination, output);
  }
}

}  // namespace rp
