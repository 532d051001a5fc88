// Goal: the search finds the knee of any machine within its tolerance, in few steps. Method: a
// machine that holds up to a known number, for many numbers.
#include "bench/capacity/run/knee.h"

#include <gtest/gtest.h>

namespace rp {
namespace {

struct Outcome {
  KneeSearch search;
  int steps = 0;
};

Outcome find(int truth, KneeOptions options) {
  Outcome outcome{KneeSearch(options)};
  while (const auto phones = outcome.search.next()) {
    outcome.search.note(*phones <= truth);
    ++outcome.steps;
  }
  return outcome;
}

TEST(KneeSearch, FindsTheKneeOfEveryMachine) {
  for (int truth = 1; truth < 600; ++truth) {
    const Outcome outcome = find(truth, {.start = 10, .most = 4096, .tolerance = 0.05});
    ASSERT_TRUE(outcome.search.held()) << truth;
    EXPECT_LE(*outcome.search.held(), truth);
    EXPECT_GE(*outcome.search.held(), static_cast<int>(truth * 0.95) - 1);
    EXPECT_LE(outcome.steps, 14) << truth;
  }
}

TEST(KneeSearch, AMachineThatHoldsNothingHasNoKnee) {
  const Outcome outcome = find(0, {.start = 8});
  EXPECT_FALSE(outcome.search.held());
  EXPECT_EQ(outcome.search.broken(), 1);
}

TEST(KneeSearch, AMachineThatHoldsAllEndsAtTheMost) {
  const Outcome outcome = find(1'000'000, {.start = 10, .most = 100});
  EXPECT_EQ(outcome.search.held(), 100);
  EXPECT_FALSE(outcome.search.broken());
}

}  // namespace
}  // namespace rp
