// LinkEstimator: what a viewer's acknowledgements say of the way to it, and how much may be under
// way. End to end on purpose: a proxy in between ends TCP, so the kernel's view stops there.
//
//   sent ──bytes──► [ bottleneck queue ] ──► decoder ─► ACK       rtt = sent → ACK
//   bandwidth: bytes acknowledged between a frame's sending and its ACK, over the longer of the two
//   intervals they were sent and acknowledged in (the delivery rate of
//   draft-cheng-iccrg-delivery-rate-estimation)
//   minimal round trip: of frames sent into an empty pipe, so a queue of our own making can never
//   raise it
//   queue delay: the lowest of the last frames, since a queue delays every frame and a jittery way
//   only some (CoDel's standing queue, RFC 8289, 3.1)
//
// What may be under way: one round trip's worth and a frame; up to two round trips' while frames
// wait although no queue stands, because the rate an app happened to need is no more than a lower
// bound of what the link carries.
//
// Pure logic, times are given. Thread rule: one thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "engine/base/clock.h"
#include "engine/base/limits.h"
#include "engine/transport/sender.h"

namespace rp {

class LinkEstimator {
 public:
  // No frame is added to a queue whose head is later than this beyond the minimal round trip.
  static constexpr Duration kMaxLateness = std::chrono::milliseconds(60);

  // A frame was handed to the connection. At most limits::kMaxUnacknowledgedFrames may be out.
  void on_sent(std::uint32_t sequence, std::size_t bytes, TimePoint now);
  // The viewer has `sequence` and all before it; sequences wrap. Others are ignored.
  void on_acknowledged(std::uint32_t sequence, TimePoint now);

  [[nodiscard]] std::size_t frames_in_flight() const { return count_; }
  [[nodiscard]] std::size_t bytes_in_flight() const { return bytes_in_flight_; }
  // False while a further frame would only lengthen a queue.
  [[nodiscard]] bool may_send(TimePoint now) const;
  [[nodiscard]] LinkEstimate estimate(TimePoint now) const;

 private:
  struct Sent {
    std::uint32_t sequence = 0;
    std::size_t bytes = 0;
    TimePoint at;
    std::uint64_t delivered_before = 0;  // bytes acknowledged when it was sent …
    TimePoint delivered_at;              // … and when that was
    TimePoint flight_began;              // when the first frame of its flight was sent
    bool into_empty_pipe = false;
  };
  struct Delivery {
    TimePoint at;
    std::size_t bytes = 0;
  };
  struct Queued {
    TimePoint at;
    Duration delay{0};
  };

  void fit_window(TimePoint now);
  void sample_rate(const Sent& sent, TimePoint now);
  void sample_rtt(const Sent& sent, TimePoint now);
  void sample_queue(Duration queued, TimePoint now);
  [[nodiscard]] Duration standing_queue(TimePoint now) const;
  [[nodiscard]] Duration tolerance() const;
  [[nodiscard]] std::size_t window_bytes() const;
  [[nodiscard]] Duration time_on_link(std::size_t bytes) const;
  [[nodiscard]] std::uint32_t recent_delivery_kbps(TimePoint now) const;

  std::array<Sent, limits::kMaxUnacknowledgedFrames> sent_;  // oldest first
  std::size_t count_ = 0;
  std::size_t bytes_in_flight_ = 0;
  std::uint64_t delivered_ = 0;
  TimePoint delivered_at_;
  TimePoint flight_began_;

  std::uint32_t bandwidth_now_kbps_ = 0;     // highest sample of this half second
  std::uint32_t bandwidth_before_kbps_ = 0;  // and of the one before
  TimePoint bandwidth_since_;
  Duration rtt_{0};
  Duration rtt_min_{0};
  Duration rtt_min_next_{0};  // lowest since rtt_min_ was renewed
  TimePoint rtt_min_since_;
  std::array<Queued, 16> queued_;  // ring of the newest
  std::size_t next_queued_ = 0;
  Duration jitter_{0};             // mean distance of a frame's delay from the standing queue
  std::size_t frame_bytes_ = 0;    // of a frame, smoothed
  std::uint32_t queued_kbps_ = 0;  // see LinkEstimate
  TimePoint queued_kbps_at_;
  std::array<Delivery, 64> deliveries_;  // ring of the newest
  std::size_t next_delivery_ = 0;
  // How many round trips' worth may be under way, in 16ths.
  static constexpr int kLeastWindow_16ths = 18;
  static constexpr int kMostWindow_16ths = 32;
  int window_16ths_ = kLeastWindow_16ths;
  mutable bool window_was_full_ = false;  // since the last acknowledgement
  mutable TimePoint link_full_at_;        // when may_send() last refused for the link's sake
};

}  // namespace rp
