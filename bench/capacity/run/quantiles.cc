#include "bench/capacity/run/quantiles.h"

#include <algorithm>
#include <cmath>

namespace rp {

Quantiles quantiles(std::vector<float>& values) {
  Quantiles result;
  result.count = values.size();
  if (values.empty()) return result;
  std::sort(values.begin(), values.end());
  const auto at = [&values](double q) {
    const double rank = std::ceil(q * static_cast<double>(values.size()));
    return static_cast<double>(values[static_cast<std::size_t>(std::max(rank, 1.0)) - 1]);
  };
  result.p50 = at(0.50);
  result.p95 = at(0.95);
  result.p99 = at(0.99);
  result.max = static_cast<double>(values.back());
  return result;
}

}  // namespace rp
