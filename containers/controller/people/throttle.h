// Throttle: slows down who guesses. Each key (an account, an address) has a few free tries; every
// further failure doubles the time until the next try counts, up to a bound; success forgets. The
// table is bounded: when it is full the entry idle longest goes. Thread rule: one thread.
#pragma once

#include <cstdint>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>

namespace rp {

struct ThrottleOptions {
  std::uint32_t free_tries = 5;
  std::int64_t first_delay_s = 1;
  std::int64_t longest_delay_s = 60;
  // A key without a failure for this long starts afresh.
  std::int64_t forget_after_s = 3600;
  std::size_t max_keys = 4096;
};

class Throttle {
 public:
  explicit Throttle(const ThrottleOptions& options) : options_(options) {}

  // Seconds until this key may try again; 0: now.
  [[nodiscard]] std::int64_t wait_s(std::string_view key, std::int64_t now) const;
  // Counts a try as failed before its answer is known; succeed() takes it back. This way a hundred
  // tries sent at once are a hundred failures, not one.
  void fail(std::string_view key, std::int64_t now);
  void succeed(std::string_view key);
  // Takes back one failure only: for an address, where one person's success says nothing of the
  // others.
  void take_back(std::string_view key);
  [[nodiscard]] std::size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    std::string key;
    std::uint32_t failures = 0;
    std::int64_t last_at = 0;
  };
  using Entries = std::list<Entry>;  // newest first

  ThrottleOptions options_;
  Entries entries_;
  std::unordered_map<std::string, Entries::iterator> by_key_;
};

// The key for an address: IPv4 whole, IPv6 by its /64 (one customer holds at least that much),
// anything else as it is, bounded.
[[nodiscard]] std::string throttle_key(std::string_view address);

}  // namespace rp
