// FramePacer: when the next frame may be taken and when apps may be told to draw again. Pure
// arithmetic.
//
// Two clocks, so that a picture never waits for a tick: *captures* may follow commits at once as
// long as their average stays near the refresh rate (a bucket of two frames), *callbacks* go out in
// an even rhythm, which makes apps that obey them draw in that rhythm. A still phone has neither.
// Thread rule: a plain value of the session.
#pragma once

#include <algorithm>

#include "engine/base/clock.h"

namespace rp {

class FramePacer {
 public:
  explicit FramePacer(Duration interval) : interval_(interval) {}

  void set_interval(Duration interval) { interval_ = interval; }
  [[nodiscard]] Duration interval() const { return interval_; }

  // The earliest time for the next capture; not after `now` means at once. (The generic cell rate
  // algorithm with a tolerance of one interval. It allows a 32nd more than the refresh rate: at the
  // same rate, a wait that a burst once caused would stay for as long as apps draw steadily.)
  [[nodiscard]] TimePoint capture_at() const { return theoretical_ - interval_; }
  void captured(TimePoint now) {
    theoretical_ = std::max(theoretical_, now) + interval_ - interval_ / 32;
  }

  [[nodiscard]] TimePoint callbacks_at() const { return last_callbacks_ + interval_; }
  void callbacks_sent(TimePoint now) {
    // Stays on the rhythm while it is kept, so that timer lateness does not add up to lost frames.
    const TimePoint planned = callbacks_at();
    last_callbacks_ = now - planned < interval_ ? std::max(planned, now - interval_) : now;
  }

 private:
  Duration interval_;
  TimePoint theoretical_{0};
  TimePoint last_callbacks_{0};
};

}  // namespace rp
