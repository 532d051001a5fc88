// Goal: the distributions of usage traces are what they say, the same everywhere. Method: means and
// medians of many draws against theory, and the first values of one seed, written down.
#include "bench/capacity/trace/random.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include <gtest/gtest.h>

namespace rp {
namespace {

constexpr int kDraws = 200'000;

TEST(TraceRandom, TheSameSeedAndUserGiveTheSameNumbers) {
  TraceRandom a(7, 3);
  TraceRandom b(7, 3);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(a.uniform(), b.uniform());
}

TEST(TraceRandom, NeighbouringUsersAndSeedsDiffer) {
  TraceRandom a(7, 3);
  TraceRandom b(7, 4);
  TraceRandom c(8, 3);
  const double first = a.uniform();
  EXPECT_NE(first, b.uniform());
  EXPECT_NE(first, c.uniform());
}

TEST(TraceRandom, AnExponentialHasItsMean) {
  TraceRandom random(1, 1);
  double sum = 0;
  for (int i = 0; i < kDraws; ++i) sum += random.exponential(60);
  EXPECT_NEAR(sum / kDraws, 60, 0.6);
}

TEST(TraceRandom, ALogNormalHasItsMedianAndMean) {
  TraceRandom random(1, 2);
  std::vector<double> values;
  double sum = 0;
  for (int i = 0; i < kDraws; ++i) {
    values.push_back(random.log_normal(4, 0.8));
    sum += values.back();
  }
  std::nth_element(values.begin(), values.begin() + kDraws / 2, values.end());
  EXPECT_NEAR(values[kDraws / 2], 4, 0.05);
  EXPECT_NEAR(sum / kDraws, 4 * std::exp(0.8 * 0.8 / 2), 0.08);
}

TEST(TraceRandom, ChoiceFollowsTheWeightsAndNeverTakesZero) {
  TraceRandom random(1, 3);
  constexpr std::array<double, 4> kWeights = {0.7, 0, 0.3, 0};
  std::array<int, 4> counts{};
  for (int i = 0; i < kDraws; ++i) ++counts[random.choose(kWeights)];
  EXPECT_NEAR(counts[0], 0.7 * kDraws, 0.01 * kDraws);
  EXPECT_EQ(counts[1], 0);
  EXPECT_EQ(counts[3], 0);
}

}  // namespace
}  // namespace rp
