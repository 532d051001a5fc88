// How far a figure of one server may lie from what was measured: a prediction interval at 95 % from
// the steps of a capacity report near its knee. Thread rule: pure functions.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "bench/capacity/report/report.h"

namespace rp {

struct Interval {
  double low = 0;
  double best = 0;
  double high = 0;

  friend bool operator==(const Interval&, const Interval&) = default;
};
[[nodiscard]] Interval operator*(const Interval& interval, double factor);

// Steps that held every bound with half of `knee_phones` phones served up to all of them.
[[nodiscard]] std::vector<const CapacityStep*> steps_near(const CapacityReport& report,
                                                          int knee_phones);

// Half the width of the 95 % prediction interval for one more value like `values` (Student's t),
// as a fraction of their mean. Nothing for fewer than three values or a mean of 0.
[[nodiscard]] std::optional<double> relative_spread(std::span<const double> values);

// Mean of `values` with that interval around it, not below 0; the mean alone without one.
[[nodiscard]] Interval mean_with_spread(std::span<const double> values);

}  // namespace rp
