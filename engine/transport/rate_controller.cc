#include "engine/transport/rate_controller.h"

#include <algorithm>

namespace rp {

namespace {

using std::chrono::milliseconds;

constexpr Duration kStep = milliseconds(100);
constexpr Duration kQueueing = milliseconds(50);  // fall above
constexpr Duration kClear = milliseconds(25);     // climb below
constexpr Duration kNoQueue = milliseconds(5);
// One large frame fills the link for a moment; only more than that says the rate is too high.
constexpr Duration kSaturated = milliseconds(400);
constexpr Duration kHoldAfterFall = milliseconds(250);
constexpr Duration kHoldAfterEase = milliseconds(1'500);
constexpr Duration kQuiet = milliseconds(3'000);
constexpr std::uint32_t kLeastClimb_percent = 4;
constexpr std::uint32_t kMostClimb_percent = 18;

}  // namespace

void RateController::set_cap(std::uint32_t max_kbps) {
  max_kbps_ = max_kbps == 0 ? options_.max_kbps
                            : std::clamp(max_kbps, options_.min_kbps, options_.max_kbps);
  target_kbps_ = std::min(target_kbps_, max_kbps_);
}

void RateController::update(TimePoint now, const LinkEstimate& estimate) {
  if (!estimate.saturated) unsaturated_at_ = now;
  if (now - last_update_ > kQuiet && last_update_.us != 0) {
    // The link may have become another; the first large picture must not find that out alone.
    target_kbps_ = std::min(target_kbps_, std::max(options_.start_kbps, target_kbps_ / 2));
    climbs_ = 0;
  }
  last_update_ = now;
  if (estimate.rtt_min.count() == 0 || now - last_step_ < kStep) return;
  if (estimate.queue_delay > kQueueing) {
    // A queue takes its time to drain, once less is sent than the link carries.
    const bool drains = std::max(estimate.delivery_kbps, estimate.queued_kbps) > target_kbps_;
    if (drains && now < hold_until_) return;
    fall(estimate);
    last_step_ = now;
    // What queued before the fall still has to drain; judging earlier would climb into it.
    hold_until_ = now + kHoldAfterFall + estimate.rtt_min;
  } else if (now >= hold_until_) {
    last_step_ = now;
    // Frames that wait although no queue stands wait for the window, which grows by itself.
    const bool full = estimate.saturated && estimate.queue_delay > kNoQueue;
    if (full && now - unsaturated_at_ >= kSaturated) {
      ease(now, estimate);
    } else if (!full && estimate.queue_delay < kClear && now - last_climb_ >= estimate.rtt) {
      climb(estimate);
      last_climb_ = now;
    }
  }
}

void RateController::fall(const LinkEstimate& estimate) {
  climbs_ = 0;
  // Could what is under way be the queue that is seen? If not, and if nothing had to wait, the way
  // itself is slow for a moment, and the rate, which is hardly used, is not the reason.
  const Duration own{static_cast<std::int64_t>(estimate.bytes_in_flight * 8'000 / target_kbps_)};
  if (!estimate.saturated && own < kClear) return;
  // 85 % of what arrives lets the queue drain. At most a half a step, so that one hiccup of the
  // link does not throw away what was learnt about it.
  const std::uint32_t carried = std::max(estimate.delivery_kbps, estimate.queued_kbps);
  ceiling_kbps_ = carried;
  const std::uint32_t next = std::max(carried / 100 * 85, target_kbps_ / 2);
  target_kbps_ = std::clamp(std::min(next, target_kbps_), options_.min_kbps, max_kbps_);
}

// Pictures wait for the link although no queue stands: they are larger than the link carries at
// their rate. Less than it carries leaves room for those that come out larger, and if the link
// falls to a tenth, the one under way takes less than 300 ms at 30 pictures a second.
void RateController::ease(TimePoint now, const LinkEstimate& estimate) {
  const std::uint32_t carried = std::max(estimate.delivery_kbps, estimate.queued_kbps);
  if (carried >= target_kbps_ / 100 * 95) return;
  climbs_ = 0;
  ceiling_kbps_ = carried;
  const std::uint32_t next = std::max(carried / 100 * 84, target_kbps_ / 100 * 60);
  target_kbps_ = std::clamp(std::min(next, target_kbps_), options_.min_kbps, max_kbps_);
  hold_until_ = now + kHoldAfterEase;
}

void RateController::climb(const LinkEstimate& estimate) {
  // A rate that is not used says nothing of whether more would fit.
  if (estimate.delivery_kbps < target_kbps_ / 2) {
    climbs_ = 0;
    return;
  }
  // Around what the link carried when it was last full, with care.
  const bool near = target_kbps_ > ceiling_kbps_ / 10 * 7 && target_kbps_ < ceiling_kbps_ / 10 * 12;
  climbs_ = near ? 0 : climbs_ + 1;
  const std::uint32_t percent = std::min(kLeastClimb_percent + 2 * climbs_, kMostClimb_percent);
  target_kbps_ = std::min(target_kbps_ + std::max(target_kbps_ * percent / 100, 10U), max_kbps_);
}

}  // namespace rp
