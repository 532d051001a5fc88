#include "bench/capacity/run/stop.h"

#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>

#include <algorithm>
#include <thread>

namespace rp {
namespace {

sigset_t stop_signals() {
  sigset_t set;
  ::sigemptyset(&set);
  ::sigaddset(&set, SIGINT);
  ::sigaddset(&set, SIGTERM);
  return set;
}

}  // namespace

Result<StopSignal> StopSignal::create() {
  const sigset_t set = stop_signals();
  if (::pthread_sigmask(SIG_BLOCK, &set, nullptr) != 0) return fail_errno("block signals");
  UniqueFd fd(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!fd) return fail_errno("signalfd");
  return StopSignal(std::move(fd));
}

StopSignal::~StopSignal() {
  if (!fd_) return;
  const sigset_t set = stop_signals();
  ::pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
}

bool StopSignal::wait(Duration at_most) {
  if (asked_ || !fd_) {
    // Asked already: nothing more is waited for.
    if (!asked_) std::this_thread::sleep_for(at_most);
    return asked_;
  }
  pollfd entry{fd_.get(), POLLIN, 0};
  const auto whole_ms = std::max<std::int64_t>(0, (at_most.count() + 999) / 1'000);
  if (::poll(&entry, 1, static_cast<int>(whole_ms)) > 0) {
    asked_ = true;
    // From here the default takes over: a second Ctrl-C ends the process; its children go with it.
    signalfd_siginfo info{};
    (void)!::read(fd_.get(), &info, sizeof info);
    const sigset_t set = stop_signals();
    ::pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
  }
  return asked_;
}

}  // namespace rp
