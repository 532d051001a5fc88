// Goal: quantiles are values that were measured; sums of metrics take all labels of one name and no
// other. Method: small inputs with known answers.
#include "bench/capacity/run/quantiles.h"

#include <gtest/gtest.h>

#include "bench/capacity/run/metrics_text.h"

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

TEST(MetricsText, SumsOneMetricOverItsLabels) {
  constexpr std::string_view kText =
      "# HELP rackphone_frames_total Frames sent.\n"
      "# TYPE rackphone_frames_total counter\n"
      "rackphone_frames_total{phone=\"a b\"} 3\n"
      "rackphone_frames_total{phone=\"c\"} 4.5\n"
      "rackphone_frames_total_more 100\n"
      "rackphone_frames 100\n"
      "rackphone_frames_total 0.5";
  EXPECT_EQ(sum_of_metric(kText, "rackphone_frames_total"), 8);
  EXPECT_EQ(sum_of_metric(kText, "absent"), 0);
}

}  // namespace
}  // namespace rp
