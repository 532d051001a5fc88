// Goal: a link's rate, queue, delay and loss are what was asked for, lane by lane, and the same
// seed gives the same losses. Method: packets at times of the test's choosing.
#include "bench/capacity/host/link_schedule.h"

#include <gtest/gtest.h>

namespace rp {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

constexpr TimePoint kBegin{1'000'000};

TEST(LinkSchedule, WithoutConditionsNothingIsHeldBack) {
  LinkSchedule link({}, 1);
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(link.admit(0, 1500, kBegin), kBegin);
  EXPECT_EQ(link.passed(), 1000U);
}

TEST(LinkSchedule, PacketsGoThroughTheRateOneAfterAnother) {
  // 1,250 bytes at 1 Mb/s are 10 ms.
  LinkSchedule link({.rate_kbps = 1000, .delay = milliseconds(20)}, 1);
  EXPECT_EQ(link.admit(0, 1250, kBegin), kBegin + milliseconds(30));
  EXPECT_EQ(link.admit(0, 1250, kBegin), kBegin + milliseconds(40));
  EXPECT_EQ(link.admit(0, 125, kBegin), kBegin + milliseconds(41));
  // An idle link is free at once, and has saved nothing up.
  const TimePoint later = kBegin + milliseconds(500);
  EXPECT_EQ(link.admit(0, 1250, later), later + milliseconds(30));
  EXPECT_EQ(link.admit(0, 1250, later), later + milliseconds(40));
}

TEST(LinkSchedule, LanesDoNotShareTheirRate) {
  LinkSchedule link({.rate_kbps = 1000}, 2);
  EXPECT_EQ(link.admit(0, 1250, kBegin), kBegin + milliseconds(10));
  EXPECT_EQ(link.admit(1, 1250, kBegin), kBegin + milliseconds(10));
}

TEST(LinkSchedule, AFullQueueDropsAndEmptiesAtTheRate) {
  LinkSchedule link({.rate_kbps = 1000, .queue_packets = 3}, 1);
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(link.admit(0, 1250, kBegin));
  EXPECT_FALSE(link.admit(0, 1250, kBegin));
  EXPECT_FALSE(link.admit(0, 1250, kBegin + milliseconds(10) - microseconds(1)));
  // The first has gone through: one place is free, behind the other two.
  EXPECT_EQ(link.admit(0, 1250, kBegin + milliseconds(10)), kBegin + milliseconds(40));
  EXPECT_FALSE(link.admit(0, 1250, kBegin + milliseconds(10)));
  EXPECT_EQ(link.overflowed(), 3U);
  EXPECT_EQ(link.lost(), 0U);
}

TEST(LinkSchedule, LosesItsShareAndTheSameForTheSameSeed) {
  constexpr int kPackets = 100'000;
  const auto fates = [](std::uint64_t seed) {
    LinkSchedule link({.loss = 0.02, .seed = seed}, 1);
    std::vector<bool> out;
    for (int i = 0; i < kPackets; ++i) out.push_back(link.admit(0, 100, kBegin).has_value());
    EXPECT_EQ(link.passed() + link.lost(), static_cast<std::uint64_t>(kPackets));
    // 2,000 expected, with a deviation of 44.
    EXPECT_NEAR(static_cast<double>(link.lost()), 2000, 220);
    return out;
  };
  EXPECT_EQ(fates(7), fates(7));
  EXPECT_NE(fates(7), fates(8));
}

TEST(LinkSchedule, WhatIsLostHasTakenItsTimeOnTheLink) {
  LinkSchedule link({.rate_kbps = 1000, .loss = 1}, 1);
  EXPECT_FALSE(link.admit(0, 1250, kBegin));
  LinkSchedule sound({.rate_kbps = 1000, .loss = 0}, 1);
  EXPECT_EQ(sound.admit(0, 1250, kBegin), kBegin + milliseconds(10));
  EXPECT_EQ(link.lost(), 1U);
}

}  // namespace
}  // namespace rp
