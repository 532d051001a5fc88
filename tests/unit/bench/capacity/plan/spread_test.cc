// Goal: the interval a plan states is the one docs/planning.md describes. Method: values whose
// interval is worked out by hand; steps that do and do not count as near the knee.
#include "bench/capacity/plan/spread.h"

#include <array>

#include <gtest/gtest.h>

#include "tests/unit/bench/capacity/sample_report.h"

namespace rp {
namespace {

TEST(Spread, IsThePredictionIntervalOfStudentsT) {
  // Mean 10, deviation 1, n = 3: 4.303 * 1 * sqrt(4/3) / 10.
  const std::array values = {9.0, 10.0, 11.0};
  EXPECT_NEAR(relative_spread(values).value(), 0.4969, 1e-4);
  const Interval interval = mean_with_spread(values);
  EXPECT_NEAR(interval.low, 5.031, 1e-3);
  EXPECT_EQ(interval.best, 10);
  EXPECT_NEAR(interval.high, 14.969, 1e-3);
}

TEST(Spread, EqualValuesHaveNone) {
  const std::array values = {4.0, 4.0, 4.0, 4.0};
  EXPECT_EQ(relative_spread(values), 0.0);
  EXPECT_EQ(mean_with_spread(values), (Interval{4, 4, 4}));
}

TEST(Spread, NeedsThreeValuesAndAMean) {
  EXPECT_FALSE(relative_spread(std::array{1.0, 2.0}));
  EXPECT_FALSE(relative_spread(std::array{0.0, 0.0, 0.0}));
  EXPECT_FALSE(relative_spread({}));
  EXPECT_EQ(mean_with_spread(std::array{1.0, 3.0}), (Interval{2, 2, 2}));
  EXPECT_EQ(mean_with_spread({}), Interval{});
}

TEST(Spread, NeverGoesBelowZero) { EXPECT_EQ(mean_with_spread(std::array{0.0, 0.0, 9.0}).low, 0); }

TEST(Spread, ManyValuesUseTheLastT) {
  const std::vector<double> values(100, 7.0);
  EXPECT_EQ(relative_spread(values), 0.0);
}

TEST(Spread, StepsNearTheKneeHeldWithHalfOfItOrMore) {
  CapacityReport report = sample_report();  // 50, 100, 200, and 250 which broke
  const auto near = steps_near(report, 200);
  ASSERT_EQ(near.size(), 2U);
  EXPECT_EQ(near[0]->phones_served, 100);
  EXPECT_EQ(near[1]->phones_served, 200);
  EXPECT_EQ(steps_near(report, 100).size(), 2U);
  EXPECT_TRUE(steps_near(report, 40).empty());
  report.steps[2].broken = BrokenBound{"launch_p95_ms", 1, 2};
  EXPECT_EQ(steps_near(report, 200).size(), 1U);
}

}  // namespace
}  // namespace rp
