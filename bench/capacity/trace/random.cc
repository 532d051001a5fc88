#include "bench/capacity/trace/random.h"

#include <cmath>
#include <numbers>
#include <numeric>

namespace rp {
namespace {

// The finaliser of SplitMix64 (Steele, Lea, Flood, OOPSLA 2014): spreads neighbouring seeds apart.
std::uint64_t mix(std::uint64_t value) {
  value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9ULL;
  value = (value ^ (value >> 27)) * 0x94D049BB133111EBULL;
  return value ^ (value >> 31);
}

}  // namespace

TraceRandom::TraceRandom(std::uint64_t seed, std::uint64_t user)
    : generator_(mix(seed + 0x9E3779B97F4A7C15ULL) ^ mix(user * 0x9E3779B97F4A7C15ULL + 1)) {}

double TraceRandom::uniform() {
  // The upper 53 bits fill a double's mantissa.
  return static_cast<double>(generator_() >> 11) * 0x1.0p-53;
}

double TraceRandom::exponential(double mean) { return -mean * std::log1p(-uniform()); }

double TraceRandom::log_normal(double median, double sigma) {
  // Box and Muller's transform; the second value is not kept, which costs little and keeps the
  // stream's position simple.
  const double radius = std::sqrt(-2.0 * std::log1p(-uniform()));
  const double normal = radius * std::cos(2.0 * std::numbers::pi * uniform());
  return median * std::exp(sigma * normal);
}

std::size_t TraceRandom::choose(std::span<const double> weights) {
  double left = uniform() * std::accumulate(weights.begin(), weights.end(), 0.0);
  for (std::size_t i = 0; i < weights.size(); ++i) {
    left -= weights[i];
    if (left < 0) return i;
  }
  // Rounding may leave a crumb: the last that can be chosen has it.
  std::size_t last = weights.size() - 1;
  while (last > 0 && weights[last] <= 0) --last;
  return last;
}

}  // namespace rp
