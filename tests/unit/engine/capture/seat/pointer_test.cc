// Goal: the pointer does what wl_pointer says: focus, implicit grabs, scrolling, cursors,
// constraints. Method: real clients on a whole display; the viewer's input is called, the clients'
// logs are read.
#include <linux/input-event-codes.h>

#include <gtest/gtest.h>

#include "protocol/cursor-shape-v1-client.h"
#include "protocol/pointer-constraints-unstable-v1-client.h"
#include "protocol/relative-pointer-unstable-v1-client.h"
#include "tests/unit/engine/capture/seat/phone.h"

namespace rp::test {
namespace {

class PointerTest : public testing::Test {
 protected:
  void SetUp() override {
    client_ = std::make_unique<Client>(phone_);
    window_ = client_->open_window("a");
    client_->log.clear();
  }
  Display& display() { return phone_.display(); }

  Phone phone_;
  std::unique_ptr<Client> client_;
  Window* window_ = nullptr;
};

TEST_F(PointerTest, EntersMovesAndLeaves) {
  display().pointer_motion(10, 20);
  display().pointer_motion(11, 22);
  display().pointer_leave();
  phone_.settle();
  EXPECT_EQ(client_->log, (std::vector<std::string>{"pointer.enter a 10 20", "pointer.frame",
                                                    "pointer.motion 11 22", "pointer.frame",
                                                    "pointer.leave a", "pointer.frame"}));
}

TEST_F(PointerTest, HeldButtonKeepsTheSurface) {
  display().pointer_motion(10, 20);
  display().pointer_button(PointerButton::kLeft, true);
  display().pointer_button(PointerButton::kRight, true);
  display().pointer_motion(-50, 700);
  display().pointer_leave();
  display().pointer_button(PointerButton::kRight, false);
  phone_.settle();
  EXPECT_TRUE(client_->logged("pointer.motion -50 700"));
  EXPECT_FALSE(client_->logged("pointer.leave"));
  display().pointer_button(PointerButton::kLeft, false);
  phone_.settle();
  EXPECT_TRUE(client_->logged("pointer.button 110 0"));
  EXPECT_TRUE(client_->logged("pointer.leave a"));
}

TEST_F(PointerTest, ButtonsPairUp) {
  display().pointer_motion(10, 20);
  display().pointer_button(PointerButton::kLeft, false);
  display().pointer_button(PointerButton::kLeft, true);
  display().pointer_button(PointerButton::kLeft, true);
  display().pointer_button(PointerButton::kLeft, false);
  display().pointer_button(PointerButton::kBack, true);
  phone_.settle();
  EXPECT_EQ(client_->count("pointer.button 110 1"), 1U);
  EXPECT_EQ(client_->count("pointer.button 110 0"), 1U);
  EXPECT_EQ(client_->count("pointer.button 113 1"), 1U);
  display().release_input();
  phone_.settle();
  EXPECT_EQ(client_->count("pointer.button 113 0"), 1U);
}

TEST_F(PointerTest, SurfaceThatGoesEndsTheGrab) {
  display().pointer_motion(10, 20);
  display().pointer_button(PointerButton::kLeft, true);
  phone_.settle();
  Client other(phone_);
  Window* below = other.open_window("b");
  ASSERT_NE(below, nullptr);
  client_.reset();
  phone_.settle();
  display().pointer_button(PointerButton::kLeft, false);
  display().pointer_motion(12, 20);
  phone_.settle();
  EXPECT_TRUE(other.logged("pointer.enter b"));
  EXPECT_FALSE(other.logged("pointer.button")) << "a release without its press";
}

TEST_F(PointerTest, WheelGoesOutInNotches) {
  display().pointer_motion(10, 20);
  phone_.settle();
  client_->log.clear();
  display().pointer_axis(0, 100, 0, 120);
  display().pointer_axis(3.5, 0, 0, 0);
  phone_.settle();
  EXPECT_EQ(client_->log,
            (std::vector<std::string>{"pointer.axis_source 0", "pointer.axis_value120 0 120",
                                      "pointer.axis 0 10", "pointer.frame", "pointer.axis_source 2",
                                      "pointer.axis 1 3.5", "pointer.frame"}));
}

TEST_F(PointerTest, OlderClientsGetWholeNotches) {
  wl_registry* again = wl_display_get_registry(client_->display);
  struct Found {
    wl_seat* seat = nullptr;
    int discrete = 0;
  } found;
  static constexpr wl_registry_listener kListener = {
      [](void* d, wl_registry* r, std::uint32_t id, const char* name, std::uint32_t) {
        if (std::string_view(name) != "wl_seat") return;
        static_cast<Found*>(d)->seat =
            static_cast<wl_seat*>(wl_registry_bind(r, id, &wl_seat_interface, 5));
      },
      [](void*, wl_registry*, std::uint32_t) {}};
  wl_registry_add_listener(again, &kListener, &found);
  ASSERT_TRUE(phone_.until([&] { return found.seat != nullptr; }));
  wl_pointer* old = wl_seat_get_pointer(found.seat);
  static constexpr auto nothing = [](auto...) {};
  static constexpr wl_pointer_listener kPointer = {
      .enter = nothing,
      .leave = nothing,
      .motion = nothing,
      .button = nothing,
      .axis = nothing,
      .frame = nothing,
      .axis_source = nothing,
      .axis_stop = nothing,
      .axis_discrete = [](void* d, wl_pointer*, std::uint32_t,
                          std::int32_t n) { static_cast<Found*>(d)->discrete += n; },
      .axis_value120 = nothing};
  wl_pointer_add_listener(old, &kPointer, &found);
  phone_.settle();
  display().pointer_motion(10, 20);
  for (int i = 0; i < 8; ++i) display().pointer_axis(0, 30, 0, 30);
  phone_.settle();
  EXPECT_EQ(found.discrete, 2);
}

TEST_F(PointerTest, CursorSurfaceBecomesAnImage) {
  display().pointer_motion(10, 20);
  phone_.settle();
  Window* cursor = client_->make_surface("cursor");
  wl_pointer_set_cursor(client_->pointer, client_->pointer_serial, cursor->surface, 3, 4);
  client_->paint(*cursor, 16, 24, 0x80402000);  // premultiplied: half of 804000
  phone_.settle();
  ASSERT_FALSE(phone_.cursors.empty());
  const CursorImage& image = phone_.cursors.back();
  EXPECT_EQ(image.kind, CursorImage::Kind::kImage);
  EXPECT_EQ(image.size, (Size{16, 24}));
  EXPECT_EQ(image.hotspot_x, 3);
  EXPECT_EQ(image.hotspot_y, 4);
  ASSERT_EQ(image.rgba.size(), 16U * 24 * 4);
  EXPECT_EQ(image.rgba[0], 0x80);
  EXPECT_EQ(image.rgba[1], 0x40);
  EXPECT_EQ(image.rgba[2], 0x00);
  EXPECT_EQ(image.rgba[3], 0x80);

  client_->paint(*cursor, 16, 24, 0xFF0000FF);
  phone_.settle();
  EXPECT_EQ(phone_.cursors.back().rgba[2], 0xFF) << "a commit updates the image";

  client_->paint(*cursor, 300, 8, 0xFF0000FF);
  phone_.settle();
  EXPECT_EQ(phone_.cursors.back().size, (Size{limits::kMaxCursorSide_px, 8}));

  wl_pointer_set_cursor(client_->pointer, client_->pointer_serial, nullptr, 0, 0);
  phone_.settle();
  EXPECT_EQ(phone_.cursors.back().kind, CursorImage::Kind::kHidden);
  display().pointer_leave();
  phone_.settle();
  EXPECT_EQ(phone_.cursors.back().kind, CursorImage::Kind::kDefault);
}

TEST_F(PointerTest, AnimatedCursorsGetFrameCallbacks) {
  display().pointer_motion(10, 20);
  phone_.settle();
  Window* cursor = client_->make_surface("cursor");
  wl_pointer_set_cursor(client_->pointer, client_->pointer_serial, cursor->surface, 0, 0);
  bool done = false;
  static constexpr wl_callback_listener kListener = {
      [](void* d, wl_callback*, std::uint32_t) { *static_cast<bool*>(d) = true; }};
  wl_callback_add_listener(wl_surface_frame(cursor->surface), &kListener, &done);
  client_->paint(*cursor, 8, 8, 0xFFFFFFFF);
  EXPECT_TRUE(phone_.until([&] { return done; }));
}

TEST_F(PointerTest, OnlyTheFocusedClientChangesTheCursor) {
  Client other(phone_);
  Window* cursor = other.make_surface("cursor");
  display().pointer_motion(10, 20);
  phone_.settle();
  const std::size_t before = phone_.cursors.size();
  wl_pointer_set_cursor(other.pointer, client_->pointer_serial, cursor->surface, 0, 0);
  wl_pointer_set_cursor(client_->pointer, 12345678, nullptr, 0, 0);
  phone_.settle();
  EXPECT_EQ(phone_.cursors.size(), before);
  EXPECT_FALSE(other.failed());
}

TEST_F(PointerTest, CursorWithAnotherRoleIsAnError) {
  wl_pointer_set_cursor(client_->pointer, client_->pointer_serial, window_->surface, 0, 0);
  phone_.settle();
  EXPECT_TRUE(client_->failed());
}

TEST_F(PointerTest, NamedShapesReachTheViewer) {
  display().pointer_motion(10, 20);
  phone_.settle();
  wp_cursor_shape_device_v1* device =
      wp_cursor_shape_manager_v1_get_pointer(client_->cursor_shapes, client_->pointer);
  wp_cursor_shape_device_v1_set_shape(device, client_->pointer_serial,
                                      WP_CURSOR_SHAPE_DEVICE_V1_SHAPE_NESW_RESIZE);
  phone_.settle();
  ASSERT_FALSE(phone_.cursors.empty());
  EXPECT_EQ(phone_.cursors.back().kind, CursorImage::Kind::kShape);
  EXPECT_EQ(phone_.cursors.back().shape, "nesw-resize");
  wp_cursor_shape_device_v1_set_shape(device, client_->pointer_serial, 35);
  phone_.settle();
  EXPECT_TRUE(client_->failed());
}

TEST_F(PointerTest, LockedPointerStaysAndMovesRelatively) {
  display().pointer_motion(10, 20);
  phone_.settle();
  int moved = 0;
  static constexpr zwp_relative_pointer_v1_listener kRelative = {
      [](void* d, zwp_relative_pointer_v1*, std::uint32_t, std::uint32_t, wl_fixed_t dx, wl_fixed_t,
         wl_fixed_t, wl_fixed_t) { *static_cast<int*>(d) += wl_fixed_to_int(dx); }};
  zwp_relative_pointer_v1_add_listener(zwp_relative_pointer_manager_v1_get_relative_pointer(
                                           client_->relative_pointers, client_->pointer),
                                       &kRelative, &moved);
  zwp_locked_pointer_v1* lock = zwp_pointer_constraints_v1_lock_pointer(
      client_->constraints, window_->surface, client_->pointer, nullptr,
      ZWP_POINTER_CONSTRAINTS_V1_LIFETIME_PERSISTENT);
  phone_.settle();
  client_->log.clear();
  display().pointer_motion(15, 20);
  display().pointer_motion(25, 20);
  phone_.settle();
  EXPECT_EQ(moved, 15);
  EXPECT_FALSE(client_->logged("pointer.motion"));
  zwp_locked_pointer_v1_destroy(lock);
  phone_.settle();
  display().pointer_motion(26, 20);
  phone_.settle();
  EXPECT_TRUE(client_->logged("pointer.motion 26 20"));
}

TEST_F(PointerTest, SecondConstraintIsAnError) {
  for (int i = 0; i < 2; ++i) {
    zwp_pointer_constraints_v1_confine_pointer(client_->constraints, window_->surface,
                                               client_->pointer, nullptr,
                                               ZWP_POINTER_CONSTRAINTS_V1_LIFETIME_ONESHOT);
  }
  phone_.settle();
  EXPECT_TRUE(client_->failed());
}

TEST_F(PointerTest, TooManySeatObjectsEndTheClient) {
  for (std::size_t i = 0; i < limits::kMaxSeatResourcesPerClient + 1; ++i) {
    wl_seat_get_pointer(client_->seat);
    phone_.turn();
  }
  phone_.settle();
  EXPECT_TRUE(client_->failed());
  EXPECT_GE(display().counters().limits_hit.value(), 1U);
}

}  // namespace
}  // namespace rp::test
