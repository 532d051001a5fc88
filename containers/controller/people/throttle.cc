#include "containers/controller/people/throttle.h"

#include <arpa/inet.h>

#include <algorithm>
#include <cstring>

#include "containers/controller/people/secrets.h"

namespace rp {

std::int64_t Throttle::wait_s(std::string_view key, std::int64_t now) const {
  const auto found = by_key_.find(std::string(key));
  if (found == by_key_.end()) return 0;
  const Entry& entry = *found->second;
  if (entry.failures < options_.free_tries || now - entry.last_at >= options_.forget_after_s)
    return 0;
  const std::uint32_t doublings = std::min<std::uint32_t>(entry.failures - options_.free_tries, 30);
  const std::int64_t delay =
      std::min(options_.first_delay_s << doublings, options_.longest_delay_s);
  return std::max<std::int64_t>(0, entry.last_at + delay - now);
}

void Throttle::fail(std::string_view key, std::int64_t now) {
  const auto found = by_key_.find(std::string(key));
  if (found != by_key_.end()) {
    Entry& entry = *found->second;
    if (now - entry.last_at >= options_.forget_after_s) entry.failures = 0;
    ++entry.failures;
    entry.last_at = now;
    entries_.splice(entries_.begin(), entries_, found->second);
    return;
  }
  if (entries_.size() >= options_.max_keys) {
    by_key_.erase(entries_.back().key);
    entries_.pop_back();
  }
  entries_.push_front({std::string(key), 1, now});
  by_key_[std::string(key)] = entries_.begin();
}

void Throttle::succeed(std::string_view key) {
  const auto found = by_key_.find(std::string(key));
  if (found == by_key_.end()) return;
  entries_.erase(found->second);
  by_key_.erase(found);
}

void Throttle::take_back(std::string_view key) {
  const auto found = by_key_.find(std::string(key));
  if (found != by_key_.end() && --found->second->failures == 0) succeed(key);
}

std::string throttle_key(std::string_view address) {
  const std::string text(address.substr(0, INET6_ADDRSTRLEN));
  in6_addr v6{};
  if (inet_pton(AF_INET6, text.c_str(), &v6) != 1) return text;
  if (IN6_IS_ADDR_V4MAPPED(&v6)) {
    char v4[INET_ADDRSTRLEN] = {};
    inet_ntop(AF_INET, &v6.s6_addr[12], v4, sizeof v4);
    return v4;
  }
  return to_hex({v6.s6_addr, 8}) + "/64";
}

}  // namespace rp
