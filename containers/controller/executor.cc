#include "containers/controller/executor.h"

#include <utility>

#include "engine/base/event_loop.h"

namespace rp {

WorkerPool::WorkerPool(EventLoop& loop, std::size_t threads, std::size_t max_queued)
    : loop_(loop), max_queued_(max_queued) {
  for (std::size_t i = 0; i < threads; ++i) threads_.emplace_back([this] { run(); });
}

WorkerPool::~WorkerPool() {
  *alive_ = false;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    tasks_.clear();
  }
  ready_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

bool WorkerPool::submit(std::function<void()> work, std::function<void()> done) {
  {
    const std::lock_guard lock(mutex_);
    if (tasks_.size() >= max_queued_) return false;
    tasks_.push_back({std::move(work), std::move(done)});
  }
  ready_.notify_one();
  return true;
}

void WorkerPool::run() {
  while (true) {
    Task task;
    {
      std::unique_lock lock(mutex_);
      ready_.wait(lock, [this] { return stopping_ || !tasks_.empty(); });
      if (stopping_) return;
      task = std::move(tasks_.front());
      tasks_.pop_front();
    }
    task.work();
    // `alive` is read on the loop's thread, where the destructor writes it.
    loop_.post([alive = alive_, done = std::move(task.done)] {
      if (*alive) done();
    });
  }
}

}  // namespace rp
