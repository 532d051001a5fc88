// Goal: the estimate is right on a link whose figures are known, and a queue of our own making
// never counts as distance. Method: sends and acknowledgements at given times.
#include "engine/transport/link_estimator.h"

#include <gtest/gtest.h>

namespace rp {
namespace {

using std::chrono::milliseconds;

constexpr TimePoint at_ms(std::int64_t ms) { return {1'000'000 + ms * 1'000}; }

TEST(LinkEstimator, KnowsNothingAtFirst) {
  LinkEstimator link;
  EXPECT_TRUE(link.may_send(at_ms(0)));
  link.on_sent(1, 50'000, at_ms(0));
  EXPECT_TRUE(link.may_send(at_ms(0)));
  link.on_sent(2, 50'000, at_ms(1));
  EXPECT_FALSE(link.may_send(at_ms(1))) << "two frames, then the first acknowledgement";
  EXPECT_EQ(link.estimate(at_ms(1)).bandwidth_kbps, 0U);
}

TEST(LinkEstimator, MeasuresRttAndRateOfOneFrame) {
  LinkEstimator link;
  link.on_sent(1, 25'000, at_ms(0));
  link.on_acknowledged(1, at_ms(100));
  const LinkEstimate estimate = link.estimate(at_ms(100));
  EXPECT_EQ(estimate.rtt, milliseconds(100));
  EXPECT_EQ(estimate.rtt_min, milliseconds(100));
  EXPECT_EQ(estimate.bandwidth_kbps, 2'000U);
  EXPECT_EQ(estimate.queue_delay, Duration(0));
  EXPECT_EQ(link.bytes_in_flight(), 0U);
}

TEST(LinkEstimator, AcknowledgesAllBeforeAndAcrossTheWrap) {
  LinkEstimator link;
  link.on_sent(UINT32_MAX, 1'000, at_ms(0));
  link.on_sent(0, 1'000, at_ms(1));
  link.on_acknowledged(0, at_ms(20));
  EXPECT_EQ(link.frames_in_flight(), 0U);
  EXPECT_EQ(link.bytes_in_flight(), 0U);
}

TEST(LinkEstimator, IgnoresAcknowledgementsOfTheFutureAndThePast) {
  LinkEstimator link;
  link.on_sent(10, 1'000, at_ms(0));
  link.on_acknowledged(11, at_ms(5));
  link.on_acknowledged(9, at_ms(5));
  EXPECT_EQ(link.frames_in_flight(), 1U);
  link.on_acknowledged(10, at_ms(10));
  EXPECT_EQ(link.frames_in_flight(), 0U);
}

TEST(LinkEstimator, LateFramesStopFurtherOnesAndCountAsQueue) {
  LinkEstimator link;
  link.on_sent(1, 1'000, at_ms(0));
  link.on_acknowledged(1, at_ms(20));
  link.on_sent(2, 1'000, at_ms(100));
  EXPECT_TRUE(link.may_send(at_ms(101)));
  EXPECT_FALSE(link.may_send(at_ms(250)));
  EXPECT_GE(link.estimate(at_ms(250)).queue_delay, milliseconds(100));
}

TEST(LinkEstimator, OneLateFrameIsNoQueueAndManyAre) {
  LinkEstimator link;
  std::int64_t ms = 0;
  for (std::uint32_t i = 0; i < 10; ++i, ms += 20) {
    link.on_sent(i, 100, at_ms(ms));
    link.on_acknowledged(i, at_ms(ms + (i == 8 ? 100 : 10)));
    if (i == 8) ms += 100;
  }
  EXPECT_LE(link.estimate(at_ms(ms)).queue_delay, milliseconds(1));
  for (std::uint32_t i = 10; i < 20; ++i, ms += 20) {
    link.on_sent(i, 100, at_ms(ms));
    link.on_acknowledged(i, at_ms(ms += 70));
  }
  EXPECT_GE(link.estimate(at_ms(ms)).queue_delay, milliseconds(50));
}

TEST(LinkEstimator, WhatComesOutOfAQueueComesAtTheLinksRate) {
  LinkEstimator link;
  link.on_sent(0, 1'000, at_ms(0));
  link.on_acknowledged(0, at_ms(20));
  EXPECT_EQ(link.estimate(at_ms(20)).queued_kbps, 0U);
  for (std::uint32_t i = 1; i <= 4; ++i) link.on_sent(i, 12'500, at_ms(100));
  for (std::uint32_t i = 1; i <= 4; ++i) link.on_acknowledged(i, at_ms(120 + 100 * i));
  EXPECT_EQ(link.estimate(at_ms(520)).queued_kbps, 1'000U);
  EXPECT_EQ(link.estimate(at_ms(1'520)).queued_kbps, 0U) << "long ago";
}

TEST(LinkEstimator, AQueueOfOurOwnMakingNeverRaisesTheMinimum) {
  LinkEstimator link;
  link.on_sent(0, 1'000, at_ms(0));
  link.on_acknowledged(0, at_ms(20));
  // Two frames always under way for 60 s, each acknowledged after 150 ms.
  link.on_sent(1, 1'000, at_ms(100));
  std::int64_t ms = 100;
  for (std::uint32_t sequence = 2; ms < 60'000; ++sequence) {
    link.on_sent(sequence, 1'000, at_ms(ms + 75));
    link.on_acknowledged(sequence - 1, at_ms(ms += 150));
  }
  EXPECT_EQ(link.estimate(at_ms(ms)).rtt_min, milliseconds(20));
}

TEST(LinkEstimator, ALongerWayIsLearntFromFramesSentAlone) {
  LinkEstimator link;
  link.on_sent(0, 1'000, at_ms(0));
  link.on_acknowledged(0, at_ms(20));
  std::int64_t ms = 100;
  for (std::uint32_t sequence = 1; ms < 25'000; ++sequence, ms += 200) {
    link.on_sent(sequence, 1'000, at_ms(ms));
    link.on_acknowledged(sequence, at_ms(ms + 80));
  }
  EXPECT_EQ(link.estimate(at_ms(ms)).rtt_min, milliseconds(80));
}

TEST(LinkEstimator, DeliveryCountsTheLast300Milliseconds) {
  LinkEstimator link;
  for (std::uint32_t i = 0; i < 6; ++i) {
    link.on_sent(i, 7'500, at_ms(i * 50));
    link.on_acknowledged(i, at_ms(i * 50 + 10));
  }
  EXPECT_EQ(link.estimate(at_ms(261)).delivery_kbps, 1'200U);
  EXPECT_EQ(link.estimate(at_ms(2'000)).delivery_kbps, 0U);
}

}  // namespace
}  // namespace rp
