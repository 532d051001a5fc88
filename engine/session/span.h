// Spans between stage times as the stream and the metrics carry them: whole microseconds in 32
// bits. Place: engine/session, for viewers and the session. Thread rule: plain functions.
#pragma once

#include <algorithm>
#include <cstdint>

#include "engine/base/clock.h"

namespace rp {

// From `from` to `to`; 0 when `to` is earlier, the greatest value when it does not fit.
inline std::uint32_t span_us(TimePoint from, TimePoint to) {
  return static_cast<std::uint32_t>(std::clamp<std::int64_t>((to - from).count(), 0, UINT32_MAX));
}

}  // namespace rp
