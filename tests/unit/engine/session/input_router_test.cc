// Goal: wire coordinates and units become the display's. Method: a FakeDisplay's record of its
// input.
#include "engine/session/input_router.h"

#include <gtest/gtest.h>

#include "engine/capture/fake_display.h"

namespace rp {
namespace {

struct NullListener final : DisplayListener {
  void on_frame_wanted() override {}
  void on_cursor(const CursorImage&) override {}
  void on_clipboard(std::string_view) override {}
  void on_text_input(const TextInputState&) override {}
};

class InputRouterTest : public testing::Test {
 protected:
  FakeClock clock_;
  std::unique_ptr<EventLoop> loop_ = *EventLoop::create(clock_);
  NullListener listener_;
  FakeDisplay display_{*loop_, {}, listener_};
  InputTrack track_;
  Counter count_;
  InputRouter router_{clock_, display_, track_, count_};
};

TEST_F(InputRouterTest, TouchIsScaledToTheDisplayAndFramed) {
  router_.touch({1, wire::TouchAction::kDown, 3, 32'768, 32'768});
  router_.touch({2, wire::TouchAction::kMove, 4, 0, 65'535});
  router_.end_of_batch();
  router_.end_of_batch();
  EXPECT_EQ(display_.input, (std::vector<std::string>{"touch_down 3 360.0 640.0",
                                                      "touch_motion 4 0.0 1280.0", "touch_frame"}));
  EXPECT_EQ(track_.newest_before(clock_.now()), 2U);
  EXPECT_EQ(count_.value(), 2U);
}

TEST_F(InputRouterTest, CancelNeedsNoFrame) {
  router_.touch({1, wire::TouchAction::kCancelAll, 0, 0, 0});
  router_.end_of_batch();
  EXPECT_EQ(display_.input, (std::vector<std::string>{"touch_cancel"}));
}

TEST_F(InputRouterTest, ButtonsComeAfterTheirMotion) {
  router_.pointer({1, wire::PointerAction::kButtonDown, wire::PointerButton::kRight, 0, 0});
  EXPECT_EQ(display_.input,
            (std::vector<std::string>{"pointer_motion 0.0 0.0", "pointer_button 2 down"}));
}

TEST_F(InputRouterTest, WheelNotchesAreFifteenPixels) {
  router_.wheel({1, 0, 120 * 256, wire::WheelUnit::kNotches});
  router_.wheel({2, 10 * 256, 0, wire::WheelUnit::kContinuous});
  EXPECT_EQ(display_.input,
            (std::vector<std::string>{"pointer_axis 0.0 15.0 0 120", "pointer_axis 10.0 0.0 0 0"}));
}

TEST_F(InputRouterTest, ReleaseForgetsOpenTouchesAndInputNumbers) {
  router_.touch({9, wire::TouchAction::kDown, 0, 0, 0});
  router_.release();
  router_.end_of_batch();
  EXPECT_EQ(display_.input.back(), "release_input");
  EXPECT_EQ(track_.newest_before(clock_.now()), 0U);
}

}  // namespace
}  // namespace rp
