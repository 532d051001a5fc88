// Ring<T>: a bounded single-producer single-consumer queue between two threads, wait-free on both
// sides. Full is an answer, not a wait: the producer decides what that means and counts it.
// Thread rule: one thread pushes, one thread pops.
#pragma once

#include <cstddef>

#include <boost/lockfree/spsc_queue.hpp>

namespace rp {

template <typename T>
class Ring {
 public:
  explicit Ring(std::size_t capacity) : queue_(capacity) {}

  // False when full; `value` is then untouched.
  [[nodiscard]] bool push(T&& value) {
    if (queue_.write_available() == 0) return false;
    return queue_.push(std::move(value));
  }
  // False when empty.
  [[nodiscard]] bool pop(T& value) { return queue_.pop(value); }
  [[nodiscard]] bool empty() { return queue_.read_available() == 0; }

 private:
  boost::lockfree::spsc_queue<T> queue_;
};

}  // namespace rp
