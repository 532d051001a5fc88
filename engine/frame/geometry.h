// Sizes, rectangles, transforms and regions: the shapes every stage speaks in. All are pixels of
// the space the holder names (buffer, surface or output). Thread rule: plain values.
#pragma once

#include <pixman.h>

#include <cstdint>
#include <span>
#include <utility>

namespace rp {

struct Size {
  std::int32_t width = 0;
  std::int32_t height = 0;
  friend bool operator==(Size, Size) = default;
  [[nodiscard]] bool empty() const { return width <= 0 || height <= 0; }
};

// What 4:2:0 needs: sides rounded up to even ones.
[[nodiscard]] constexpr Size even(Size size) {
  return {(size.width + 1) & ~1, (size.height + 1) & ~1};
}

struct Rect {
  std::int32_t x = 0;
  std::int32_t y = 0;
  std::int32_t width = 0;
  std::int32_t height = 0;
  friend bool operator==(Rect, Rect) = default;
  [[nodiscard]] bool empty() const { return width <= 0 || height <= 0; }
};

// With fractions, for wp_viewport sources (wl_fixed: 1/256 pixel).
struct RectF {
  double x = 0;
  double y = 0;
  double width = 0;
  double height = 0;
  friend bool operator==(const RectF&, const RectF&) = default;
};

// Values are wl_output.transform's.
enum class Transform : std::uint8_t {
  kNormal = 0,
  k90 = 1,
  k180 = 2,
  k270 = 3,
  kFlipped = 4,
  kFlipped90 = 5,
  kFlipped180 = 6,
  kFlipped270 = 7,
};
[[nodiscard]] constexpr bool swaps_axes(Transform t) {
  return (static_cast<unsigned>(t) & 1U) != 0;
}
[[nodiscard]] constexpr Size transformed(Size s, Transform t) {
  return swaps_axes(t) ? Size{s.height, s.width} : s;
}
[[nodiscard]] Transform inverted(Transform t);
// From a buffer drawn with transform `t` to the upright surface: where `rect` of a buffer of `size`
// lies there (the spec's t is what the client has done to its content already: flip about the
// vertical axis, then turn counter-clockwise; this undoes it, so k90 turns clockwise). From the
// surface back to the buffer: transformed(rect, surface_size, inverted(t)).
[[nodiscard]] Rect transformed(Rect rect, Size size, Transform t);
[[nodiscard]] RectF transformed(RectF rect, Size size, Transform t);

// A set of pixels as a list of rectangles (pixman's region, the field's own implementation).
// add() is for damage, where more is safe: it collapses to the bounding box when over
// limits::kMaxDamageRects rectangles would stay. add_exact() is for opaque and input regions, where
// more is wrong: it refuses (false, region unchanged) beyond limits::kMaxExactRects.
class Region {
 public:
  Region() { pixman_region32_init(&region_); }
  explicit Region(Rect r);
  Region(const Region& other);
  Region(Region&& other) noexcept;
  Region& operator=(const Region& other);
  Region& operator=(Region&& other) noexcept;
  ~Region() { pixman_region32_fini(&region_); }

  void add(Rect r);
  void add(const Region& other);
  [[nodiscard]] bool add_exact(Rect r);
  void subtract(const Region& other);
  void intersect(Rect r);
  void intersect(const Region& other);
  void translate(std::int32_t dx, std::int32_t dy);
  void clear();

  [[nodiscard]] bool empty() const;
  [[nodiscard]] Rect bounds() const;
  [[nodiscard]] bool contains(std::int32_t x, std::int32_t y) const;
  [[nodiscard]] bool contains(Rect r) const;  // all of it
  [[nodiscard]] std::int64_t area() const;
  // Valid until the region changes. Boxes are half-open: x1 <= x < x2.
  [[nodiscard]] std::span<const pixman_box32_t> boxes() const;
  [[nodiscard]] static Rect rect_of(const pixman_box32_t& box) {
    return {box.x1, box.y1, box.x2 - box.x1, box.y2 - box.y1};
  }

 private:
  void bound();
  pixman_region32_t region_;
};

[[nodiscard]] Rect intersection(Rect a, Rect b);
// The smallest that holds both; an empty one adds nothing. Corners within 32 bits.
[[nodiscard]] Rect united(Rect a, Rect b);
[[nodiscard]] constexpr std::int64_t area_of(Rect r) { return std::int64_t{r.width} * r.height; }

}  // namespace rp
