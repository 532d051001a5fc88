#include "engine/transport/link_estimator.h"

#include <algorithm>
#include <utility>

namespace rp {

namespace {

using std::chrono::milliseconds;

constexpr Duration kBandwidthWindow = milliseconds(500);
constexpr Duration kRttMinWindow = milliseconds(10'000);
constexpr Duration kDeliveryWindow = milliseconds(300);
constexpr Duration kFrameTime{16'667};
// A queue shows in every frame of this time; two frames at least are looked at.
constexpr Duration kQueueWindow = milliseconds(120);
// What comes out of a queue as long as this comes at the link's own rate.
constexpr Duration kSurelyQueued = milliseconds(30);
constexpr Duration kQueuedRateWindow = milliseconds(500);
constexpr Duration kMostTolerance = milliseconds(80);
constexpr Duration kNoQueue = milliseconds(10);
// Four packets always may be under way: the rate of an app that draws little says nothing.
constexpr std::size_t kLeastWindow_bytes = 6'000;
// Before the first acknowledgement nothing is known: one frame and the next.
constexpr std::size_t kFramesBeforeFirstAck = 2;

std::uint32_t kbps_of(std::uint64_t bytes, Duration over) {
  const auto us = static_cast<std::uint64_t>(std::max<std::int64_t>(over.count(), 1));
  return static_cast<std::uint32_t>(std::min<std::uint64_t>(bytes * 8'000 / us, UINT32_MAX));
}

}  // namespace

void LinkEstimator::on_sent(std::uint32_t sequence, std::size_t bytes, TimePoint now) {
  RP_CHECK(count_ < sent_.size());
  const bool empty = count_ == 0;
  if (empty) {
    delivered_at_ = now;
    flight_began_ = now;
  }
  sent_[count_++] = Sent{sequence, bytes, now, delivered_, delivered_at_, flight_began_, empty};
  bytes_in_flight_ += bytes;
  frame_bytes_ = frame_bytes_ == 0 ? bytes : (frame_bytes_ * 7 + bytes) / 8;
}

void LinkEstimator::on_acknowledged(std::uint32_t sequence, TimePoint now) {
  std::size_t acknowledged = 0;
  std::size_t bytes = 0;
  // Signed difference, so that it holds across the wrap of 32 bits.
  while (acknowledged < count_ &&
         static_cast<std::int32_t>(sequence - sent_[acknowledged].sequence) >= 0) {
    bytes += sent_[acknowledged++].bytes;
  }
  // A sequence not yet sent acknowledges nothing that it could not have seen.
  if (acknowledged == 0 || sent_[acknowledged - 1].sequence != sequence) return;
  const Sent newest = sent_[acknowledged - 1];
  // It was under way when the ones before it came, and late: the link was never idle in between.
  if (newest.at <= delivered_at_ && now > delivered_at_ &&
      now - newest.at > rtt_min_ + time_on_link(newest.bytes) + kSurelyQueued) {
    queued_kbps_ = kbps_of(bytes, now - delivered_at_);
    queued_kbps_at_ = now;
  }
  delivered_ += bytes;
  delivered_at_ = now;
  bytes_in_flight_ -= bytes;
  deliveries_[next_delivery_++ % deliveries_.size()] = {now, bytes};

  flight_began_ = newest.at;
  sample_rate(newest, now);
  sample_rtt(newest, now);
  fit_window(now);
  std::move(sent_.begin() + static_cast<long>(acknowledged),
            sent_.begin() + static_cast<long>(count_), sent_.begin());
  count_ -= acknowledged;
}

// The rate of what an app happened to draw is no more than a lower bound of what the link carries.
// When frames had to wait for the window alone, it grows until a queue shows that the link is full.
void LinkEstimator::fit_window(TimePoint now) {
  if (!std::exchange(window_was_full_, false)) return;
  const Duration queue = standing_queue(now);
  if (queue < kNoQueue / 2) window_16ths_ = std::min(window_16ths_ + 1, kMostWindow_16ths);
  if (queue > kNoQueue * 2) window_16ths_ = std::max(window_16ths_ - 1, kLeastWindow_16ths);
}

void LinkEstimator::sample_rate(const Sent& sent, TimePoint now) {
  const Duration took = std::max(now - sent.delivered_at, sent.at - sent.flight_began);
  const std::uint32_t kbps = kbps_of(delivered_ - sent.delivered_before, took);
  // A frame alone in the pipe measures how little was asked of the link: a lower bound, no more.
  if (sent.into_empty_pipe && kbps < std::max(bandwidth_now_kbps_, bandwidth_before_kbps_)) return;
  if (now - bandwidth_since_ >= kBandwidthWindow) {
    bandwidth_before_kbps_ = bandwidth_now_kbps_;
    bandwidth_now_kbps_ = 0;
    bandwidth_since_ = now;
  }
  bandwidth_now_kbps_ = std::max(bandwidth_now_kbps_, kbps);
}

void LinkEstimator::sample_rtt(const Sent& sent, TimePoint now) {
  const Duration sample = now - sent.at;
  rtt_ = rtt_.count() == 0 ? sample : (rtt_ * 7 + sample) / 8;
  if (rtt_min_.count() == 0 || sample < rtt_min_) {
    rtt_min_ = sample;
    rtt_min_since_ = now;
    rtt_min_next_ = Duration(0);
  } else if (sent.into_empty_pipe) {
    rtt_min_next_ = rtt_min_next_.count() == 0 ? sample : std::min(rtt_min_next_, sample);
    if (now - rtt_min_since_ >= kRttMinWindow) {
      rtt_min_ = rtt_min_next_;
      rtt_min_since_ = now;
      rtt_min_next_ = Duration(0);
    }
  }
  sample_queue(std::max(Duration(0), sample - rtt_min_ - time_on_link(sent.bytes)), now);
}

void LinkEstimator::sample_queue(Duration queued, TimePoint now) {
  queued_[next_queued_++ % queued_.size()] = {now, queued};
  const Duration standing = standing_queue(now);
  // A queue of our own comes and goes, too; only without one is it the way that jitters.
  if (standing < kNoQueue) jitter_ = (jitter_ * 15 + queued - standing) / 16;
}

Duration LinkEstimator::standing_queue(TimePoint now) const {
  const std::size_t known = std::min(next_queued_, queued_.size());
  Duration lowest = known == 0 ? Duration(0) : Duration::max();
  for (std::size_t i = 0; i < known; ++i) {
    const Queued& sample = queued_[(next_queued_ - 1 - i) % queued_.size()];
    if (i >= 2 && now - sample.at > kQueueWindow) break;
    lowest = std::min(lowest, sample.delay);
  }
  return lowest;
}

// How late a frame may be on this way without a queue.
Duration LinkEstimator::tolerance() const { return std::min(jitter_ * 2, kMostTolerance); }

Duration LinkEstimator::time_on_link(std::size_t bytes) const {
  const std::uint64_t kbps = std::max(bandwidth_now_kbps_, bandwidth_before_kbps_);
  if (kbps == 0) return Duration(0);
  return Duration(static_cast<std::int64_t>(bytes * 8'000 / kbps));
}

std::size_t LinkEstimator::window_bytes() const {
  const std::uint64_t kbps = std::max(bandwidth_now_kbps_, bandwidth_before_kbps_);
  const Duration way = rtt_min_ * window_16ths_ / 16 + tolerance();
  const std::size_t frame = std::max<std::size_t>(
      frame_bytes_, kbps * static_cast<std::uint64_t>(kFrameTime.count()) / 8'000);
  return std::max(kbps * static_cast<std::uint64_t>(way.count()) / 8'000 + frame / 2,
                  kLeastWindow_bytes);
}

bool LinkEstimator::may_send(TimePoint now) const {
  if (count_ == 0) return true;
  if (rtt_min_.count() == 0) return count_ < kFramesBeforeFirstAck;
  const Duration due = rtt_min_ + time_on_link(sent_[0].bytes) + kMaxLateness + tolerance();
  const bool window_full = bytes_in_flight_ > window_bytes();
  const bool link_full = now - sent_[0].at > due || window_full;
  window_was_full_ = window_was_full_ || window_full;
  if (link_full) link_full_at_ = now;
  return !link_full && count_ < sent_.size();
}

std::uint32_t LinkEstimator::recent_delivery_kbps(TimePoint now) const {
  std::uint64_t bytes = 0;
  for (const Delivery& delivery : deliveries_) {
    if (now - delivery.at < kDeliveryWindow) bytes += delivery.bytes;
  }
  return kbps_of(bytes, kDeliveryWindow);
}

LinkEstimate LinkEstimator::estimate(TimePoint now) const {
  LinkEstimate estimate;
  estimate.bandwidth_kbps = std::max(bandwidth_now_kbps_, bandwidth_before_kbps_);
  estimate.rtt = rtt_;
  estimate.rtt_min = rtt_min_;
  estimate.queue_delay = standing_queue(now);
  if (count_ > 0 && rtt_min_.count() > 0) {
    // What is late already counts before its acknowledgement comes.
    const Duration late = now - sent_[0].at - rtt_min_ - time_on_link(sent_[0].bytes) - tolerance();
    estimate.queue_delay = std::max(estimate.queue_delay, late);
  }
  if (now - queued_kbps_at_ < kQueuedRateWindow) {
    estimate.queued_kbps = queued_kbps_;
    // What has not come by now comes out more slowly than what came before it.
    if (count_ > 0) {
      estimate.queued_kbps = std::min(
          queued_kbps_, kbps_of(sent_[0].bytes, now - std::max(delivered_at_, sent_[0].at)));
    }
  }
  estimate.bytes_in_flight = bytes_in_flight_;
  estimate.delivery_kbps = recent_delivery_kbps(now);
  estimate.saturated = link_full_at_.us != 0 && now - link_full_at_ < kDeliveryWindow;
  return estimate;
}

}  // namespace rp
