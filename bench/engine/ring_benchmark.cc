// What the ring between a shard and its encode thread costs: one value in and out on one thread (no
// waiting), and values handed from one thread to another, both spinning. Run:
//   build/dev/bench/ring_benchmark
#include <array>
#include <atomic>
#include <cstdint>
#include <thread>

#include <benchmark/benchmark.h>

#include "engine/base/ring.h"

namespace rp {
namespace {

// About as large as what is asked of an encoder.
struct Item {
  std::uint64_t sequence = 0;
  std::array<std::uint64_t, 12> rest{};
};

void BM_RingPushPop(benchmark::State& state) {
  Ring<Item> ring(8);
  Item out;
  for (auto _ : state) {
    Item in;
    in.sequence = out.sequence + 1;
    benchmark::DoNotOptimize(ring.push(std::move(in)));
    benchmark::DoNotOptimize(ring.pop(out));
  }
}
BENCHMARK(BM_RingPushPop);

void BM_RingBetweenThreads(benchmark::State& state) {
  Ring<Item> ring(8);
  std::atomic<bool> ending = false;
  std::thread consumer([&] {
    Item out;
    while (!ending.load(std::memory_order_relaxed))
      if (!ring.pop(out)) std::this_thread::yield();
  });
  std::uint64_t full = 0;
  for (auto _ : state) {
    Item in;
    while (!ring.push(std::move(in))) {
      ++full;
      std::this_thread::yield();
    }
  }
  ending = true;
  consumer.join();
  state.counters["full"] =
      benchmark::Counter(static_cast<double>(full), benchmark::Counter::kAvgIterations);
}
BENCHMARK(BM_RingBetweenThreads)->UseRealTime();

}  // namespace
}  // namespace rp

BENCHMARK_MAIN();
