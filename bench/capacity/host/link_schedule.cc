#include "bench/capacity/host/link_schedule.h"

#include <algorithm>
#include <cmath>

namespace rp {

LinkSchedule::LinkSchedule(LinkConditions conditions, int lanes)
    : conditions_(conditions),
      lanes_(static_cast<std::size_t>(std::max(1, lanes))),
      random_(conditions.seed, 0) {}

std::optional<TimePoint> LinkSchedule::admit(int lane, std::size_t bytes, TimePoint now) {
  Lane& link = lanes_.at(static_cast<std::size_t>(lane));
  TimePoint through = now;
  if (conditions_.rate_kbps > 0) {
    while (!link.waiting.empty() && link.waiting.front() <= now) link.waiting.pop_front();
    if (std::ssize(link.waiting) >= conditions_.queue_packets) {
      ++overflowed_;
      return std::nullopt;
    }
    // kb/s are bits a millisecond.
    const double takes_us = static_cast<double>(bytes) * 8 * 1e3 / conditions_.rate_kbps;
    through =
        std::max(now, link.free_at) + Duration(static_cast<std::int64_t>(std::llround(takes_us)));
    link.free_at = through;
    link.waiting.push_back(through);
  }
  if (conditions_.loss > 0 && random_.uniform() < conditions_.loss) {
    ++lost_;
    return std::nullopt;
  }
  ++passed_;
  return through + conditions_.delay;
}

}  // namespace rp
