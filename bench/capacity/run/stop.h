// StopSignal: Ctrl-C (SIGINT) and SIGTERM as something to wait on: the run ends early and still
// reports. A second one is not waited for: it ends the process at once. Thread rule: made by the
// main thread before others start, which inherit the blocked signals; then one thread.
#pragma once

#include "engine/base/clock.h"
#include "engine/base/result.h"
#include "engine/base/unique_fd.h"

namespace rp {

class StopSignal {
 public:
  [[nodiscard]] static Result<StopSignal> create();
  // Never asked for: for tests.
  StopSignal() = default;
  StopSignal(StopSignal&&) = default;
  StopSignal& operator=(StopSignal&&) = default;
  ~StopSignal();

  // Sleeps, at most until asked to stop. True when that has been asked.
  bool wait(Duration at_most);
  [[nodiscard]] bool asked() { return wait(Duration(0)); }

 private:
  explicit StopSignal(UniqueFd fd) : fd_(std::move(fd)) {}
  UniqueFd fd_;
  bool asked_ = false;
};

}  // namespace rp
