// BusyShare: which share of the time a thread was busy lately, from its CPU time looked at now and
// then: an average that forgets what is longer ago than some seconds. Thread rule: a plain value.
#pragma once

#include <algorithm>
#include <cmath>

#include "engine/base/clock.h"

namespace rp {

class BusyShare {
 public:
  static constexpr Duration kMemory{5'000'000};  // what is this long ago counts e times less

  // `cpu`: the thread's CPU time so far. The first look only begins.
  void look(TimePoint now, Duration cpu) {
    const double passed = static_cast<double>((now - when_).count());
    if (when_.us != 0 && passed > 0) {
      const double share = std::clamp(static_cast<double>((cpu - cpu_).count()) / passed, 0.0, 1.0);
      const double fresh = 1 - std::exp(-passed / static_cast<double>(kMemory.count()));
      share_ += (share - share_) * fresh;
    }
    when_ = now;
    cpu_ = cpu;
  }
  [[nodiscard]] double share() const { return share_; }

 private:
  TimePoint when_{0};
  Duration cpu_{0};
  double share_ = 0;
};

}  // namespace rp
