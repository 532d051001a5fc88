// Goal: on a link that is too thin, a viewer who prefers quality gets fewer and finer pictures, one
// who prefers speed all of them; with room again, everybody gets all. Method: FrameRate in a loop
// with a model of an encoder, whose quantiser doubles a picture's bits every 9 steps; simulated
// time.
#include "engine/transport/frame_rate.h"

#include <algorithm>
#include <cmath>

#include <gtest/gtest.h>

namespace rp {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class Watching {
 public:
  Watching(FramePreference preference, int max_fps) { rate_.set(preference, max_fps); }
  // `whole_kbit` of a picture at QP 24, on a link of `kbps`.
  void run(Duration time, double whole_kbit, double kbps) {
    for (const TimePoint end = now_ + time; now_ < end; now_ = now_ + rate_.interval()) {
      const double room_kbit = kbps * static_cast<double>(rate_.interval().count()) / 1e6;
      const double over = std::log2(std::max(whole_kbit / room_kbit, 1.0));
      qp_ = std::min(51, 24 + static_cast<int>(std::ceil(9 * over)));
      rate_.on_picture(qp_, now_);
    }
  }
  int fps() const { return static_cast<int>(1'000'000 / rate_.interval().count()); }
  int qp() const { return qp_; }
  void rest(Duration time) { now_ = now_ + time; }
  void unknown() { rate_.on_picture(0, now_); }

 private:
  FrameRate rate_;
  TimePoint now_{1'000'000};
  int qp_ = 0;
};

TEST(FrameRate, AFreeLinkGetsEveryPicture) {
  for (const auto preference :
       {FramePreference::kAutomatic, FramePreference::kQuality, FramePreference::kSpeed}) {
    Watching viewer(preference, 60);
    viewer.run(seconds(5), 100, 10'000);
    EXPECT_EQ(viewer.fps(), 60);
  }
}

TEST(FrameRate, QualityFirstTakesFewerBeforeTheyGrowCoarse) {
  Watching viewer(FramePreference::kQuality, 60);
  viewer.run(seconds(5), 100, 2'000);
  EXPECT_LE(viewer.qp(), 33);
  EXPECT_GE(viewer.fps(), 15);
  EXPECT_LE(viewer.fps(), 40);
}

TEST(FrameRate, QualityFirstKeepsFifteenOnTheThinnestLink) {
  Watching viewer(FramePreference::kQuality, 60);
  viewer.run(seconds(5), 100, 100);
  EXPECT_EQ(viewer.fps(), 15);
  EXPECT_GT(viewer.qp(), 32);
}

TEST(FrameRate, SpeedFirstKeepsSixtyAndGrowsCoarse) {
  Watching viewer(FramePreference::kSpeed, 60);
  viewer.run(seconds(5), 100, 500);
  EXPECT_EQ(viewer.fps(), 60);
  EXPECT_GT(viewer.qp(), 40);
}

TEST(FrameRate, AutomaticIsBetween) {
  Watching viewer(FramePreference::kAutomatic, 60);
  viewer.run(seconds(5), 100, 500);
  EXPECT_EQ(viewer.fps(), 30);
  viewer.run(seconds(5), 100, 3'000);
  EXPECT_EQ(viewer.fps(), 60);
}

TEST(FrameRate, AScreenSlowerThanTheLowestRateIsItsOwnLimit) {
  Watching viewer(FramePreference::kQuality, 10);
  viewer.run(seconds(5), 100, 50);
  EXPECT_EQ(viewer.fps(), 10);
}

TEST(FrameRate, ComesBackWithinTwoSecondsAndAtOnceAfterRest) {
  Watching viewer(FramePreference::kQuality, 60);
  viewer.run(seconds(5), 100, 100);
  ASSERT_EQ(viewer.fps(), 15);
  viewer.run(seconds(2), 100, 10'000);
  EXPECT_EQ(viewer.fps(), 60);
  viewer.run(seconds(5), 100, 100);
  viewer.rest(seconds(2));
  viewer.run(milliseconds(1), 100, 10'000);
  EXPECT_EQ(viewer.fps(), 60);
}

TEST(FrameRate, AnEncoderThatDoesNotSayLeavesAllPictures) {
  Watching viewer(FramePreference::kQuality, 60);
  for (int i = 0; i < 100; ++i) {
    viewer.unknown();
    viewer.rest(milliseconds(16));
  }
  EXPECT_EQ(viewer.fps(), 60);
}

}  // namespace
}  // namespace rp
