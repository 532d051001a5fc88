// Goal: captures follow commits at once while their average stays under the refresh rate; callbacks
// keep an even rhythm. Method: simulated seconds of apps with different habits.
#include "engine/session/frame_pacer.h"

#include <gtest/gtest.h>

namespace rp {
namespace {

constexpr Duration kInterval{16'667};

TEST(FramePacer, FirstCaptureAndCallbackAreAtOnce) {
  const FramePacer pacer(kInterval);
  const TimePoint now{5'000'000};
  EXPECT_LE(pacer.capture_at(), now);
  EXPECT_LE(pacer.callbacks_at(), now);
}

TEST(FramePacer, AppThatDrawsOnCallbacksNeverWaitsForACapture) {
  FramePacer pacer(kInterval);
  TimePoint commit{1'000'000};
  Duration worst{0};
  for (int i = 0; i < 300; ++i) {
    const TimePoint captured = std::max(commit, pacer.capture_at());
    worst = std::max(worst, captured - commit);
    pacer.captured(captured);
    const TimePoint callbacks = std::max(captured, pacer.callbacks_at());
    pacer.callbacks_sent(callbacks);
    commit = callbacks + Duration(3'000);  // the app draws for 3 ms
  }
  EXPECT_LE(worst.count(), 1);
  // 60 Hz is kept: the app's own 3 ms do not lengthen the rhythm.
  EXPECT_NEAR(static_cast<double>((commit - TimePoint{1'000'000}).count()),
              300.0 * kInterval.count(), 2.0 * kInterval.count());
}

TEST(FramePacer, FreeRunningAppIsHeldToTheRefreshRate) {
  FramePacer pacer(kInterval);
  int captures = 0;
  for (TimePoint t{1'000'000}; t < TimePoint{2'000'000}; t = t + Duration(1'000)) {
    if (pacer.capture_at() > t) continue;
    pacer.captured(t);
    ++captures;
  }
  EXPECT_GE(captures, 59);
  EXPECT_LE(captures, 63);
}

TEST(FramePacer, WaitThatABurstCausedDrainsAwayWhileAppsDrawSteadily) {
  FramePacer pacer(kInterval);
  TimePoint commit{1'000'000};
  pacer.captured(commit);
  pacer.captured(commit);  // a viewer came: its first picture is out of turn
  Duration wait{0};
  for (int i = 0; i < 60; ++i) {
    commit = commit + kInterval;
    const TimePoint captured = std::max(commit, pacer.capture_at());
    wait = captured - commit;
    pacer.captured(captured);
  }
  EXPECT_EQ(wait.count(), 0);
}

TEST(FramePacer, LateCallbacksDoNotBunchUpAfterwards) {
  FramePacer pacer(kInterval);
  TimePoint now{1'000'000};
  pacer.callbacks_sent(now);
  now = now + 10 * kInterval;  // the link was blocked
  pacer.callbacks_sent(now);
  EXPECT_GE(pacer.callbacks_at(), now);
}

}  // namespace
}  // namespace rp
