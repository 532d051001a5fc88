// Executor: takes work that blocks (password hashing, the runtime) off the controller's loop and
// brings its end back to it. WorkerPool is the real one: few threads, a bounded queue. Tests use
// one that runs by hand. Thread rule: submit() and `done` on the loop's thread; `work` on any.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace rp {

class EventLoop;

class Executor {
 public:
  virtual ~Executor() = default;
  // False, with nothing queued, when the queue is full. `done` runs after `work`, on the loop.
  [[nodiscard]] virtual bool submit(std::function<void()> work, std::function<void()> done) = 0;
};

class WorkerPool final : public Executor {
 public:
  // The destructor finishes what is running and drops the rest; a `done` never runs after it.
  WorkerPool(EventLoop& loop, std::size_t threads, std::size_t max_queued);
  ~WorkerPool() override;
  [[nodiscard]] bool submit(std::function<void()> work, std::function<void()> done) override;

 private:
  struct Task {
    std::function<void()> work;
    std::function<void()> done;
  };
  void run();

  EventLoop& loop_;
  const std::size_t max_queued_;
  std::mutex mutex_;
  std::condition_variable ready_;
  std::deque<Task> tasks_;
  bool stopping_ = false;
  // What posted ends ask before they run, for they may be on the loop when the pool is gone. Shared
  // because neither side knows which of them lives longer.
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  std::vector<std::thread> threads_;
};

}  // namespace rp
