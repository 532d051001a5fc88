// Ring<T>: a bounded single-producer single-consumer queue between two threads, wait-free on both
// sides. Full is an answer, not a wait: the producer decides what that means and counts it.
// Values are moved through slots made at construction (boost's queue of Debian 12 can only copy, so
// it carries slot numbers), so nothing is allocated afterwards. Thread rule: one thread pushes, one
// thread pops.
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

#include <boost/lockfree/spsc_queue.hpp>

namespace rp {

template <typename T>
class Ring {
 public:
  explicit Ring(std::size_t capacity) : slots_(capacity), queue_(capacity) {}

  // False when full; `value` is then untouched.
  [[nodiscard]] bool push(T&& value) {
    // Room in the queue means the consumer is done with the slot it will name.
    if (queue_.write_available() == 0) return false;
    slots_[next_] = std::move(value);
    const bool pushed = queue_.push(next_);
    next_ = (next_ + 1) % slots_.size();
    return pushed;
  }

  // False when empty.
  [[nodiscard]] bool pop(T& value) {
    return queue_.consume_one([&](std::size_t slot) { value = std::move(slots_[slot]); });
  }
  [[nodiscard]] bool empty() { return queue_.read_available() == 0; }

 private:
  std::vector<T> slots_;
  std::size_t next_ = 0;  // the producer's
  boost::lockfree::spsc_queue<std::size_t> queue_;
};

}  // namespace rp
