// FenceTimeline: fences of the kernel's sw_sync (debugfs sync/sw_sync) that signal when the test
// says so. Thread rule: one thread.
#pragma once

#include <cstdint>
#include <memory>

#include "engine/base/result.h"
#include "engine/base/unique_fd.h"

namespace rp {

class FenceTimeline {
 public:
  [[nodiscard]] static Result<std::unique_ptr<FenceTimeline>> create();
  // A sync file that signals when the timeline has been advanced once more.
  [[nodiscard]] UniqueFd next_fence();
  void advance();

 private:
  UniqueFd fd_;
  std::uint32_t given_ = 0;
};

}  // namespace rp
