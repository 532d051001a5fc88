// Quantiles of a step's samples, by nearest rank, so that each is a value that was measured. Thread
// rule: plain functions.
#pragma once

#include <vector>

#include "bench/capacity/report/report.h"

namespace rp {

// Reorders `values`.
[[nodiscard]] Quantiles quantiles(std::vector<float>& values);

}  // namespace rp
