#include "engine/base/event_loop.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <ctime>
#include <span>

namespace rp {

struct EventLoop::FdEntry {
  int fd = -1;
  std::uint32_t events = 0;
  FdCallback callback;
};

struct EventLoop::TimerEntry {
  Callback callback;
  bool armed = false;
  std::multimap<TimePoint, std::uint64_t>::iterator position;
};

EventLoop::EventLoop(const Clock& clock) : clock_(clock) {}
EventLoop::~EventLoop() = default;

Result<std::unique_ptr<EventLoop>> EventLoop::create(const Clock& clock) {
  std::unique_ptr<EventLoop> loop(new EventLoop(clock));
  loop->epoll_ = UniqueFd(::epoll_create1(EPOLL_CLOEXEC));
  if (!loop->epoll_) return fail_errno("epoll_create1");
  loop->wake_ = UniqueFd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!loop->wake_) return fail_errno("eventfd");
  epoll_event event{.events = EPOLLIN, .data = {.u64 = 0}};
  if (::epoll_ctl(loop->epoll_.get(), EPOLL_CTL_ADD, loop->wake_.get(), &event) != 0) {
    return fail_errno("watch the wake descriptor");
  }
  return loop;
}

Result<EventLoop::Watch> EventLoop::watch(int fd, std::uint32_t events, FdCallback callback) {
  const std::uint64_t id = next_id_++;
  epoll_event event{.events = events, .data = {.u64 = id}};
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) != 0) {
    return fail_errno("watch a descriptor");
  }
  watches_.emplace(id, std::make_shared<FdEntry>(FdEntry{fd, events, std::move(callback)}));
  Watch watch;
  watch.loop_ = this;
  watch.id_ = id;
  return watch;
}

EventLoop::Timer EventLoop::timer(Callback callback) {
  const std::uint64_t id = next_id_++;
  timers_.emplace(id, std::make_shared<TimerEntry>(TimerEntry{std::move(callback), false, {}}));
  Timer timer;
  timer.loop_ = this;
  timer.id_ = id;
  return timer;
}

void EventLoop::post(Callback task) {
  {
    const std::lock_guard lock(posted_mutex_);
    posted_.push_back(std::move(task));
  }
  const std::uint64_t one = 1;
  // A full counter means a wake-up is pending already, so the result does not matter.
  [[maybe_unused]] const auto written = ::write(wake_.get(), &one, sizeof one);
}

void EventLoop::stop() {
  post([this] { stop_requested_ = true; });
}

void EventLoop::run() {
  stop_requested_ = false;
  while (!stop_requested_) run_once(Duration(-1));
}

Duration EventLoop::until_next_timer(Duration at_most) const {
  if (deadlines_.empty()) return at_most;
  const Duration left = std::max(deadlines_.begin()->first - clock_.now(), Duration(0));
  return at_most.count() < 0 ? left : std::min(left, at_most);
}

namespace {

constexpr std::int64_t kLongestWait_ms = 1 << 30;

// Microseconds, which epoll_pwait2 (Linux 5.11) takes; where there is none, as under user-mode
// QEMU, whole milliseconds, rounded up so that no timer is met early.
int wait_for_events(int epoll, std::span<epoll_event> events, Duration wait) {
  const int count = static_cast<int>(events.size());
  const timespec ts{.tv_sec = wait.count() / 1'000'000,
                    .tv_nsec = wait.count() % 1'000'000 * 1'000};
  const int ready =
      ::epoll_pwait2(epoll, events.data(), count, wait.count() < 0 ? nullptr : &ts, nullptr);
  if (ready >= 0 || errno != ENOSYS) return ready;
  const std::int64_t ms = wait.count() < 0 ? -1 : (wait.count() + 999) / 1'000;
  return ::epoll_wait(epoll, events.data(), count, static_cast<int>(std::min(ms, kLongestWait_ms)));
}

}  // namespace

void EventLoop::run_once(Duration timeout) {
  constexpr int kEventsPerTurn = 64;
  std::array<epoll_event, kEventsPerTurn> events;
  const int ready = wait_for_events(epoll_.get(), events, until_next_timer(timeout));
  RP_CHECK(ready >= 0 || errno == EINTR);
  bool woken = false;
  for (int i = 0; i < ready; ++i) {
    const auto& event = events[static_cast<std::size_t>(i)];
    if (event.data.u64 == 0) {
      woken = true;
      continue;
    }
    // A callback earlier in this turn may have removed the watch.
    const std::uint64_t id = event.data.u64;  // a copy: epoll_event is packed
    const auto found = watches_.find(id);
    if (found == watches_.end()) continue;
    const std::shared_ptr<FdEntry> entry = found->second;
    entry->callback(event.events);
  }
  run_timers();
  if (woken) run_posted();
}

void EventLoop::run_posted() {
  std::uint64_t count = 0;
  [[maybe_unused]] const auto got = ::read(wake_.get(), &count, sizeof count);
  std::vector<Callback> tasks;
  {
    const std::lock_guard lock(posted_mutex_);
    tasks.swap(posted_);
  }
  for (auto& task : tasks) task();
}

void EventLoop::run_timers() {
  if (deadlines_.empty()) return;
  const TimePoint now = clock_.now();
  // Timers armed by these callbacks for a time already past run on the next turn.
  std::vector<std::uint64_t> due;
  for (auto it = deadlines_.begin(); it != deadlines_.end() && it->first <= now; ++it) {
    due.push_back(it->second);
  }
  for (const std::uint64_t id : due) {
    const auto found = timers_.find(id);
    if (found == timers_.end() || !found->second->armed) continue;
    const std::shared_ptr<TimerEntry> entry = found->second;
    if (entry->position->first > now) continue;
    deadlines_.erase(entry->position);
    entry->armed = false;
    entry->callback();
  }
}

void EventLoop::remove_watch(std::uint64_t id) {
  const auto found = watches_.find(id);
  RP_CHECK(found != watches_.end());
  // The descriptor may be closed already if its owner died first; the kernel has then removed it.
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, found->second->fd, nullptr);
  watches_.erase(found);
}

void EventLoop::remove_timer(std::uint64_t id) {
  const auto found = timers_.find(id);
  RP_CHECK(found != timers_.end());
  if (found->second->armed) deadlines_.erase(found->second->position);
  found->second->armed = false;
  timers_.erase(found);
}

EventLoop::Watch::Watch(Watch&& other) noexcept
    : loop_(std::exchange(other.loop_, nullptr)), id_(other.id_) {}

EventLoop::Watch& EventLoop::Watch::operator=(Watch&& other) noexcept {
  if (this != &other) {
    reset();
    loop_ = std::exchange(other.loop_, nullptr);
    id_ = other.id_;
  }
  return *this;
}

EventLoop::Watch::~Watch() { reset(); }

void EventLoop::Watch::reset() {
  if (loop_ != nullptr) std::exchange(loop_, nullptr)->remove_watch(id_);
}

void EventLoop::Watch::set_events(std::uint32_t events) {
  RP_CHECK(loop_ != nullptr);
  FdEntry& entry = *loop_->watches_.at(id_);
  if (entry.events == events) return;
  entry.events = events;
  epoll_event event{.events = events, .data = {.u64 = id_}};
  RP_CHECK(::epoll_ctl(loop_->epoll_.get(), EPOLL_CTL_MOD, entry.fd, &event) == 0);
}

EventLoop::Timer::Timer(Timer&& other) noexcept
    : loop_(std::exchange(other.loop_, nullptr)), id_(other.id_) {}

EventLoop::Timer& EventLoop::Timer::operator=(Timer&& other) noexcept {
  if (this != &other) {
    if (loop_ != nullptr) loop_->remove_timer(id_);
    loop_ = std::exchange(other.loop_, nullptr);
    id_ = other.id_;
  }
  return *this;
}

EventLoop::Timer::~Timer() {
  if (loop_ != nullptr) loop_->remove_timer(id_);
}

void EventLoop::Timer::arm_at(TimePoint when) {
  RP_CHECK(loop_ != nullptr);
  TimerEntry& entry = *loop_->timers_.at(id_);
  if (entry.armed) loop_->deadlines_.erase(entry.position);
  entry.position = loop_->deadlines_.emplace(when, id_);
  entry.armed = true;
}

void EventLoop::Timer::arm_after(Duration delay) { arm_at(loop_->clock_.now() + delay); }

void EventLoop::Timer::cancel() {
  RP_CHECK(loop_ != nullptr);
  TimerEntry& entry = *loop_->timers_.at(id_);
  if (entry.armed) loop_->deadlines_.erase(entry.position);
  entry.armed = false;
}

bool EventLoop::Timer::armed() const { return loop_ != nullptr && loop_->timers_.at(id_)->armed; }

}  // namespace rp
