// Goal: popups are placed as xdg_positioner's rules say. Method: a table of rules on a 100×100
// output, each with the place that follows from the text of the protocol.
#include <array>
#include <string>

#include <gtest/gtest.h>

#include "engine/capture/xdg_positioner.h"
#include "protocol/xdg-shell-server.h"

namespace rp::testing {
namespace {

constexpr Rect kOutput{0, 0, 100, 100};
constexpr Edges kLeft{.left = true};
constexpr Edges kRight{.right = true};
constexpr Edges kTop{.top = true};
constexpr Edges kBottom{.bottom = true};
constexpr Edges kBottomLeft{.left = true, .bottom = true};
constexpr Edges kBottomRight{.right = true, .bottom = true};
constexpr Edges kTopLeft{.left = true, .top = true};
constexpr std::uint32_t kFlipX = XDG_POSITIONER_CONSTRAINT_ADJUSTMENT_FLIP_X;
constexpr std::uint32_t kFlipY = XDG_POSITIONER_CONSTRAINT_ADJUSTMENT_FLIP_Y;
constexpr std::uint32_t kSlideX = XDG_POSITIONER_CONSTRAINT_ADJUSTMENT_SLIDE_X;
constexpr std::uint32_t kSlideY = XDG_POSITIONER_CONSTRAINT_ADJUSTMENT_SLIDE_Y;
constexpr std::uint32_t kResizeX = XDG_POSITIONER_CONSTRAINT_ADJUSTMENT_RESIZE_X;
constexpr std::uint32_t kResizeY = XDG_POSITIONER_CONSTRAINT_ADJUSTMENT_RESIZE_Y;

struct Case {
  const char* name;
  Size size;
  Rect anchor_rect;
  Edges anchor;
  Edges gravity;
  std::uint32_t adjustment;
  Point offset;
  Rect expected;
};

const std::array<Case, 18> kCases = {{
    {"centred", {10, 10}, {40, 40, 20, 20}, {}, {}, 0, {}, {45, 45, 10, 10}},
    {"menu_below", {30, 20}, {10, 10, 20, 10}, kBottomLeft, kBottomRight, 0, {}, {10, 20, 30, 20}},
    {"beside", {10, 10}, {40, 40, 20, 20}, kRight, kRight, 0, {}, {60, 45, 10, 10}},
    {"to_the_left", {10, 10}, {40, 40, 20, 20}, kLeft, kLeft, 0, {}, {30, 45, 10, 10}},
    {"above", {10, 10}, {40, 40, 20, 20}, kTop, kTop, 0, {}, {45, 30, 10, 10}},
    {"below", {10, 10}, {40, 40, 20, 20}, kBottom, kBottom, 0, {}, {45, 60, 10, 10}},
    {"corner", {10, 10}, {40, 40, 20, 20}, kTopLeft, kTopLeft, 0, {}, {30, 30, 10, 10}},
    {"offset", {10, 10}, {40, 40, 20, 20}, kRight, kRight, 0, {3, -4}, {63, 41, 10, 10}},
    {"point_anchor", {10, 10}, {50, 50, 0, 0}, kTopLeft, kBottomRight, 0, {}, {50, 50, 10, 10}},
    {"outside_stays_without_leave",
     {30, 10},
     {80, 0, 10, 10},
     kRight,
     kRight,
     0,
     {},
     {90, 0, 30, 10}},
    {"flip_x", {30, 10}, {80, 0, 10, 10}, kRight, kRight, kFlipX, {}, {50, 0, 30, 10}},
    {"flip_y", {10, 30}, {0, 80, 10, 10}, kBottom, kBottom, kFlipY, {}, {0, 50, 10, 30}},
    // Flipped it would stick out on the other side, so it stays as it was.
    {"flip_useless", {60, 10}, {50, 0, 10, 10}, kRight, kRight, kFlipX, {}, {60, 0, 60, 10}},
    {"slide_x", {30, 10}, {80, 0, 10, 10}, kRight, kRight, kSlideX, {}, {70, 0, 30, 10}},
    {"slide_y_too_big", {10, 120}, {0, 50, 10, 10}, kBottom, kBottom, kSlideY, {}, {0, 0, 10, 120}},
    {"flip_before_slide",
     {30, 10},
     {80, 0, 10, 10},
     kRight,
     kRight,
     kFlipX | kSlideX,
     {},
     {50, 0, 30, 10}},
    {"resize_x", {30, 10}, {80, 0, 10, 10}, kRight, kRight, kResizeX, {}, {90, 0, 10, 10}},
    {"slide_then_resize",
     {10, 120},
     {0, 50, 10, 10},
     kBottom,
     kBottom,
     kSlideY | kResizeY,
     {},
     {0, 0, 10, 100}},
}};

TEST(Positioner, PlacesByTheTable) {
  for (const Case& c : kCases) {
    PopupRules rules;
    rules.size = c.size;
    rules.anchor_rect = c.anchor_rect;
    rules.anchor = c.anchor;
    rules.gravity = c.gravity;
    rules.adjustment = c.adjustment;
    rules.offset = c.offset;
    const Rect got = place_popup(rules, kOutput);
    EXPECT_EQ(got, c.expected) << c.name << ": " << got.x << ',' << got.y << ' ' << got.width << 'x'
                               << got.height;
  }
}

TEST(Positioner, ParentAwayFromTheOriginMovesTheBounds) {
  PopupRules rules;
  rules.size = {30, 10};
  rules.anchor_rect = Rect{0, 0, 10, 10};
  rules.anchor = kLeft;
  rules.gravity = kLeft;
  rules.adjustment = kFlipX;
  // The parent stands at (20, 20): 20 pixels to its left are on the output, not 30.
  EXPECT_EQ(place_popup(rules, {-20, -20, 100, 100}), (Rect{10, 0, 30, 10}));
  EXPECT_EQ(place_popup(rules, {-40, -20, 100, 100}), (Rect{-30, 0, 30, 10}));
}

TEST(Positioner, HugeValuesDoNotOverflow) {
  PopupRules rules;
  rules.size = {65'536, 65'536};
  rules.anchor_rect = Rect{kFarAway, -kFarAway, kFarAway, kFarAway};
  rules.anchor = kBottomRight;
  rules.gravity = kBottomRight;
  rules.offset = {kFarAway, kFarAway};
  for (std::uint32_t bits = 0; bits < 64; ++bits) {
    rules.adjustment = bits;
    const Rect got = place_popup(rules, kOutput);
    EXPECT_GT(got.width, 0);
    EXPECT_GT(got.height, 0);
  }
}

}  // namespace
}  // namespace rp::testing
