// TraceRandom: the randomness of usage traces. One seed and one user give the same numbers on every
// machine and with every standard library: the generator is the standard's (mt19937_64, whose
// values it fixes), the distributions, whose values it leaves open, are written out here. Thread
// rule: plain values.
#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <span>

namespace rp {

class TraceRandom {
 public:
  // Streams of different users are independent of each other.
  TraceRandom(std::uint64_t seed, std::uint64_t user);

  [[nodiscard]] double uniform();  // [0, 1)
  [[nodiscard]] double uniform(double low, double high) { return low + (high - low) * uniform(); }
  [[nodiscard]] double exponential(double mean);
  // exp(N(ln median, sigma²)); its mean is median × exp(sigma² / 2).
  [[nodiscard]] double log_normal(double median, double sigma);
  // An index with probability weight ÷ sum; weights are not negative, one of them is positive.
  [[nodiscard]] std::size_t choose(std::span<const double> weights);

 private:
  std::mt19937_64 generator_;
};

}  // namespace rp
