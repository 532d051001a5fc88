// InputTrack: which input a frame answers. The viewer numbers its input; a frame carries the newest
// number that had been handed to the app before the app committed it, so the viewer can tell
// input-to-photon time. An app may draw for other reasons (a clock, an animation), so figures are
// taken with apps that draw only when touched. Thread rule: a plain value of the session.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "engine/base/clock.h"

namespace rp {

class InputTrack {
 public:
  void delivered(std::uint32_t sequence, TimePoint when) {
    entries_[next_] = {sequence, when};
    next_ = (next_ + 1) % entries_.size();
  }

  // The newest input handed over at or before `committed`; 0 when there is none.
  [[nodiscard]] std::uint32_t newest_before(TimePoint committed) const {
    Entry best;
    for (const Entry& entry : entries_) {
      if (entry.sequence != 0 && entry.when <= committed && entry.when >= best.when) best = entry;
    }
    return best.sequence;
  }

  void clear() { entries_.fill({}); }

 private:
  struct Entry {
    std::uint32_t sequence = 0;
    TimePoint when{};
  };
  // A commit is seldom more than a few inputs behind; 64 is half a second of a fast mouse.
  std::array<Entry, 64> entries_{};
  std::size_t next_ = 0;
};

}  // namespace rp
