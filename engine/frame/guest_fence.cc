#include "engine/frame/guest_fence.h"

#include <poll.h>

#include <cerrno>

namespace rp {

bool wait_for_fence(int fence, std::chrono::milliseconds limit) {
  pollfd poller{fence, POLLIN, 0};
  const auto deadline = std::chrono::steady_clock::now() + limit;
  for (;;) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        deadline - std::chrono::steady_clock::now());
    const int ready = ::poll(&poller, 1, left.count() > 0 ? static_cast<int>(left.count()) : 0);
    if (ready > 0) return true;
    if (ready == 0 || errno != EINTR) return false;
  }
}

}  // namespace rp
