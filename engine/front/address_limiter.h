// AddressLimiter: how often one network address may do a thing: a token bucket per address (per /64
// for IPv6, which one customer owns whole) in a table of bounded size. When the table is full of
// busy addresses, all unknown ones share one bucket: an attacker with many addresses slows
// strangers down, but neither memory nor those already known. Thread rule: one thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>

#include "engine/base/clock.h"

namespace rp {

struct AddressLimits {
  double per_second = 10;
  double burst = 60;
  std::size_t max_addresses = 4096;
};

class AddressLimiter {
 public:
  // `clock` must outlive the limiter.
  AddressLimiter(const Clock& clock, AddressLimits limits) : clock_(clock), limits_(limits) {}

  // Takes one token of `address` (numeric, as ByteStream::peer() gives it); false when it has none.
  [[nodiscard]] bool allow(std::string_view address);
  [[nodiscard]] std::size_t known() const { return buckets_.size(); }

 private:
  struct Bucket {
    double tokens = 0;
    TimePoint at;
  };
  [[nodiscard]] double tokens_now(const Bucket& bucket) const;
  [[nodiscard]] bool take(Bucket& bucket) const;
  void forget_rested();

  const Clock& clock_;
  AddressLimits limits_;
  std::unordered_map<std::string, Bucket> buckets_;
  Bucket strangers_;
  bool strangers_started_ = false;
  TimePoint next_sweep_;
};

// What one party is counted under: an IPv4 address itself, the first 64 bits of an IPv6 one.
[[nodiscard]] std::string limiter_key(std::string_view address);

}  // namespace rp
