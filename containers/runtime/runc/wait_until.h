// Waits for what the kernel or another process does without telling: a few quick looks, then slower
// ones, until a deadline. For the runtime's blocking calls only. Thread rule: any thread; blocks.
#pragma once

#include <algorithm>
#include <chrono>
#include <thread>

namespace rp {

// Whether `done` came true in time.
template <typename Done>
bool wait_until(Done done, std::chrono::milliseconds at_most) {
  const auto deadline = std::chrono::steady_clock::now() + at_most;
  for (auto pause = std::chrono::milliseconds(1);;
       pause = std::min(pause * 2, decltype(pause)(20))) {
    if (done()) return true;
    if (std::chrono::steady_clock::now() >= deadline) return false;
    std::this_thread::sleep_for(pause);
  }
}

}  // namespace rp
