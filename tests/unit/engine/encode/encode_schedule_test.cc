// Goal: on a full machine everyone loses frame rate alike, weights count, who asks for little gets
// it at once, and input comes first without taking more than its share. Method: a fake clock moves
// through a model of phones that draw at their own rate, each with at most one picture under way,
// and of one codec that takes a fixed time a picture.
#include "engine/encode/encode_schedule.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace rp {
namespace {

struct Phone {
  Duration interval{16'667};
  std::uint32_t weight = 1;
  Duration input_interval{0};  // 0: nobody touches it

  EncodeSchedule::Place place = {};
  TimePoint next_draw{0};
  TimePoint next_input{0};
  bool input = false;
  std::optional<TimePoint> touched_at = {};
  int pictures = 0;
  Duration longest_wait{0};
  std::vector<Duration> input_waits = {};
};

class FullMachine : public testing::Test {
 protected:
  Phone& add(Phone phone) {
    // Phones do not draw in step.
    phone.next_draw = clock_.now() + Duration(static_cast<int>(phones_.size()) * 1'100);
    phone.next_input = phone.next_draw;
    phones_.push_back(std::make_unique<Phone>(std::move(phone)));
    return *phones_.back();
  }

  // Lets `seconds` pass; the codec takes `cost` a picture.
  void run(double seconds, Duration cost) {
    constexpr Duration kStep{100};
    const TimePoint end = clock_.now() + Duration(static_cast<std::int64_t>(seconds * 1e6));
    while (clock_.now() < end) {
      clock_.advance(kStep);
      if (serving_ != nullptr && done_at_ <= clock_.now()) serving_ = nullptr;
      for (const auto& phone : phones_) draw(*phone);
      if (serving_ == nullptr) serve(cost);
    }
  }

  void draw(Phone& phone) {
    const TimePoint now = clock_.now();
    if (phone.input_interval.count() > 0 && phone.next_input <= now) {
      phone.input = true;
      phone.next_input = now + phone.input_interval;
    }
    if (phone.next_draw > now || serving_ == &phone) return;
    const bool input = std::exchange(phone.input, false);
    if (phone.place.waiting() && !input) return;
    schedule_.wait(phone.place, now, input);
    if (input && !phone.touched_at) phone.touched_at = now;
  }

  void serve(Duration cost) {
    EncodeSchedule::Place* next = schedule_.next();
    if (next == nullptr) return;
    const auto found =
        std::ranges::find_if(phones_, [next](const auto& phone) { return &phone->place == next; });
    Phone& phone = **found;
    const TimePoint now = clock_.now();
    schedule_.charge(phone.place, phone.weight);
    ++phone.pictures;
    const Duration waited = now - phone.place.since();
    phone.longest_wait = std::max(phone.longest_wait, waited);
    if (phone.touched_at) phone.input_waits.push_back(now - *std::exchange(phone.touched_at, {}));
    phone.next_draw = std::max(phone.next_draw + phone.interval, now);
    serving_ = &phone;
    done_at_ = now + cost;
  }

  FakeClock clock_;
  EncodeSchedule schedule_;
  std::vector<std::unique_ptr<Phone>> phones_;
  Phone* serving_ = nullptr;
  TimePoint done_at_{0};
};

constexpr Duration kCost{3'333};  // 300 pictures a second in all

TEST_F(FullMachine, EveryoneGetsTheSame) {
  for (int i = 0; i < 20; ++i) add({});
  run(10, kCost);
  for (const auto& phone : phones_) EXPECT_NEAR(phone->pictures / 10.0, 15, 1);
}

TEST_F(FullMachine, WhatAPhoneAsksForDoesNotMatterBeyondItsShare) {
  for (int i = 0; i < 10; ++i) add({});
  for (int i = 0; i < 10; ++i) add({.interval = Duration(33'333)});
  run(10, kCost);
  for (const auto& phone : phones_) EXPECT_NEAR(phone->pictures / 10.0, 15, 1);
}

TEST_F(FullMachine, WeightTwoGetsTwiceAsMuch) {
  Phone& heavy = add({.weight = 2});
  for (int i = 0; i < 19; ++i) add({});
  run(10, kCost);
  EXPECT_NEAR(heavy.pictures / 10.0, 300.0 / 21 * 2, 1);
  for (std::size_t i = 1; i < phones_.size(); ++i) {
    EXPECT_NEAR(phones_[i]->pictures / 10.0, 300.0 / 21, 1);
  }
}

TEST_F(FullMachine, OneThatAsksForLittleGetsAllOfItAtOnce) {
  Phone& calm = add({.interval = Duration(200'000)});
  for (int i = 0; i < 19; ++i) add({});
  run(10, kCost);
  EXPECT_NEAR(calm.pictures, 50, 1);
  EXPECT_LE(calm.longest_wait, kCost * 2);
}

TEST_F(FullMachine, NobodyStarvesBesideWeightsAndInput) {
  add({.weight = EncodeSchedule::kMaxWeight});
  for (int i = 0; i < 5; ++i) add({.input_interval = Duration(16'667)});
  for (int i = 0; i < 194; ++i) add({.weight = i % 2 == 0 ? 1U : 2U});
  run(30, kCost);
  for (const auto& phone : phones_) {
    EXPECT_GE(phone->pictures, 15);
    EXPECT_LT(phone->longest_wait, Duration(3'000'000));
  }
}

TEST_F(FullMachine, InputComesFirstButPaysForIt) {
  Phone& touched = add({.input_interval = Duration(250'000)});
  Phone& flooding = add({.input_interval = Duration(1'000)});
  for (int i = 0; i < 18; ++i) add({});
  run(20, kCost);
  std::ranges::sort(touched.input_waits);
  ASSERT_GT(touched.input_waits.size(), 70U);
  EXPECT_LE(touched.input_waits[touched.input_waits.size() * 95 / 100], kCost * 3);
  EXPECT_NEAR(touched.pictures / 20.0, 15, 1.5);
  EXPECT_NEAR(flooding.pictures / 20.0, 15, 1.5);
}

TEST_F(FullMachine, AFreshTouchWaitsForTheCodecOnly) {
  for (int i = 0; i < 200; ++i) add({});
  run(5, kCost);
  // A phone that was calm is touched while 200 others draw.
  Phone& touched = add({.interval = Duration(1'000'000), .input_interval = Duration(1'000'000)});
  run(10, kCost);
  EXPECT_NEAR(touched.pictures, 10, 1);
  EXPECT_LE(touched.longest_wait, kCost * 2);
}

TEST(EncodeSchedule, LeavingAndPassingCostNothing) {
  EncodeSchedule schedule;
  EncodeSchedule::Place a;
  EncodeSchedule::Place b;
  schedule.leave(a);
  schedule.wait(a, {1}, false);
  schedule.wait(b, {2}, false);
  schedule.wait(a, {3}, false);
  EXPECT_EQ(schedule.size(), 2U);
  EXPECT_EQ(a.since(), TimePoint{1});
  EXPECT_EQ(schedule.next(), &a);
  schedule.leave(a);  // its turn passes
  schedule.wait(a, {4}, false);
  schedule.leave(b);
  EXPECT_EQ(schedule.next(), &a);
  EXPECT_EQ(schedule.next(), nullptr);
  EXPECT_TRUE(schedule.empty());
}

}  // namespace
}  // namespace rp
