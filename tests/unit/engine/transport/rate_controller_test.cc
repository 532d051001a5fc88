// Goal: the bit rate follows the link: down within 500 ms of a fall, up within 5 s, never past its
// caps; the picture stays live on a slow, far link while most of the link is used. Method:
// RateController and LinkEstimator in the loop of SimulatedLink; simulated time, no clocks.
#include "engine/transport/rate_controller.h"

#include <gtest/gtest.h>

#include "tests/unit/engine/transport/simulated_link.h"

namespace rp {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(RateController, StartsAtFourMegabits) { EXPECT_EQ(RateController().target_kbps(), 4'000U); }

TEST(RateController, CapHoldsAtOnceAndIsLifted) {
  RateController rate;
  rate.set_cap(1'000);
  EXPECT_EQ(rate.target_kbps(), 1'000U);
  LinkEstimate good{.bandwidth_kbps = 50'000,
                    .rtt = Duration(9'000),
                    .rtt_min = Duration(9'000),
                    .delivery_kbps = 50'000};
  TimePoint now{10'000'000};
  for (int i = 0; i < 100; ++i) rate.update(now = now + milliseconds(100), good);
  EXPECT_EQ(rate.target_kbps(), 1'000U);
  rate.set_cap(0);
  for (int i = 0; i < 100; ++i) rate.update(now = now + milliseconds(100), good);
  EXPECT_EQ(rate.target_kbps(), RateController::Options{}.max_kbps);
}

TEST(RateController, ARateThatIsNotUsedDoesNotClimb) {
  RateController rate;
  const LinkEstimate idle{.bandwidth_kbps = 50'000,
                          .rtt = Duration(9'000),
                          .rtt_min = Duration(9'000),
                          .delivery_kbps = 100};
  TimePoint now{10'000'000};
  for (int i = 0; i < 100; ++i) rate.update(now = now + milliseconds(100), idle);
  EXPECT_EQ(rate.target_kbps(), 4'000U);
}

TEST(RateController, ALinkThatStopsIsFeltWithoutAcknowledgements) {
  SimulatedLink link({.rate_kbps = 10'000});
  link.run(seconds(5));
  link.set_rate(0);
  link.run(milliseconds(500));
  EXPECT_LT(link.target_kbps(), 2'500U);
  EXPECT_GE(link.target_kbps(), RateController::Options{}.min_kbps);
}

TEST(RateController, UsesAFreeLink) {
  SimulatedLink link({.rate_kbps = 10'000, .one_way = Duration(10'000)});
  link.run(seconds(10));
  link.reset_figures();
  link.run(seconds(20));
  RecordProperty("use_percent", static_cast<int>(link.use() * 100));
  EXPECT_GE(link.use(), 0.70);
  EXPECT_LE(link.staleness(0.95), milliseconds(150));
}

TEST(RateController, FollowsAFallWithinHalfASecondAndClimbsBackWithinFive) {
  SimulatedLink link({.rate_kbps = 10'000, .one_way = Duration(15'000)});
  link.run(seconds(10));
  const std::uint32_t before = link.target_kbps();
  EXPECT_GE(before, 7'000U);
  link.set_rate(1'000);
  link.run(milliseconds(500));
  EXPECT_LE(link.target_kbps(), 1'500U);
  link.run(seconds(1));
  link.reset_figures();
  link.run(seconds(20));
  EXPECT_GE(link.use(), 0.70);
  EXPECT_LE(link.staleness(0.95), milliseconds(300));
  link.set_rate(10'000);
  link.run(seconds(5));
  EXPECT_GE(link.target_kbps(), 7'000U);
}

TEST(RateController, StaysLiveOnTwoMegabitsWithAHundredMilliseconds) {
  SimulatedLink link({.rate_kbps = 2'000, .one_way = Duration(50'000)});
  link.run(seconds(3));
  link.reset_figures();
  std::uint64_t targets_kbps = 0;
  constexpr int kSeconds = 60;
  for (int i = 0; i < kSeconds; ++i) {
    link.run(seconds(1));
    targets_kbps += link.target_kbps();
  }
  RecordProperty("target_kbps", static_cast<int>(targets_kbps / kSeconds));
  RecordProperty("use_percent", static_cast<int>(link.use() * 100));
  RecordProperty("staleness_p95_us", static_cast<int>(link.staleness(0.95).count()));
  EXPECT_GE(link.use(), 0.70);
  EXPECT_LE(link.staleness(0.95), milliseconds(300));
  EXPECT_LE(link.staleness(0.50), milliseconds(150));
  // Four frames a round trip are at most 36 a second here: 2 Mb/s of them is 3.3 Mb/s at 60.
  EXPECT_LE(targets_kbps / kSeconds, 3'600U) << "more pictures rather than larger ones";
}

// The property over many links: live everywhere, and well used wherever frames can fill the link.
TEST(RateController, StaysLiveOnManyLinks) {
  for (const std::uint32_t kbps : {800U, 2'000U, 5'000U, 12'000U}) {
    for (const int one_way_ms : {1, 5, 20, 50}) {
      SimulatedLink link({.rate_kbps = kbps, .one_way = milliseconds(one_way_ms)});
      link.run(seconds(10));
      link.reset_figures();
      link.run(seconds(30));
      EXPECT_LE(link.staleness(0.95), milliseconds(300)) << kbps << " kb/s, " << one_way_ms;
      EXPECT_GE(link.use(), 0.60) << kbps << " kb/s, " << one_way_ms;
    }
  }
}

}  // namespace
}  // namespace rp
