// Goal: the exposition text is what Prometheus reads, and quantiles are right within a bucket.
// Method: exact text for small registries; known distributions for histograms.
#include "engine/base/metrics.h"

#include <gtest/gtest.h>

namespace rp {
namespace {

TEST(Registry, RendersCountersAndGaugesWithOneHeaderAName) {
  Registry registry;
  Counter a;
  Counter b;
  Gauge g;
  a.add(3);
  b.add();
  g.set(1.5);
  const auto h1 = registry.add("rp_frames_total", "Frames.", {{"phone", "a"}}, a);
  const auto h2 = registry.add("rp_frames_total", "Frames.", {{"phone", "b\"\\\n"}}, b);
  const auto h3 = registry.add("rp_load", "Load.", {}, g);
  EXPECT_EQ(registry.render(),
            "# HELP rp_frames_total Frames.\n# TYPE rp_frames_total counter\n"
            "rp_frames_total{phone=\"a\"} 3\n"
            "rp_frames_total{phone=\"b\\\"\\\\\\n\"} 1\n"
            "# HELP rp_load Load.\n# TYPE rp_load gauge\nrp_load 1.5\n");
}

TEST(Registry, DroppedHandleTakesTheMetricOut) {
  Registry registry;
  Counter c;
  {
    const auto handle = registry.add("rp_x_total", "X.", {}, c);
    EXPECT_NE(registry.render(), "");
  }
  EXPECT_EQ(registry.render(), "");
}

TEST(Registry, MovedHandleStaysRegistered) {
  Registry registry;
  Counter c;
  Registry::Handle outer;
  {
    auto inner = registry.add("rp_x_total", "X.", {}, c);
    outer = std::move(inner);
  }
  EXPECT_NE(registry.render(), "");
}

TEST(Registry, HistogramBucketsAreCumulative) {
  Registry registry;
  LatencyHistogram h;
  h.observe(60);
  h.observe(60);
  h.observe(20'000'000);
  const auto handle = registry.add("rp_t_seconds", "T.", {}, h);
  const std::string text = registry.render();
  EXPECT_NE(text.find("rp_t_seconds_bucket{le=\"5e-05\"} 0\n"), std::string::npos);
  EXPECT_NE(text.find("rp_t_seconds_bucket{le=\"0.0001\"} 2\n"), std::string::npos);
  EXPECT_NE(text.find("rp_t_seconds_bucket{le=\"10\"} 2\n"), std::string::npos);
  EXPECT_NE(text.find("rp_t_seconds_bucket{le=\"+Inf\"} 3\n"), std::string::npos);
  EXPECT_NE(text.find("rp_t_seconds_count 3\n"), std::string::npos);
}

TEST(LatencyHistogram, QuantilesLieInTheRightBucket) {
  LatencyHistogram h;
  EXPECT_EQ(h.quantile_us(0.5), 0);
  for (int i = 0; i < 95; ++i) h.observe(5'000);
  for (int i = 0; i < 5; ++i) h.observe(90'000);
  EXPECT_GT(h.quantile_us(0.5), 4'000);
  EXPECT_LE(h.quantile_us(0.5), 6'000);
  EXPECT_GT(h.quantile_us(0.99), 75'000);
  EXPECT_LE(h.quantile_us(0.99), 100'000);
}

TEST(LatencyHistogram, NegativeAndHugeValuesAreKept) {
  LatencyHistogram h;
  h.observe(-5);
  h.observe(INT64_MAX);
  EXPECT_EQ(h.count(), 2U);
  EXPECT_EQ(h.quantile_us(0.99), 10'000'000);
}

}  // namespace
}  // namespace rp
