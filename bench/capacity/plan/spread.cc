#include "bench/capacity/plan/spread.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

namespace rp {
namespace {

constexpr std::size_t kFewest = 3;

// Student's t, two-sided 95 %, by degrees of freedom from 1.
constexpr std::array kT95 = {12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228,
                             2.201,  2.179, 2.160, 2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086,
                             2.080,  2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042};

double t95(std::size_t degrees_of_freedom) {
  return kT95.at(std::min(degrees_of_freedom, kT95.size()) - 1);
}

double mean_of(std::span<const double> values) {
  if (values.empty()) return 0;
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

}  // namespace

Interval operator*(const Interval& interval, double factor) {
  return {interval.low * factor, interval.best * factor, interval.high * factor};
}

std::vector<const CapacityStep*> steps_near(const CapacityReport& report, int knee_phones) {
  std::vector<const CapacityStep*> near;
  for (const CapacityStep& step : report.steps) {
    const bool held = !step.broken && step.phones_served > 0;
    if (held && step.phones_served * 2 >= knee_phones && step.phones_served <= knee_phones) {
      near.push_back(&step);
    }
  }
  return near;
}

std::optional<double> relative_spread(std::span<const double> values) {
  const double mean = mean_of(values);
  if (values.size() < kFewest || mean <= 0) return std::nullopt;
  const auto n = static_cast<double>(values.size());
  double squares = 0;
  for (const double value : values) squares += (value - mean) * (value - mean);
  const double deviation = std::sqrt(squares / (n - 1));
  return t95(values.size() - 1) * deviation * std::sqrt(1 + 1 / n) / mean;
}

Interval mean_with_spread(std::span<const double> values) {
  const double mean = mean_of(values);
  const double half = mean * relative_spread(values).value_or(0);
  return {std::max(0.0, mean - half), mean, mean + half};
}

}  // namespace rp
