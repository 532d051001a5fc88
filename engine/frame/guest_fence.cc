#include "engine/frame/guest_fence.h"

#include <poll.h>

#include <cerrno>

#include "engine/base/log.h"

namespace rp {
namespace {

Counter& given_up() {
  static Counter count;
  return count;
}

}  // namespace

bool wait_for_fence(int fence, std::chrono::milliseconds limit) {
  pollfd poller{fence, POLLIN, 0};
  const auto deadline = std::chrono::steady_clock::now() + limit;
  for (;;) {
    // Rounded up: whoever is told the time is over has waited all of it.
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    const int ready = ::poll(&poller, 1, left.count() > 0 ? static_cast<int>(left.count()) : 0);
    if (ready > 0) return true;
    if (ready == 0 || errno != EINTR) return false;
  }
}

void give_up_fence(std::string_view who) {
  given_up().add_shared();
  log_limited(LogLevel::kWarning, "frame.fence_given_up", {{"by", who}});
}

std::uint64_t fences_given_up() { return given_up().value(); }

Registry::Handle publish_fences_given_up(Registry& registry) {
  return registry.add("rackphone_guest_fences_given_up_total",
                      "Fences of apps' drawing that did not signal in time.", {}, given_up());
}

}  // namespace rp
