// EventLoop: one thread's epoll loop with timers and a thread-safe mailbox. A shard, the front and
// the controller each run one. A loop with nothing to do sleeps in the kernel: no tick. Thread
// rule: everything from the loop's own thread, except post() and stop(), which any thread may call.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "engine/base/clock.h"
#include "engine/base/result.h"
#include "engine/base/unique_fd.h"

namespace rp {

class EventLoop {
 public:
  // Bits of `events` as epoll(7) has them: EPOLLIN, EPOLLOUT, EPOLLERR, EPOLLHUP.
  using FdCallback = std::function<void(std::uint32_t events)>;
  using Callback = std::function<void()>;

  // Watches a descriptor for as long as it lives; destroying it (also from inside its own callback)
  // stops the callbacks at once. Must die before the loop and before the descriptor is closed.
  class Watch {
   public:
    Watch() = default;
    Watch(Watch&& other) noexcept;
    Watch& operator=(Watch&& other) noexcept;
    ~Watch();
    // Changes the events waited for. No system call when they are the same as before.
    void set_events(std::uint32_t events);
    void reset();
    [[nodiscard]] explicit operator bool() const { return loop_ != nullptr; }

   private:
    friend class EventLoop;
    EventLoop* loop_ = nullptr;
    std::uint64_t id_ = 0;
  };

  // A one-shot timer that can be armed again. Costs nothing while not armed.
  class Timer {
   public:
    Timer() = default;
    Timer(Timer&& other) noexcept;
    Timer& operator=(Timer&& other) noexcept;
    ~Timer();
    void arm_at(TimePoint when);
    void arm_after(Duration delay);
    void cancel();
    [[nodiscard]] bool armed() const;

   private:
    friend class EventLoop;
    EventLoop* loop_ = nullptr;
    std::uint64_t id_ = 0;
  };

  // `clock` must outlive the loop.
  [[nodiscard]] static Result<std::unique_ptr<EventLoop>> create(const Clock& clock);
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;
  ~EventLoop();

  [[nodiscard]] const Clock& clock() const { return clock_; }

  // The loop borrows `fd`. Level triggered.
  [[nodiscard]] Result<Watch> watch(int fd, std::uint32_t events, FdCallback callback);
  [[nodiscard]] Timer timer(Callback callback);

  // Runs `task` on the loop's thread on its next turn. From any thread. Never runs it inside
  // post().
  void post(Callback task);

  void run();   // until stop()
  void stop();  // from any thread
  // One turn: waits at most `timeout` for the first event (negative: as long as it takes), then
  // runs what is ready. For tests with a FakeClock: advance the clock, then run_once(Duration(0)).
  void run_once(Duration timeout);

 private:
  struct FdEntry;
  struct TimerEntry;
  explicit EventLoop(const Clock& clock);
  void run_posted();
  void run_timers();
  [[nodiscard]] Duration until_next_timer(Duration at_most) const;
  void remove_watch(std::uint64_t id);
  void remove_timer(std::uint64_t id);

  const Clock& clock_;
  UniqueFd epoll_;
  UniqueFd wake_;
  std::uint64_t next_id_ = 1;
  // Entries are shared so that a callback that destroys its own watch stays valid until it returns.
  std::unordered_map<std::uint64_t, std::shared_ptr<FdEntry>> watches_;
  std::unordered_map<std::uint64_t, std::shared_ptr<TimerEntry>> timers_;
  std::multimap<TimePoint, std::uint64_t> deadlines_;
  std::mutex posted_mutex_;
  std::vector<Callback> posted_;
  bool stop_requested_ = false;
};

}  // namespace rp
