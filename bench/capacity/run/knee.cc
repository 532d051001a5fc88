#include "bench/capacity/run/knee.h"

#include <algorithm>
#include <cmath>

namespace rp {

void KneeSearch::note(bool held) {
  if (!next_) return;
  (held ? held_ : broken_) = *next_;
  if (!broken_) {
    next_ =
        *next_ >= options_.most ? std::nullopt : std::optional(std::min(*next_ * 2, options_.most));
    return;
  }
  const int low = held_.value_or(0);
  const int step = std::max(1, static_cast<int>(std::floor(low * options_.tolerance)));
  next_ = *broken_ - low <= step ? std::nullopt : std::optional(low + (*broken_ - low) / 2);
}

}  // namespace rp
