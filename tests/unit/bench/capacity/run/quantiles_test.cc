// Goal: quantiles are values that were measured. Method: small inputs with known answers.
#include "bench/capacity/run/quantiles.h"

#include <gtest/gtest.h>

namespace rp {
namespace {

TEST(Quantiles, AreNearestRanks) {
  std::vector<float> values;
  for (int i = 100; i >= 1; --i) values.push_back(static_cast<float>(i));
  const Quantiles q = quantiles(values);
  EXPECT_EQ(q.count, 100U);
  EXPECT_EQ(q.p50, 50);
  EXPECT_EQ(q.p95, 95);
  EXPECT_EQ(q.p99, 99);
  EXPECT_EQ(q.max, 100);
}

TEST(Quantiles, OfOneAndOfNone) {
  std::vector<float> one = {7};
  EXPECT_EQ(quantiles(one).p99, 7);
  std::vector<float> none;
  EXPECT_EQ(quantiles(none).count, 0U);
}

}  // namespace
}  // namespace rp
