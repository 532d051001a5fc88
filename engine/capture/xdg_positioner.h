// xdg_positioner: the rules by which a popup finds its place, and the placing itself.
// Thread rule: plain values; the requests on the display's loop.
#pragma once

#include <cstdint>
#include <optional>

#include <wayland-server-core.h>

#include "engine/capture/surface_state.h"

namespace rp {

// Edges as bits; xdg_positioner's anchor and gravity name their combinations.
struct Edges {
  bool left = false;
  bool right = false;
  bool top = false;
  bool bottom = false;
  friend bool operator==(Edges, Edges) = default;
};

struct PopupRules {
  Size size;
  std::optional<Rect> anchor_rect;  // relative to the parent's window geometry
  Edges anchor;
  Edges gravity;
  std::uint32_t adjustment = 0;  // xdg_positioner.constraint_adjustment
  Point offset;
  bool reactive = false;

  // A size and an anchor rectangle are there: the popup can be placed.
  [[nodiscard]] bool complete() const { return !size.empty() && anchor_rect.has_value(); }
};

// Where the popup goes, relative to the parent's window geometry, adjusted as the rules allow so
// that it stays within `bounds` (same coordinates). `rules` must be complete. Per axis: as asked;
// else flipped if that fits; else slid; else resized.
[[nodiscard]] Rect place_popup(const PopupRules& rules, Rect bounds);

void create_positioner(wl_client* client, wl_resource* wm_base, std::uint32_t id);
[[nodiscard]] const PopupRules& rules_of(wl_resource* positioner);

}  // namespace rp
