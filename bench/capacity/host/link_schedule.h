// LinkSchedule: one direction of all viewers' links, as arithmetic: which packets are lost, and
// when the others come out at the far end. Each lane has a queue and a rate of its own; delay and
// loss are the same for all.
//
//   packet ─► [ queue, at most queue_packets ] ─► rate ─► lost or not ─► delay, never less ─► out
//
// A pure function of what it was told and of its seed. Thread rule: plain values.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "bench/capacity/trace/random.h"
#include "engine/base/clock.h"

namespace rp {

struct LinkConditions {
  double rate_kbps = 0;  // of each lane, of bytes of IP; 0: unlimited
  Duration delay{0};
  double loss = 0;          // of packets, independent of each other: 0–1
  int queue_packets = 100;  // that wait for the rate; one more is dropped
  std::uint64_t seed = 1;   // the same seed and packets give the same losses
};

class LinkSchedule {
 public:
  LinkSchedule(LinkConditions conditions, int lanes);

  // A packet enters `lane` (0 ≤ lane < lanes). When it comes out; nothing: it does not. `now` never
  // goes back.
  [[nodiscard]] std::optional<TimePoint> admit(int lane, std::size_t bytes, TimePoint now);

  [[nodiscard]] std::uint64_t passed() const { return passed_; }
  [[nodiscard]] std::uint64_t lost() const { return lost_; }              // by chance
  [[nodiscard]] std::uint64_t overflowed() const { return overflowed_; }  // by a full queue

 private:
  struct Lane {
    TimePoint free_at{0};           // when its last packet has gone through the rate
    std::deque<TimePoint> waiting;  // when each has
  };
  LinkConditions conditions_;
  std::vector<Lane> lanes_;
  TraceRandom random_;
  std::uint64_t passed_ = 0;
  std::uint64_t lost_ = 0;
  std::uint64_t overflowed_ = 0;
};

}  // namespace rp
