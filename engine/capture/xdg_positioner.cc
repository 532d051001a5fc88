#include "engine/capture/xdg_positioner.h"

#include <algorithm>

#include "engine/base/limits.h"
#include "engine/capture/resource.h"
#include "protocol/xdg-shell-server.h"

namespace rp {
namespace {

// One axis of the placing: a span of `length` at `start` that should lie within [low, high).
struct Span {
  std::int32_t start;
  std::int32_t length;
  [[nodiscard]] std::int32_t end() const { return start + length; }
  [[nodiscard]] bool fits(std::int32_t low, std::int32_t high) const {
    return start >= low && end() <= high;
  }
};

struct Axis {
  std::int32_t anchor_start;
  std::int32_t anchor_length;
  bool anchor_low;   // left, top
  bool anchor_high;  // right, bottom
  bool gravity_low;
  bool gravity_high;
  std::int32_t offset;
  std::int32_t length;
  std::int32_t low;
  std::int32_t high;
  bool may_flip;
  bool may_slide;
  bool may_resize;

  [[nodiscard]] Span placed(bool flipped) const {
    const bool at_low = flipped ? anchor_high : anchor_low;
    const bool at_high = flipped ? anchor_low : anchor_high;
    std::int32_t point = anchor_start + anchor_length / 2;
    if (at_low) point = anchor_start;
    if (at_high) point = anchor_start + anchor_length;
    const bool to_low = flipped ? gravity_high : gravity_low;
    const bool to_high = flipped ? gravity_low : gravity_high;
    std::int32_t start = point - length / 2;
    if (to_low) start = point - length;
    if (to_high) start = point;
    return {start + offset, length};  // a flip keeps the offset
  }

  // Moves the span in, first towards where its gravity points, then back so that the edge it comes
  // from is the one that is seen (xdg_positioner.constraint_adjustment, slide).
  [[nodiscard]] Span slid(Span span) const {
    const auto pull_low = [&] { span.start = std::max(span.start, low); };
    const auto pull_high = [&] { span.start = std::min(span.start, high - span.length); };
    if (gravity_low) {
      pull_low();
      pull_high();
    } else {
      pull_high();
      pull_low();
    }
    return span;
  }

  [[nodiscard]] Span solve() const {
    Span span = placed(false);
    if (span.fits(low, high)) return span;
    if (may_flip) {
      const Span flipped = placed(true);
      if (flipped.fits(low, high)) return flipped;
    }
    if (may_slide) {
      span = slid(span);
      if (span.fits(low, high)) return span;
    }
    if (may_resize) {
      const std::int32_t start = std::max(span.start, low);
      const std::int32_t end = std::min(span.end(), high);
      if (end > start) return {start, end - start};
    }
    return span;
  }
};

class Positioner {
 public:
  explicit Positioner(wl_resource* /*resource*/) {}
  PopupRules rules;
};

PopupRules& rules(wl_resource* r) { return object_of<Positioner>(r)->rules; }

Edges edges_of_anchor(std::uint32_t anchor) {
  Edges e;
  e.top = anchor == XDG_POSITIONER_ANCHOR_TOP || anchor == XDG_POSITIONER_ANCHOR_TOP_LEFT ||
          anchor == XDG_POSITIONER_ANCHOR_TOP_RIGHT;
  e.bottom = anchor == XDG_POSITIONER_ANCHOR_BOTTOM ||
             anchor == XDG_POSITIONER_ANCHOR_BOTTOM_LEFT ||
             anchor == XDG_POSITIONER_ANCHOR_BOTTOM_RIGHT;
  e.left = anchor == XDG_POSITIONER_ANCHOR_LEFT || anchor == XDG_POSITIONER_ANCHOR_TOP_LEFT ||
           anchor == XDG_POSITIONER_ANCHOR_BOTTOM_LEFT;
  e.right = anchor == XDG_POSITIONER_ANCHOR_RIGHT || anchor == XDG_POSITIONER_ANCHOR_TOP_RIGHT ||
            anchor == XDG_POSITIONER_ANCHOR_BOTTOM_RIGHT;
  return e;
}
static_assert(static_cast<int>(XDG_POSITIONER_ANCHOR_BOTTOM_RIGHT) ==
              static_cast<int>(XDG_POSITIONER_GRAVITY_BOTTOM_RIGHT));  // the two enums are alike

void set_size(wl_client* /*client*/, wl_resource* r, std::int32_t width, std::int32_t height) {
  if (width < 1 || height < 1) {
    wl_resource_post_error(r, XDG_POSITIONER_ERROR_INVALID_INPUT, "size must be positive");
    return;
  }
  rules(r).size = {std::min(width, limits::kMaxSurfaceSide),
                   std::min(height, limits::kMaxSurfaceSide)};
}

void set_anchor_rect(wl_client* /*client*/, wl_resource* r, std::int32_t x, std::int32_t y,
                     std::int32_t width, std::int32_t height) {
  if (width < 0 || height < 0) {
    wl_resource_post_error(r, XDG_POSITIONER_ERROR_INVALID_INPUT,
                           "anchor rectangle must not be negative");
    return;
  }
  rules(r).anchor_rect = Rect{saturated(x), saturated(y), saturated(width), saturated(height)};
}

void set_anchor(wl_client* /*client*/, wl_resource* r, std::uint32_t anchor) {
  if (anchor > XDG_POSITIONER_ANCHOR_BOTTOM_RIGHT) {
    wl_resource_post_error(r, XDG_POSITIONER_ERROR_INVALID_INPUT, "anchor is not in 0..8");
    return;
  }
  rules(r).anchor = edges_of_anchor(anchor);
}

void set_gravity(wl_client* /*client*/, wl_resource* r, std::uint32_t gravity) {
  if (gravity > XDG_POSITIONER_GRAVITY_BOTTOM_RIGHT) {
    wl_resource_post_error(r, XDG_POSITIONER_ERROR_INVALID_INPUT, "gravity is not in 0..8");
    return;
  }
  rules(r).gravity = edges_of_anchor(gravity);
}

const struct xdg_positioner_interface kPositioner = {
    .destroy = destroy_resource,
    .set_size = set_size,
    .set_anchor_rect = set_anchor_rect,
    .set_anchor = set_anchor,
    .set_gravity = set_gravity,
    .set_constraint_adjustment = [](wl_client*, wl_resource* r,
                                    std::uint32_t bits) { rules(r).adjustment = bits; },
    .set_offset =
        [](wl_client*, wl_resource* r, std::int32_t x, std::int32_t y) {
          rules(r).offset = {saturated(x), saturated(y)};
        },
    .set_reactive = [](wl_client*, wl_resource* r) { rules(r).reactive = true; },
    // The parent's size is always the present one here: popups are placed again when it changes.
    .set_parent_size = [](wl_client*, wl_resource*, std::int32_t, std::int32_t) {},
    .set_parent_configure = [](wl_client*, wl_resource*, std::uint32_t) {},
};

}  // namespace

Rect place_popup(const PopupRules& rules, Rect bounds) {
  const Rect& anchor = *rules.anchor_rect;
  const auto has = [&](std::uint32_t bit) { return (rules.adjustment & bit) != 0; };
  const Axis x{.anchor_start = anchor.x,
               .anchor_length = anchor.width,
               .anchor_low = rules.anchor.left,
               .anchor_high = rules.anchor.right,
               .gravity_low = rules.gravity.left,
               .gravity_high = rules.gravity.right,
               .offset = rules.offset.x,
               .length = rules.size.width,
               .low = bounds.x,
               .high = bounds.x + bounds.width,
               .may_flip = has(XDG_POSITIONER_CONSTRAINT_ADJUSTMENT_FLIP_X),
               .may_slide = has(XDG_POSITIONER_CONSTRAINT_ADJUSTMENT_SLIDE_X),
               .may_resize = has(XDG_POSITIONER_CONSTRAINT_ADJUSTMENT_RESIZE_X)};
  const Axis y{.anchor_start = anchor.y,
               .anchor_length = anchor.height,
               .anchor_low = rules.anchor.top,
               .anchor_high = rules.anchor.bottom,
               .gravity_low = rules.gravity.top,
               .gravity_high = rules.gravity.bottom,
               .offset = rules.offset.y,
               .length = rules.size.height,
               .low = bounds.y,
               .high = bounds.y + bounds.height,
               .may_flip = has(XDG_POSITIONER_CONSTRAINT_ADJUSTMENT_FLIP_Y),
               .may_slide = has(XDG_POSITIONER_CONSTRAINT_ADJUSTMENT_SLIDE_Y),
               .may_resize = has(XDG_POSITIONER_CONSTRAINT_ADJUSTMENT_RESIZE_Y)};
  const Span across = x.solve();
  const Span down = y.solve();
  return {across.start, down.start, across.length, down.length};
}

void create_positioner(wl_client* client, wl_resource* wm_base, std::uint32_t id) {
  make_object<Positioner>(client, xdg_positioner_interface, wl_resource_get_version(wm_base), id,
                          kPositioner);
}

const PopupRules& rules_of(wl_resource* positioner) {
  return object_of<Positioner>(positioner)->rules;
}

}  // namespace rp
