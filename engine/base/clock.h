// Clock: where time comes from. All of the engine's times are CLOCK_MONOTONIC microseconds
// (TimePoint), the clock Wayland's presentation times use too. Injected everywhere, so that tests
// move time by hand. Thread rule: SystemClock from any thread; FakeClock moves from the test's
// thread.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

namespace rp {

using Duration = std::chrono::microseconds;

// Microseconds of CLOCK_MONOTONIC.
struct TimePoint {
  std::int64_t us = 0;

  friend auto operator<=>(TimePoint, TimePoint) = default;
  friend TimePoint operator+(TimePoint t, Duration d) { return {t.us + d.count()}; }
  friend TimePoint operator-(TimePoint t, Duration d) { return {t.us - d.count()}; }
  friend Duration operator-(TimePoint a, TimePoint b) { return Duration(a.us - b.us); }
};

class Clock {
 public:
  virtual ~Clock() = default;
  [[nodiscard]] virtual TimePoint now() const = 0;
  // Seconds since 1970, for what people and tickets read.
  [[nodiscard]] virtual std::int64_t unix_seconds() const = 0;
};

class SystemClock final : public Clock {
 public:
  [[nodiscard]] TimePoint now() const override;
  [[nodiscard]] std::int64_t unix_seconds() const override;
};

class FakeClock final : public Clock {
 public:
  explicit FakeClock(TimePoint start = {1'000'000}, std::int64_t unix_seconds = 1'700'000'000)
      : now_us_(start.us), start_(start), unix_start_(unix_seconds) {}
  [[nodiscard]] TimePoint now() const override { return {now_us_.load()}; }
  [[nodiscard]] std::int64_t unix_seconds() const override {
    return unix_start_ + (now() - start_).count() / 1'000'000;
  }
  void advance(Duration by) { now_us_ += by.count(); }

 private:
  std::atomic<std::int64_t> now_us_;  // an encode thread may read it while the test moves it
  TimePoint start_;
  std::int64_t unix_start_;
};

}  // namespace rp
