// Goal: on a full machine phones that draw most often draw less often, down to 30 a second and in
// steps, and get it back when there is room. Method: looks made by hand.
#include "engine/shard/frame_governor.h"

#include <gtest/gtest.h>

namespace rp {
namespace {

constexpr double kEngine = 0.6;

TEST(FrameGovernor, LeavesThemAloneWhileThereIsRoom) {
  FrameGovernor governor;
  for (const double busy : {0.0, 0.5, 0.84}) governor.look(busy, kEngine);
  EXPECT_EQ(governor.least_interval().count(), 0);
}

TEST(FrameGovernor, FallsInStepsToThirtyASecond) {
  FrameGovernor governor;
  Duration before{0};
  for (int i = 0; i < 3; ++i) {
    governor.look(0.95, kEngine);
    EXPECT_GT(governor.least_interval(), before);
    before = governor.least_interval();
  }
  for (int i = 0; i < 10; ++i) governor.look(1, kEngine);
  EXPECT_EQ(governor.least_interval(), FrameGovernor::kLongest);
}

TEST(FrameGovernor, HoldsBetweenFullAndRoomAndThenGivesAllBack) {
  FrameGovernor governor;
  for (int i = 0; i < 5; ++i) governor.look(0.9, kEngine);
  governor.look(0.75, kEngine);
  EXPECT_EQ(governor.least_interval(), FrameGovernor::kLongest);
  for (int i = 0; i < 4; ++i) governor.look(0.5, kEngine);
  EXPECT_EQ(governor.least_interval().count(), 0);
}

TEST(FrameGovernor, AMachineThatOthersFillIsNotMadeEmptierByFewerPictures) {
  FrameGovernor governor;
  for (int i = 0; i < 5; ++i) governor.look(1, 0.1);
  EXPECT_EQ(governor.least_interval().count(), 0);
}

}  // namespace
}  // namespace rp
