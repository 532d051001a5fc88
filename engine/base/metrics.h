// Counters, gauges and fixed-bucket histograms, read out as Prometheus text (exposition format
// 0.0.4). Writers never lock: each metric is written by one thread (a shard) with relaxed atomics
// and may be read by any. Metrics live as long as their Registry handle; a session's are removed
// with it. Thread rule: add/observe from the owning thread; render and registration from any.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace rp {

class Counter {
 public:
  void add(std::uint64_t by = 1) {
    value_.store(value_.load(std::memory_order_relaxed) + by, std::memory_order_relaxed);
  }
  // For a counter that more than one thread writes, all of them by this.
  void add_shared(std::uint64_t by = 1) { value_.fetch_add(by, std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_ = 0;
};

class Gauge {
 public:
  void set(double value) { value_.store(value, std::memory_order_relaxed); }
  [[nodiscard]] double value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<double> value_ = 0;
};

// Durations in fixed buckets from 50 µs to 10 s, four to an octave near a frame's time; exported in
// seconds. quantile() interpolates inside a bucket.
class LatencyHistogram {
 public:
  static constexpr std::array<std::uint32_t, 24> kUpperBounds_us = {
      50,     100,    200,     400,     700,     1'000,   1'500,     2'000,
      3'000,  4'000,  6'000,   8'000,   11'000,  16'000,  22'000,    33'000,
      50'000, 75'000, 100'000, 150'000, 300'000, 600'000, 2'000'000, 10'000'000};

  void observe(std::int64_t us);
  [[nodiscard]] std::uint64_t count() const { return count_.load(std::memory_order_relaxed); }
  // The q-quantile (0 < q < 1) in microseconds; 0 without observations.
  [[nodiscard]] double quantile_us(double q) const { return quantile_us(q, counts()); }
  // Observations by bucket so far; the last one is of those beyond all bounds. The difference of
  // two of these is a window.
  using Counts = std::array<std::uint64_t, kUpperBounds_us.size() + 1>;
  [[nodiscard]] Counts counts() const;
  [[nodiscard]] static double quantile_us(double q, const Counts& counts);

 private:
  friend class Registry;
  std::array<std::atomic<std::uint64_t>, kUpperBounds_us.size() + 1> buckets_{};
  std::atomic<std::uint64_t> count_ = 0;
  std::atomic<std::uint64_t> sum_us_ = 0;
};

using Labels = std::vector<std::pair<std::string, std::string>>;

class Registry {
 public:
  // Keeps a metric in the registry; dropping it takes the metric out. Must not outlive the
  // registry.
  class Handle {
   public:
    Handle() = default;
    Handle(Handle&& other) noexcept;
    Handle& operator=(Handle&& other) noexcept;
    ~Handle();

   private:
    friend class Registry;
    Registry* registry_ = nullptr;
    std::uint64_t id_ = 0;
  };

  // `name` follows Prometheus' rules (rackphone_frames_total; _seconds for durations). The metric
  // is borrowed until the handle is dropped. One name has one help text and one type.
  [[nodiscard]] Handle add(std::string name, std::string help, Labels labels,
                           const Counter& metric);
  [[nodiscard]] Handle add(std::string name, std::string help, Labels labels, const Gauge& metric);
  [[nodiscard]] Handle add(std::string name, std::string help, Labels labels,
                           const LatencyHistogram& metric);
  // A gauge computed when read; called on the thread that renders.
  [[nodiscard]] Handle add(std::string name, std::string help, Labels labels,
                           std::function<double()> read);

  [[nodiscard]] std::string render() const;

 private:
  struct Entry {
    std::string name;
    std::string help;
    Labels labels;
    const Counter* counter = nullptr;
    const Gauge* gauge = nullptr;
    const LatencyHistogram* histogram = nullptr;
    std::function<double()> read;
  };
  [[nodiscard]] Handle insert(Entry entry);
  static void render_entry(std::string& out, const Entry& entry);
  static void render_histogram(std::string& out, const Entry& entry);

  mutable std::mutex mutex_;
  std::uint64_t next_id_ = 1;
  std::map<std::uint64_t, Entry> entries_;
};

}  // namespace rp
