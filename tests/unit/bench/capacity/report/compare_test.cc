// Goal: a comparison finds what got worse, forgives noise, and refuses to compare what is not
// comparable. Method: two copies of one report, one of them changed in one figure.
#include "bench/capacity/report/compare.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/bench/capacity/sample_report.h"

namespace rp {
namespace {

using testing::HasSubstr;

struct Compare : testing::Test {
  // The one figure that is not the same; the test is wrong if there are several.
  FigureChange changed(double tolerance_percent = 10) {
    const auto comparison = compare_reports(before, after, tolerance_percent);
    EXPECT_TRUE(comparison) << comparison.error().message();
    FigureChange found;
    for (const FigureChange& change : comparison->figures) {
      if (change.verdict == Verdict::kSame) continue;
      EXPECT_TRUE(found.figure.empty()) << found.figure << " and " << change.figure;
      found = change;
    }
    return found;
  }

  CapacityReport before = sample_report();
  CapacityReport after = sample_report();
};

TEST_F(Compare, EqualReportsAreTheSame) {
  const auto comparison = compare_reports(before, after, 10);
  ASSERT_TRUE(comparison);
  EXPECT_FALSE(comparison->regressed());
  EXPECT_TRUE(comparison->notes.empty());
  EXPECT_EQ(comparison->figures.size(), 1 + 4 * 13U);
  EXPECT_EQ(comparison->figures[0].figure, "knee_phones");
  EXPECT_EQ(comparison->figures[0].ratio(), 1.0);
}

TEST_F(Compare, NamesWhatGotWorseAndWhere) {
  after.steps[2].engine_cpu_ms_per_frame = 0.9;
  const FigureChange change = changed();
  EXPECT_EQ(change.figure, "engine_cpu_ms_per_frame");
  EXPECT_EQ(change.phones, 200);
  EXPECT_EQ(change.verdict, Verdict::kWorse);
  EXPECT_DOUBLE_EQ(*change.ratio(), 1.2);
}

TEST_F(Compare, BetterIsNoRegression) {
  after.steps[2].engine_cpu_ms_per_frame = 0.5;
  EXPECT_EQ(changed().verdict, Verdict::kBetter);
  EXPECT_FALSE(compare_reports(before, after, 10)->regressed());
}

TEST_F(Compare, ToleranceDecides) {
  after.steps[0].engine_cpu_percent = before.steps[0].engine_cpu_percent * 1.15;
  EXPECT_EQ(changed(10).figure, "engine_cpu_percent");
  EXPECT_TRUE(changed(20).figure.empty());
}

TEST_F(Compare, BelowTheNoiseFloorNothingCounts) {
  before.steps[0].commit_to_received_ms = after.steps[0].commit_to_received_ms = {9, 0, 0.2, 1, 2};
  after.steps[0].commit_to_received_ms.p95 = 0.9;  // four times and a half, by 0.7 ms
  EXPECT_TRUE(changed().figure.empty());
}

TEST_F(Compare, FewerServedOrAnEarlierKneeIsWorse) {
  after.steps[1].phones_served = 60;
  EXPECT_EQ(changed().figure, "phones_served");
  EXPECT_EQ(changed().verdict, Verdict::kWorse);
  after = before;
  after.knee_phones = 150;
  EXPECT_EQ(changed().figure, "knee_phones");
  EXPECT_EQ(changed().verdict, Verdict::kWorse);
  after.knee_phones = 300;
  EXPECT_EQ(changed().verdict, Verdict::kBetter);
}

TEST_F(Compare, AFigureThatWasZeroHasNoRatioButMayBeWorse) {
  for (CapacityReport* report : {&before, &after})
    for (CapacityStep& step : report->steps) step.frames_dropped = 0;
  after.steps[0].frames_dropped = 30'000;
  const FigureChange change = changed();
  EXPECT_EQ(change.figure, "dropped_percent");
  EXPECT_EQ(change.verdict, Verdict::kWorse);
  EXPECT_FALSE(change.ratio());
}

TEST_F(Compare, RepeatedStepsAreAveraged) {
  after.steps.push_back(after.steps[2]);
  after.steps[2].engine_cpu_ms_per_frame = 0.90;
  after.steps[4].engine_cpu_ms_per_frame = 0.60;
  EXPECT_TRUE(changed().figure.empty());
}

TEST_F(Compare, WhatWasNotMeasuredIsLeftOut) {
  for (CapacityStep& step : after.steps) step.input_to_photon_ms = {};
  const auto comparison = compare_reports(before, after, 10);
  ASSERT_TRUE(comparison);
  for (const FigureChange& change : comparison->figures)
    EXPECT_NE(change.figure, "input_to_photon_p95_ms");
}

TEST_F(Compare, OtherBoundsOrNoKneeLeaveTheKneeOut) {
  after.bounds.launch_p95_ms = 1;
  auto comparison = compare_reports(before, after, 10);
  EXPECT_NE(comparison->figures[0].figure, "knee_phones");
  EXPECT_THAT(comparison->notes.at(0), HasSubstr("bounds differ"));
  after = before;
  after.knee_phones.reset();
  comparison = compare_reports(before, after, 10);
  EXPECT_THAT(comparison->notes.at(0), HasSubstr("no knee"));
}

TEST_F(Compare, AnotherMachineOrSeedIsNoted) {
  after.machine.cores = 8;
  after.seed = 8;
  after.complete = false;
  const auto notes = compare_reports(before, after, 10)->notes;
  EXPECT_THAT(notes, testing::ElementsAre(HasSubstr("machines differ"), HasSubstr("seeds differ"),
                                          HasSubstr("new report's run was stopped")));
}

TEST_F(Compare, AnotherThingMeasuredIsAnError) {
  after.workload.name = "video";
  EXPECT_THAT(compare_reports(before, after, 10).error().message(), HasSubstr("video"));
  after = before;
  after.encoder.name = "openh264";
  EXPECT_FALSE(compare_reports(before, after, 10));
  after = before;
  after.network.delay_ms = 99;
  EXPECT_FALSE(compare_reports(before, after, 10));
}

TEST_F(Compare, NothingInCommonIsAnError) {
  before.knee_phones.reset();
  for (CapacityStep& step : after.steps) step.phones_asked += 1;
  EXPECT_THAT(compare_reports(before, after, 10).error().message(), HasSubstr("share no figure"));
}

}  // namespace
}  // namespace rp
