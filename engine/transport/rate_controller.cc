#include "engine/transport/rate_controller.h"

#include <algorithm>

namespace rp {

namespace {

using std::chrono::milliseconds;

constexpr Duration kStep = milliseconds(100);
constexpr Duration kQueueing = milliseconds(50);  // fall above
constexpr Duration kClear = milliseconds(25);     // climb below
// One large frame fills the link for a moment; only more than that says the rate is too high.
constexpr Duration kSaturated = milliseconds(400);
constexpr Duration kHoldAfterFall = milliseconds(250);

}  // namespace

void RateController::set_cap(std::uint32_t max_kbps) {
  max_kbps_ = max_kbps == 0 ? options_.max_kbps
                            : std::clamp(max_kbps, options_.min_kbps, options_.max_kbps);
  target_kbps_ = std::min(target_kbps_, max_kbps_);
}

void RateController::update(TimePoint now, const LinkEstimate& estimate) {
  if (!estimate.saturated) unsaturated_at_ = now;
  if (estimate.rtt_min.count() == 0 || now - last_step_ < kStep) return;
  if (estimate.queue_delay > kQueueing) {
    fall(estimate);
    last_step_ = now;
    // What queued before the fall still has to drain; judging earlier would climb into it.
    hold_until_ = now + kHoldAfterFall + estimate.rtt_min;
  } else if (estimate.queue_delay < kClear && now >= hold_until_) {
    if (!estimate.saturated) climb(estimate);
    if (now - unsaturated_at_ >= kSaturated) ease(estimate);
    last_step_ = now;
  }
}

void RateController::fall(const LinkEstimate& estimate) {
  before_fall_kbps_ = std::max(before_fall_kbps_ * 9 / 10, target_kbps_);
  // 85 % of what arrives lets the queue drain. At most a half a step, so that one hiccup of the
  // link does not throw away what was learnt about it; at least a tenth, as the measure lags
  // behind.
  const std::uint32_t drained = estimate.delivery_kbps / 100 * 85;
  const std::uint32_t next = std::clamp(drained, target_kbps_ / 2, target_kbps_ / 10 * 9);
  target_kbps_ = std::clamp(next, options_.min_kbps, max_kbps_);
}

void RateController::ease(const LinkEstimate& estimate) {
  const std::uint32_t carried = estimate.delivery_kbps / 100 * 115;
  if (carried >= target_kbps_) return;
  target_kbps_ =
      std::clamp(std::max(carried, target_kbps_ / 100 * 93), options_.min_kbps, max_kbps_);
}

void RateController::climb(const LinkEstimate& estimate) {
  // A rate that is not used says nothing of whether more would fit.
  if (estimate.delivery_kbps < target_kbps_ / 2) return;
  const std::uint32_t percent = target_kbps_ < before_fall_kbps_ / 10 * 8 ? 12 : 5;
  target_kbps_ = std::min(target_kbps_ + std::max(target_kbps_ * percent / 100, 10U), max_kbps_);
}

}  // namespace rp
