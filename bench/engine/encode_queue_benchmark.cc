// What the queue before the encode thread costs and what it is good for. Run:
//   build/dev/bench/encode_queue_benchmark
// BM_Turn: one turn given with so many phones waiting. BM_InputBesideBursts: 200 phones draw at the
// same moment, ten times a second (composing takes 0.3 ms, the codec 0.4 ms a picture), and input
// comes every 7 ms: how long it waits for the shard's loop. /0 composes at once what is drawn, /1
// when the encoder's turn has come.
#include <sys/epoll.h>
#include <sys/eventfd.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <thread>
#include <vector>

#include <benchmark/benchmark.h>

#include "engine/base/thread_time.h"
#include "engine/encode/encode_schedule.h"
#include "engine/encode/encoder_pool.h"

namespace rp {
namespace {

void BM_Turn(benchmark::State& state) {
  EncodeSchedule schedule;
  std::vector<EncodeSchedule::Place> places(static_cast<std::size_t>(state.range(0)));
  for (auto& place : places) schedule.wait(place, {0}, false);
  for (auto _ : state) {
    EncodeSchedule::Place* next = schedule.next();
    schedule.charge(*next, 1);
    schedule.wait(*next, {0}, false);
  }
}
BENCHMARK(BM_Turn)->Arg(10)->Arg(200)->Arg(1000);

// CPU time, not wall time: a picture costs the same on a machine others use as well.
void work_for(Duration time) {
  const Duration end = cpu_time_of(::pthread_self()) + time;
  while (cpu_time_of(::pthread_self()) < end) continue;
}

class SlowCodec final : public BlockingEncoder {
 public:
  Status encode(const Picture&, bool force_key, AccessUnit& out) override {
    work_for(Duration(400));
    out.key = force_key;
    return {};
  }
  Status set_rate(EncoderRate) override { return {}; }
};

constexpr EncoderDriver kSlow{
    "slow", [](const EncoderSettings&) { return Status{}; },
    [](const EncoderSettings&) -> Result<std::unique_ptr<BlockingEncoder>> {
      return std::make_unique<SlowCodec>();
    }};

// As little of a session as this needs.
struct Phone {
  std::shared_ptr<PicturePool> pool;
  std::unique_ptr<Encoder> encoder;
  bool drawn = false;

  void pump(bool in_turn) {
    if (!drawn || encoder->in_flight() > 0 || (in_turn && !encoder->ask_turn(0))) return;
    drawn = false;
    EncodeRequest request;
    request.picture = pool->acquire();
    work_for(Duration(300));
    RP_CHECK(encoder->submit(request).has_value());
  }
};

struct Input {
  UniqueFd event{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
  std::atomic<std::int64_t> sent_us{0};  // of the oldest that waits; 0: none does
  std::vector<double> waited_ms;

  void arrived(TimePoint now) {
    std::uint64_t count = 0;
    if (::read(event.get(), &count, sizeof count) != sizeof count) return;
    waited_ms.push_back(static_cast<double>(now.us - sent_us.exchange(0)) / 1e3);
  }
};

void BM_InputBesideBursts(benchmark::State& state) {
  const bool in_turn = state.range(0) != 0;
  const SystemClock clock;
  const auto loop = EventLoop::create(clock).value();
  const auto thread = EncodeThread::create(*loop).value();
  EncoderPool encoders(*thread, {.drivers = std::span(&kSlow, 1)});
  std::vector<Phone> phones(200);
  for (Phone& phone : phones) {
    phone.pool = PicturePool::create({64, 64}, 3).value();
    phone.encoder = encoders
                        .lend({.size = {64, 64}},
                              [&phone, in_turn](Result<AccessUnit>) { phone.pump(in_turn); })
                        .value();
    phone.encoder->set_on_turn([&phone] { phone.pump(true); });
  }
  Input input;
  const auto watch =
      loop->watch(input.event.get(), EPOLLIN, [&](std::uint32_t) { input.arrived(clock.now()); })
          .value();
  EventLoop::Timer burst = loop->timer([&] {
    for (Phone& phone : phones) {
      phone.drawn = true;
      phone.pump(in_turn);
    }
    burst.arm_after(std::chrono::milliseconds(100));
  });
  burst.arm_after(Duration(0));
  std::atomic<bool> stop = false;
  std::thread person([&] {
    const std::uint64_t one = 1;
    while (!stop) {
      std::this_thread::sleep_for(std::chrono::milliseconds(7));
      std::int64_t none = 0;
      input.sent_us.compare_exchange_strong(none, clock.now().us);
      if (::write(input.event.get(), &one, sizeof one) != sizeof one) return;
    }
  });
  for (auto _ : state) {
    const TimePoint end = clock.now() + std::chrono::seconds(2);
    while (clock.now() < end) loop->run_once(std::chrono::milliseconds(10));
  }
  stop = true;
  person.join();
  std::ranges::sort(input.waited_ms);
  const auto at = [&](double q) {
    return input
        .waited_ms[static_cast<std::size_t>(q * static_cast<double>(input.waited_ms.size() - 1))];
  };
  state.counters["wait_p50_ms"] = at(0.5);
  state.counters["wait_p95_ms"] = at(0.95);
  state.counters["wait_max_ms"] = at(1);
}
BENCHMARK(BM_InputBesideBursts)->Arg(0)->Arg(1)->Iterations(1)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace rp

BENCHMARK_MAIN();
