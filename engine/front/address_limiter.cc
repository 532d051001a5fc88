#include "engine/front/address_limiter.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <utility>

namespace rp {

std::string limiter_key(std::string_view address) {
  std::array<std::uint8_t, 16> raw{};
  std::string text(address);
  if (::inet_pton(AF_INET6, text.c_str(), raw.data()) != 1) return text;
  return {reinterpret_cast<const char*>(raw.data()), 8};
}

double AddressLimiter::tokens_now(const Bucket& bucket) const {
  const double rested_s = static_cast<double>((clock_.now() - bucket.at).count()) / 1e6;
  return std::min(limits_.burst, bucket.tokens + rested_s * limits_.per_second);
}

bool AddressLimiter::take(Bucket& bucket) const {
  bucket.tokens = tokens_now(bucket);
  bucket.at = clock_.now();
  if (bucket.tokens < 1) return false;
  bucket.tokens -= 1;
  return true;
}

void AddressLimiter::forget_rested() {
  // A sweep walks the whole table, so a full table is swept once a second, not once a packet.
  if (clock_.now() < next_sweep_) return;
  next_sweep_ = clock_.now() + std::chrono::seconds(1);
  std::erase_if(buckets_,
                [this](const auto& entry) { return tokens_now(entry.second) >= limits_.burst; });
}

bool AddressLimiter::allow(std::string_view address) {
  std::string key = limiter_key(address);
  const auto known = buckets_.find(key);
  if (known != buckets_.end()) return take(known->second);
  if (buckets_.size() >= limits_.max_addresses) forget_rested();
  if (buckets_.size() < limits_.max_addresses) {
    return take(
        buckets_.emplace(std::move(key), Bucket{limits_.burst, clock_.now()}).first->second);
  }
  if (!std::exchange(strangers_started_, true)) strangers_ = {limits_.burst, clock_.now()};
  return take(strangers_);
}

}  // namespace rp
