// FrameGovernor: how often a phone may show a new picture while the machine is full. Before
// pictures come late, those that come most often come less often: flings and animations at 60 a
// second fall towards 30, films at 30 keep what they have. Apps draw no more than is shown (their
// frame callbacks follow), so their work falls with it. Thread rule: a plain value.
#pragma once

#include <algorithm>

#include "engine/base/clock.h"

namespace rp {

class FrameGovernor {
 public:
  // All cores busier than this: a step slower at each look; less busy than kRoom: a step back.
  static constexpr double kFull = 0.85;
  static constexpr double kRoom = 0.65;
  // What the engine itself must have of the cores: what others do is not made less by fewer
  // pictures.
  static constexpr double kOurs = 0.25;
  static constexpr double kStep = 1.25;
  static constexpr Duration kShortest{1'000'000 / 60};
  static constexpr Duration kLongest{1'000'000 / 30};

  // `cpu_busy` and `engine` are shares of all cores since the look before.
  void look(double cpu_busy, double engine) {
    if (cpu_busy > kFull && engine > kOurs) {
      least_ = std::min(times(std::max(least_, kShortest), kStep), kLongest);
    } else if (cpu_busy < kRoom) {
      least_ = times(least_, 1 / kStep);
      if (least_ <= kShortest) least_ = Duration(0);
    }
  }
  // Between two pictures of a phone; 0: as short as its display and its viewer take.
  [[nodiscard]] Duration least_interval() const { return least_; }

 private:
  static Duration times(Duration d, double factor) {
    return Duration(static_cast<std::int64_t>(static_cast<double>(d.count()) * factor));
  }
  Duration least_{0};
};

}  // namespace rp
