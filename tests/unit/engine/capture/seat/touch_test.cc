// Goal: ten fingers reach the surfaces they went down on, whole and in frames. Method: real clients
// on a whole display; the viewer's input is called, the clients' logs are read.
#include <gtest/gtest.h>

#include "tests/unit/engine/capture/seat/phone.h"

namespace rp::test {
namespace {

class TouchTest : public testing::Test {
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

TEST_F(TouchTest, OneFinger) {
  display().touch_down(0, 10, 20);
  display().touch_frame();
  display().touch_motion(0, -5, 700);
  display().touch_frame();
  display().touch_up(0);
  display().touch_frame();
  phone_.settle();
  EXPECT_EQ(client_->log, (std::vector<std::string>{"touch.down a 0 10 20", "touch.frame",
                                                    "touch.motion 0 -5 700", "touch.frame",
                                                    "touch.up 0", "touch.frame"}));
}

TEST_F(TouchTest, TenFingersAndNoEleventh) {
  for (int slot = 0; slot <= static_cast<int>(limits::kTouchSlots); ++slot) {
    display().touch_down(slot, 10 * slot, 5);
  }
  display().touch_down(-1, 5, 5);
  display().touch_frame();
  phone_.settle();
  EXPECT_EQ(client_->count("touch.down"), limits::kTouchSlots);
  EXPECT_EQ(client_->count("touch.frame"), 1U);
  for (int slot = 0; slot < static_cast<int>(limits::kTouchSlots); ++slot) display().touch_up(slot);
  display().touch_frame();
  phone_.settle();
  EXPECT_EQ(client_->count("touch.up"), limits::kTouchSlots);
  EXPECT_EQ(client_->count("touch.frame"), 2U);
}

TEST_F(TouchTest, UnpairedEventsAreLeftOut) {
  display().touch_up(3);
  display().touch_motion(3, 1, 1);
  display().touch_down(3, 1, 1);
  display().touch_down(3, 2, 2);
  display().touch_frame();
  phone_.settle();
  EXPECT_EQ(client_->count("touch.down"), 1U);
  EXPECT_FALSE(client_->logged("touch.up"));
}

TEST_F(TouchTest, CancelEndsAllTouches) {
  display().touch_down(0, 1, 1);
  display().touch_down(1, 2, 2);
  display().release_input();
  display().touch_motion(0, 5, 5);
  display().touch_up(0);
  display().touch_frame();
  phone_.settle();
  EXPECT_EQ(client_->count("touch.cancel"), 1U);
  EXPECT_FALSE(client_->logged("touch.motion"));
  EXPECT_FALSE(client_->logged("touch.up"));
}

TEST_F(TouchTest, SurfaceThatGoesTakesItsTouchesAlong) {
  display().touch_down(0, 1, 1);
  phone_.settle();
  client_.reset();
  phone_.settle();
  Client other(phone_);
  other.open_window("b");
  display().touch_motion(0, 5, 5);
  display().touch_up(0);
  display().touch_frame();
  phone_.settle();
  EXPECT_EQ(other.count("touch."), 0U);
  display().touch_down(0, 6, 6);
  phone_.settle();
  EXPECT_TRUE(other.logged("touch.down b 0 6 6"));
}

TEST_F(TouchTest, DestroyedSurfaceSeesItsTouchesLifted) {
  display().touch_down(4, 1, 1);
  display().touch_frame();
  phone_.settle();
  client_->log.clear();
  client_->close_window(*window_);
  phone_.settle();
  EXPECT_EQ(client_->count("touch.up 4"), 1U);
  EXPECT_EQ(client_->count("touch.frame"), 1U);
  display().touch_up(4);
  display().touch_frame();
  phone_.settle();
  EXPECT_EQ(client_->count("touch.up"), 1U);
}

TEST(TouchScale, CoordinatesAreLogical) {
  Phone phone({.size = {400, 600}, .scale_120 = 240, .refresh_mhz = 60'000});
  Client client(phone);
  client.open_window("a");
  phone.display().touch_down(0, 101, 50);
  phone.settle();
  EXPECT_TRUE(client.logged("touch.down a 0 50.5 25"));
}

// wlroots 0.15 binds version 5 and takes up touch only after its backend has started.
TEST_F(TouchTest, VersionFiveHearsOfTouchWithTheFocus) {
  Client late(phone_, 5);
  phone_.settle();
  EXPECT_EQ(late.count("seat.capabilities 3"), 1U);
  EXPECT_EQ(late.count("seat.capabilities 7"), 0U);
  late.open_window("late");
  EXPECT_EQ(late.count("seat.capabilities 7"), 1U);
  EXPECT_EQ(client_->count("seat.capabilities"), 0U);
}

}  // namespace
}  // namespace rp::test
