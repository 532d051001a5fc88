// LoadPhone: one phone's app: a Wayland client of its own connection with one full-screen window
// that shows what the phone's trace and its viewer's input make of a LoadScreen. Draws what changed
// and no more, paced by frame callbacks, as toolkits do. Thread rule: its loop's thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "bench/capacity/app/assets.h"
#include "bench/capacity/trace/trace.h"
#include "engine/base/event_loop.h"

namespace rp {

struct LoadPhoneOptions {
  std::string socket;  // path of the phone's Wayland socket
  Size size;
  Workload workload;
  std::uint64_t seed = 0;
  std::uint64_t user = 0;
  TimePoint epoch{0};  // when its trace begins
};

class LoadPhone {
 public:
  // Connects; the window appears as the loop turns. `assets` and `loop` outlive it. `ended` is
  // called once when the display goes; the phone may be destroyed on a later turn.
  [[nodiscard]] static Result<std::unique_ptr<LoadPhone>> create(
      EventLoop& loop, const LoadAssets& assets, LoadPhoneOptions options,
      std::function<void(const Error&)> ended);
  LoadPhone(const LoadPhone&) = delete;
  LoadPhone& operator=(const LoadPhone&) = delete;
  ~LoadPhone();

  struct State;  // public by name only: the C listeners carry a pointer to it

 private:
  explicit LoadPhone(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace rp
