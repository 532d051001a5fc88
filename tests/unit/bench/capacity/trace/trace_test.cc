// Goal: a trace is the same for the same arguments, never goes back in time, and its users are busy
// with what the workload says, for the share of time it says. Method: long traces, counted.
#include "bench/capacity/trace/trace.h"

#include <array>
#include <cmath>

#include <gtest/gtest.h>

namespace rp {
namespace {

constexpr int kHeight = 1280;

double in_seconds(Duration d) { return static_cast<double>(d.count()) / 1e6; }

TEST(Workloads, SharesAddUpAndEveryActivityHasOne) {
  for (const Workload& workload : workloads()) {
    double sum = 0;
    for (const ActivityMix& mix : workload.mix) {
      sum += mix.share;
      EXPECT_EQ(mix.share > 0, mix.mean_dwell_s > 0) << workload.name;
    }
    EXPECT_NEAR(sum, 1, 1e-9) << workload.name;
  }
  for (std::size_t i = 0; i < kActivities; ++i)
    EXPECT_TRUE(find_workload(to_string(static_cast<Activity>(i))));
}

TEST(Workloads, AnUnknownNameIsAnsweredWithThoseThereAre) {
  const auto found = find_workload("gaming");
  ASSERT_FALSE(found);
  EXPECT_NE(found.error().message().find("office"), std::string::npos);
}

TEST(TraceStream, TheSameArgumentsGiveTheSameTrace) {
  const Workload office = *find_workload("office");
  TraceStream a(office, 11, 5, kHeight);
  TraceStream b(office, 11, 5, kHeight);
  for (int i = 0; i < 2000; ++i) {
    const TraceEvent x = a.next();
    const TraceEvent y = b.next();
    ASSERT_EQ(x.at, y.at);
    ASSERT_EQ(x.kind, y.kind);
    ASSERT_EQ(x.key, y.key);
    ASSERT_EQ(x.y, y.y);
  }
}

TEST(TraceStream, BeginsWithAnActivityAndNeverGoesBack) {
  for (const Workload& workload : workloads()) {
    for (std::uint64_t user = 0; user < 20; ++user) {
      TraceStream trace(workload, 1, user, kHeight);
      TraceEvent last = trace.next();
      EXPECT_EQ(last.kind, TraceKind::kActivity);
      EXPECT_EQ(last.at, Duration(0));
      for (int i = 0; i < 500; ++i) {
        const TraceEvent event = trace.next();
        ASSERT_GE(event.at, last.at) << workload.name;
        ASSERT_GE(event.y, 0);
        ASSERT_LE(event.y, 1);
        last = event;
      }
    }
  }
}

TEST(TraceStream, TheSharesOfTimeAreTheWorkloads) {
  const Workload office = *find_workload("office");
  std::array<double, kActivities> time_s{};
  double all_s = 0;
  for (std::uint64_t user = 0; user < 300; ++user) {
    TraceStream trace(office, 3, user, kHeight);
    TraceEvent current = trace.next();
    while (in_seconds(current.at) < 3600) {
      TraceEvent next = trace.next();
      while (next.kind != TraceKind::kActivity) next = trace.next();
      const double length_s = in_seconds(next.at - current.at);
      time_s[static_cast<std::size_t>(current.activity)] += length_s;
      all_s += length_s;
      current = next;
    }
  }
  for (std::size_t i = 0; i < kActivities; ++i) {
    const double share = office.mix[i].share;
    // A spell ends after its last key or fling, so spells run over by a little.
    EXPECT_NEAR(time_s[i] / all_s, share, 0.02 + 0.1 * share)
        << to_string(static_cast<Activity>(i));
  }
}

TEST(TraceStream, KeysComeAtTheStatedPace) {
  TraceStream trace(*find_workload("typing"), 5, 1, kHeight);
  double sum_s = 0;
  int keys = 0;
  TraceEvent last = trace.next();
  while (keys < 20'000) {
    const TraceEvent event = trace.next();
    // Only gaps inside a burst; pauses between bursts are longer than nearly all of them.
    const double gap_s = in_seconds(event.at - last.at);
    if (event.kind == TraceKind::kKey && last.kind == TraceKind::kKey && gap_s < 1.5) {
      sum_s += gap_s;
      ++keys;
    }
    last = event;
  }
  EXPECT_NEAR(sum_s / keys, 0.331, 0.03);
}

TEST(TraceStream, AFlingIsADragAndItsLength) {
  TraceStream trace(*find_workload("reading"), 5, 2, kHeight);
  int flings = 0;
  TraceEvent down;
  for (int i = 0; i < 2000; ++i) {
    const TraceEvent event = trace.next();
    if (event.kind == TraceKind::kTouchDown) down = event;
    if (event.kind != TraceKind::kTouchUp || down.y >= kNavigationTop) continue;
    const Fling fling = Fling::of_drag((down.y - event.y) * kHeight);
    EXPECT_NEAR(in_seconds(event.draws_until - event.at),
                in_seconds(Fling{std::abs(fling.speed)}.length()), 0.001);
    EXPECT_NEAR(in_seconds(event.at - down.at), in_seconds(Fling::kDrag), 0.001);
    ++flings;
  }
  EXPECT_GT(flings, 100);
}

TEST(Fling, SlowsDownToRest) {
  const Fling fling{2500};
  EXPECT_DOUBLE_EQ(fling.way(Duration(0)), 0);
  const double first = fling.way(std::chrono::milliseconds(100));
  const double second = fling.way(std::chrono::milliseconds(200)) - first;
  EXPECT_GT(first, second);
  EXPECT_EQ(fling.way(fling.length()), fling.way(fling.length() + std::chrono::seconds(1)));
  EXPECT_NEAR(fling.way(fling.length()), 2500 * Fling::kTimeConstant_s, 25);
  EXPECT_EQ(Fling{0}.length(), Duration(0));
}

}  // namespace
}  // namespace rp
