#include "engine/frame/geometry.h"

#include <algorithm>
#include <limits>

#include "engine/base/limits.h"

namespace rp {

Transform inverted(Transform t) {
  if (t == Transform::k90) return Transform::k270;
  if (t == Transform::k270) return Transform::k90;
  return t;  // the others undo themselves
}

RectF transformed(RectF rect, Size size, Transform t) {
  const double w = size.width;
  const double h = size.height;
  const double right = w - rect.x - rect.width;
  const double below = h - rect.y - rect.height;
  switch (t) {
    case Transform::kNormal:
      return rect;
    case Transform::k90:
      return {below, rect.x, rect.height, rect.width};
    case Transform::k180:
      return {right, below, rect.width, rect.height};
    case Transform::k270:
      return {rect.y, right, rect.height, rect.width};
    case Transform::kFlipped:
      return {right, rect.y, rect.width, rect.height};
    case Transform::kFlipped90:
      return {rect.y, rect.x, rect.height, rect.width};
    case Transform::kFlipped180:
      return {rect.x, below, rect.width, rect.height};
    case Transform::kFlipped270:
      return {below, right, rect.height, rect.width};
  }
  return rect;
}

Rect transformed(Rect rect, Size size, Transform t) {
  const RectF r =
      transformed(RectF{static_cast<double>(rect.x), static_cast<double>(rect.y),
                        static_cast<double>(rect.width), static_cast<double>(rect.height)},
                  size, t);
  return {static_cast<std::int32_t>(r.x), static_cast<std::int32_t>(r.y),
          static_cast<std::int32_t>(r.width), static_cast<std::int32_t>(r.height)};
}

Rect intersection(Rect a, Rect b) {
  const std::int64_t x1 = std::max(a.x, b.x);
  const std::int64_t y1 = std::max(a.y, b.y);
  const std::int64_t x2 = std::min<std::int64_t>(static_cast<std::int64_t>(a.x) + a.width,
                                                 static_cast<std::int64_t>(b.x) + b.width);
  const std::int64_t y2 = std::min<std::int64_t>(static_cast<std::int64_t>(a.y) + a.height,
                                                 static_cast<std::int64_t>(b.y) + b.height);
  if (x2 <= x1 || y2 <= y1) return {};
  return {static_cast<std::int32_t>(x1), static_cast<std::int32_t>(y1),
          static_cast<std::int32_t>(x2 - x1), static_cast<std::int32_t>(y2 - y1)};
}

Rect united(Rect a, Rect b) {
  if (a.empty()) return b;
  if (b.empty()) return a;
  const std::int32_t x = std::min(a.x, b.x);
  const std::int32_t y = std::min(a.y, b.y);
  return {x, y, std::max(a.x + a.width, b.x + b.width) - x,
          std::max(a.y + a.height, b.y + b.height) - y};
}

namespace {

// Guests send sizes up to INT32_MAX; this is the widest box pixman's 32-bit edges hold.
Rect clamped(Rect r) {
  constexpr std::int32_t kEdge = std::numeric_limits<std::int32_t>::max() / 4;
  return intersection(r, {-kEdge, -kEdge, 2 * kEdge, 2 * kEdge});
}

}  // namespace

Region::Region(Rect r) : Region() { add(r); }
Region::Region(const Region& other) : Region() { pixman_region32_copy(&region_, &other.region_); }
Region::Region(Region&& other) noexcept : Region() { std::swap(region_, other.region_); }
Region& Region::operator=(const Region& other) {
  if (this != &other) pixman_region32_copy(&region_, &other.region_);
  return *this;
}
Region& Region::operator=(Region&& other) noexcept {
  std::swap(region_, other.region_);
  return *this;
}

void Region::bound() {
  if (boxes().size() <= limits::kMaxDamageRects) return;
  const Rect all = bounds();
  pixman_region32_fini(&region_);
  pixman_region32_init_rect(&region_, all.x, all.y, static_cast<unsigned>(all.width),
                            static_cast<unsigned>(all.height));
}

void Region::add(Rect r) {
  const Rect c = clamped(r);
  if (c.empty()) return;
  pixman_region32_union_rect(&region_, &region_, c.x, c.y, static_cast<unsigned>(c.width),
                             static_cast<unsigned>(c.height));
  bound();
}

void Region::add(const Region& other) {
  pixman_region32_union(&region_, &region_, &other.region_);
  bound();
}

bool Region::add_exact(Rect r) {
  const Rect c = clamped(r);
  if (c.empty()) return true;
  if (boxes().size() >= limits::kMaxExactRects) return false;
  pixman_region32_union_rect(&region_, &region_, c.x, c.y, static_cast<unsigned>(c.width),
                             static_cast<unsigned>(c.height));
  return true;
}

void Region::subtract(const Region& other) {
  pixman_region32_subtract(&region_, &region_, &other.region_);
}

void Region::intersect(Rect r) {
  const Rect c = clamped(r);
  pixman_region32_intersect_rect(&region_, &region_, c.x, c.y, static_cast<unsigned>(c.width),
                                 static_cast<unsigned>(c.height));
}

void Region::intersect(const Region& other) {
  pixman_region32_intersect(&region_, &region_, &other.region_);
}

void Region::translate(std::int32_t dx, std::int32_t dy) {
  pixman_region32_translate(&region_, dx, dy);
}

void Region::clear() { pixman_region32_clear(&region_); }

bool Region::empty() const { return pixman_region32_not_empty(&region_) == 0; }

Rect Region::bounds() const { return rect_of(*pixman_region32_extents(&region_)); }

bool Region::contains(std::int32_t x, std::int32_t y) const {
  return pixman_region32_contains_point(&region_, x, y, nullptr) != 0;
}

bool Region::contains(Rect r) const {
  pixman_box32_t box{r.x, r.y, r.x + r.width, r.y + r.height};
  return pixman_region32_contains_rectangle(&region_, &box) == PIXMAN_REGION_IN;
}

std::int64_t Region::area() const {
  std::int64_t sum = 0;
  for (const auto& box : boxes()) {
    sum += static_cast<std::int64_t>(box.x2 - box.x1) * (box.y2 - box.y1);
  }
  return sum;
}

std::span<const pixman_box32_t> Region::boxes() const {
  int count = 0;
  const pixman_box32_t* first = pixman_region32_rectangles(&region_, &count);
  return {first, static_cast<std::size_t>(count)};
}

}  // namespace rp
