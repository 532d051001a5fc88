// RateController: the bit rate an encoder should aim at for one viewer's link, from the sender's
// estimate. Falls to what is really delivered as soon as frames queue, climbs by a growing fraction
// while none do and the rate is in use. An app that draws little says little of the link: its rate
// neither climbs nor falls for that. Delay-based: it acts before anything is lost. Pure logic,
// times are given. Thread rule: one thread.
#pragma once

#include <cstdint>

#include "engine/base/clock.h"
#include "engine/transport/sender.h"

namespace rp {

class RateController {
 public:
  struct Options {
    std::uint32_t start_kbps = 4'000;
    std::uint32_t min_kbps = 200;
    std::uint32_t max_kbps = 40'000;
  };

  RateController() : RateController(Options{}) {}
  explicit RateController(Options options)
      : options_(options), max_kbps_(options.max_kbps), target_kbps_(options.start_kbps) {}

  // The viewer's own cap (QUALITY); 0: none. Never above Options::max_kbps.
  void set_cap(std::uint32_t max_kbps);
  // With every acknowledgement, and every 50 ms or so while frames are unacknowledged (a link that
  // has stopped sends no acknowledgements). Steps happen at most every 100 ms.
  void update(TimePoint now, const LinkEstimate& estimate);
  [[nodiscard]] std::uint32_t target_kbps() const { return target_kbps_; }

 private:
  void fall(const LinkEstimate& estimate);
  void ease(TimePoint now, const LinkEstimate& estimate);
  void climb(const LinkEstimate& estimate);

  Options options_;
  std::uint32_t max_kbps_;
  std::uint32_t target_kbps_;
  std::uint32_t climbs_ = 0;        // in a row: nothing was in the way, so the next may be larger
  std::uint32_t ceiling_kbps_ = 0;  // what the link carried when it was last full
  TimePoint last_update_;
  TimePoint last_step_;
  TimePoint last_climb_;
  TimePoint hold_until_;
  TimePoint unsaturated_at_;
};

}  // namespace rp
