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

// The same with 30 pictures a second, each of which is larger: one alone may hold the slow link for
// 400 ms.
TEST(RateController, LargePicturesFollowAFallAndClimbBackToo) {
  SimulatedLink link({.rate_kbps = 10'000, .one_way = milliseconds(20), .fps = 30});
  link.run(seconds(10));
  EXPECT_GE(link.target_kbps(), 8'000U);
  link.reset_figures();
  link.set_rate(1'000);
  link.run(milliseconds(500));
  EXPECT_LE(link.target_kbps(), 1'250U);
  link.run(seconds(10));
  // A picture a third larger than 10 Mb/s at 30 a second was under way: 433 ms of the new link.
  EXPECT_LE(link.longest_gap(), milliseconds(480));
  link.reset_figures();
  link.set_rate(10'000);
  link.run(seconds(4));
  link.reset_figures();
  link.run(seconds(1));
  EXPECT_GE(link.use(), 0.80);
  EXPECT_LE(link.longest_gap(), milliseconds(100));
}

TEST(RateController, AJitteryWayIsNoQueue) {
  SimulatedLink link(
      {.rate_kbps = 10'000, .one_way = milliseconds(15), .jitter = milliseconds(60)});
  link.run(seconds(10));
  link.reset_figures();
  link.run(seconds(30));
  EXPECT_GE(link.use(), 0.60);
  EXPECT_LE(link.staleness(0.95), milliseconds(150));
}

TEST(RateController, AnEndlessQueueIsLeftEmpty) {
  SimulatedLink link({.rate_kbps = 3'000, .one_way = milliseconds(20)});
  link.run(seconds(10));
  link.reset_figures();
  link.run(seconds(30));
  EXPECT_LE(link.staleness(0.95), milliseconds(120)) << "of which 20 are the way";
  // Two minimal round trips of 40 ms, two pictures of 17 ms, and the time a queue may stand.
  EXPECT_LE(link.most_in_flight(), 3'000U * 125 * 150 / 1'000);
}

TEST(RateController, LossesStopTheWayForAMomentAndCostLittle) {
  SimulatedLink link({.rate_kbps = 5'000, .one_way = milliseconds(20)});
  link.run(seconds(10));
  link.reset_figures();
  for (int i = 0; i < 10; ++i) {
    link.set_rate(0);  // until what was lost has been sent again
    link.run(milliseconds(120));
    link.set_rate(5'000);
    link.run(milliseconds(2'880));
  }
  EXPECT_GE(link.use(), 0.60);
  EXPECT_LE(link.longest_gap(), milliseconds(300));
}

TEST(RateController, AStillPhoneKeepsWhatItLearntAndItsNextBurstDoesNotStallTheLink) {
  for (const int jitter_ms : {0, 60}) {
    SimulatedLink link(
        {.rate_kbps = 5'000, .one_way = milliseconds(15), .jitter = milliseconds(jitter_ms)});
    link.run(seconds(10));
    const std::uint32_t before = link.target_kbps();
    link.set_demand(50);
    link.run(seconds(60));
    EXPECT_GE(link.target_kbps(), before / 2) << jitter_ms;
    EXPECT_LE(link.target_kbps(), before * 5 / 4) << jitter_ms;
    link.set_demand(0);
    link.reset_figures();
    link.run(seconds(2));
    EXPECT_LE(link.longest_gap(), milliseconds(150)) << jitter_ms;
    EXPECT_LE(link.staleness(0.95), milliseconds(200)) << jitter_ms;
  }
}

TEST(RateController, AfterQuietAHighRateIsProvenAgain) {
  RateController rate;
  const LinkEstimate good{.bandwidth_kbps = 50'000,
                          .rtt = Duration(9'000),
                          .rtt_min = Duration(9'000),
                          .delivery_kbps = 50'000};
  TimePoint now{10'000'000};
  for (int i = 0; i < 100; ++i) rate.update(now = now + milliseconds(100), good);
  const LinkEstimate idle{.rtt = Duration(9'000), .rtt_min = Duration(9'000)};
  rate.update(now + seconds(10), idle);
  EXPECT_EQ(rate.target_kbps(), 20'000U);
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
