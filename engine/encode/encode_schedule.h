// EncodeSchedule: who may encode next when phones draw more pictures than the codecs can take. It
// stands before the encode thread's short queue; its answers are turns, one picture each.
//
// Start-time fair queueing (Goyal, Vin, Cheng: SIGCOMM 1996) counted in pictures, so that all lose
// frame rate alike, whatever a picture costs. Each encoder has a virtual deadline:
//
//   start  = the later of (now − one picture) and the finish of its picture before
//   finish = start + 1 / weight                      a picture of weight 2 counts half
//   now    = the earliest start among those who wait: moves on by one when all have had a turn
//
// The earliest start has the next turn. One that asks for less than its share therefore waits for
// no round: it always is first. A picture that answers input comes up to kInputLead pictures before
// its start; as it pays all the same, the one touched is never more than that ahead of its share.
// Thread rule: a plain value of the shard. Nothing is allocated after the first use of a place.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/base/clock.h"

namespace rp {

class EncodeSchedule {
 public:
  static constexpr std::uint32_t kMaxWeight = 64;
  static constexpr int kInputLead = 2;

  // One encoder's place. Must leave() before it goes.
  class Place {
   public:
    [[nodiscard]] bool waiting() const { return waiting_; }
    [[nodiscard]] TimePoint since() const { return since_; }  // when it began to wait

   private:
    friend class EncodeSchedule;
    bool waiting_ = false;
    bool answers_input_ = false;
    bool begun_ = false;  // start_ is that of the picture to be charged
    std::int64_t start_ = 0;
    std::int64_t finish_ = 0;
    std::uint64_t order_ = 0;
    TimePoint since_{0};
  };

  // Begins to wait for a turn; one that waits already only gains `answers_input`.
  void wait(Place& place, TimePoint now, bool answers_input);
  // Waits no more, or lets its turn pass. Not an error when it did not wait.
  void leave(Place& place);
  // Ends the waiting of the one whose turn it is; null when nobody waits. What it then encodes is
  // charge()d, and so is a picture encoded without waiting; else leave().
  [[nodiscard]] Place* next();
  void charge(Place& place, std::uint32_t weight);

  [[nodiscard]] bool empty() const { return waiting_.empty(); }
  [[nodiscard]] std::size_t size() const { return waiting_.size(); }

 private:
  // One picture of weight 1. Weights divide it without a remainder that adds up.
  static constexpr std::int64_t kPicture = 1 << 20;

  void begin(Place& place) const;
  [[nodiscard]] static std::int64_t rank(const Place& place);

  std::vector<Place*> waiting_;
  std::int64_t now_ = 0;
  std::uint64_t next_order_ = 0;
};

}  // namespace rp
