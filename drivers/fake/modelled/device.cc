#include "drivers/fake/modelled/device.h"

#include <algorithm>
#include <string>

namespace rp {

Status ModelledDevice::open_session() {
  const std::lock_guard lock(mutex_);
  if (model_.sessions != 0 && sessions_ == model_.sessions) {
    return fail(ErrorCode::kUnavailable,
                "all " + std::to_string(model_.sessions) + " encoder sessions are in use");
  }
  ++sessions_;
  return {};
}

void ModelledDevice::close_session() {
  const std::lock_guard lock(mutex_);
  --sessions_;
}

TimePoint ModelledDevice::queue(TimePoint ready, std::uint64_t macroblocks) {
  constexpr std::uint64_t kNanosecondsASecond = 1'000'000'000;
  const std::lock_guard lock(mutex_);
  const std::int64_t begin_ns = std::max(free_from_ns_, ready.us * 1000);
  free_from_ns_ = begin_ns + static_cast<std::int64_t>(macroblocks * kNanosecondsASecond /
                                                       model_.macroblocks_per_s);
  return TimePoint{(free_from_ns_ + 999) / 1000} + model_.latency;
}

}  // namespace rp
