#include "engine/transport/link_estimator.h"

#include <algorithm>

namespace rp {

namespace {

using std::chrono::milliseconds;

constexpr Duration kBandwidthWindow = milliseconds(500);
constexpr Duration kRttMinWindow = milliseconds(10'000);
constexpr Duration kDeliveryWindow = milliseconds(300);
constexpr Duration kFrameTime{16'667};
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
  delivered_ += bytes;
  delivered_at_ = now;
  bytes_in_flight_ -= bytes;
  deliveries_[next_delivery_++ % deliveries_.size()] = {now, bytes};

  const Sent newest = sent_[acknowledged - 1];
  flight_began_ = newest.at;
  sample_rate(newest, now);
  sample_rtt(newest, now);
  std::move(sent_.begin() + static_cast<long>(acknowledged),
            sent_.begin() + static_cast<long>(count_), sent_.begin());
  count_ -= acknowledged;
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
  queue_delay_ = std::max(Duration(0), sample - rtt_min_ - time_on_link(sent.bytes));
}

Duration LinkEstimator::time_on_link(std::size_t bytes) const {
  const std::uint64_t kbps = std::max(bandwidth_now_kbps_, bandwidth_before_kbps_);
  if (kbps == 0) return Duration(0);
  return Duration(static_cast<std::int64_t>(bytes * 8'000 / kbps));
}

std::size_t LinkEstimator::window_bytes() const {
  const std::uint64_t kbps = std::max(bandwidth_now_kbps_, bandwidth_before_kbps_);
  return kbps * static_cast<std::uint64_t>((rtt_min_ + kFrameTime).count()) / 8'000;
}

bool LinkEstimator::may_send(TimePoint now) const {
  if (count_ == 0) return true;
  if (rtt_min_.count() == 0) return count_ < kFramesBeforeFirstAck;
  const Duration due = rtt_min_ + time_on_link(sent_[0].bytes) + kMaxLateness;
  const bool link_full = now - sent_[0].at > due || bytes_in_flight_ > window_bytes();
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
  estimate.queue_delay = queue_delay_;
  if (count_ > 0 && rtt_min_.count() > 0) {
    // What is late already counts before its acknowledgement comes.
    const Duration late = now - sent_[0].at - rtt_min_ - time_on_link(sent_[0].bytes);
    estimate.queue_delay = std::max(queue_delay_, late);
  }
  estimate.delivery_kbps = recent_delivery_kbps(now);
  estimate.saturated = link_full_at_.us != 0 && now - link_full_at_ < kDeliveryWindow;
  return estimate;
}

}  // namespace rp
