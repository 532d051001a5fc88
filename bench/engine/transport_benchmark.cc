// What it costs to send: frames of a given size over WebSocket, plain or TLS 1.3, on loopback TCP.
// "cpu_us_per_frame" is CPU time of the sending thread alone (CLOCK_THREAD_CPUTIME_ID); a second
// thread reads. Every frame is acknowledged at once, so that readiness never waits for a link.
#include <time.h>

#include <array>
#include <thread>

#include <benchmark/benchmark.h>

#include "engine/transport/websocket_sender.h"
#include "engine/wire/video.h"
#include "tests/support/stream_pair.h"

namespace rp {
namespace {

class Frames final : public SenderListener {
 public:
  explicit Frames(std::size_t bytes) : payload_(bytes, 7) {}
  void on_message(std::span<const std::uint8_t>) override {}
  void on_ready_for_frame() override {}
  void on_payload_free(std::vector<std::uint8_t> payload) override {
    payload_ = std::move(payload);
  }
  void on_closed(const Error&) override {}

  [[nodiscard]] bool has_payload() const { return !payload_.empty(); }
  std::vector<std::uint8_t> take() { return std::exchange(payload_, {}); }

 private:
  std::vector<std::uint8_t> payload_;
};

class DropAll final : public ByteStreamListener {
 public:
  explicit DropAll(ByteStream& stream) : stream_(stream) {}
  void on_ready(bool readable, bool) override {
    std::array<std::uint8_t, 65'536> buffer;
    for (int i = 0; readable && i < 64; ++i) {
      const auto got = stream_.read(buffer);
      if (got) continue;
      if (got.error().code != ErrorCode::kWouldBlock) stream_.set_interest(false, false);
      return;
    }
  }

 private:
  ByteStream& stream_;
};

double thread_cpu_us() {
  timespec ts{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
  return static_cast<double>(ts.tv_sec) * 1e6 + static_cast<double>(ts.tv_nsec) / 1e3;
}

void send_frames(benchmark::State& state, StreamPair streams) {
  const SystemClock clock;
  auto reader_loop = std::move(*EventLoop::create(clock));
  DropAll drop(*streams.client);
  RP_CHECK(streams.client->attach(*reader_loop, drop).has_value());
  // A TLS client speaks first: its hello goes out with the first write.
  streams.client->set_interest(true, false);
  std::array<std::uint8_t, 1> first;
  (void)streams.client->read(first);
  std::thread reader([&] { reader_loop->run(); });

  auto loop = std::move(*EventLoop::create(clock));
  auto sender =
      std::move(*WebSocketSender::create(*loop, std::move(streams.server), WebSocketRole::kServer));
  Frames frames(static_cast<std::size_t>(state.range(0)));
  sender->set_listener(frames);
  std::uint32_t sequence = 0;
  const auto send_one = [&] {
    wire::Video video;
    video.sequence = ++sequence;
    const auto header = wire::serialise(video, static_cast<std::size_t>(state.range(0)));
    RP_CHECK(sender->send_frame(header, frames.take(), sequence).has_value());
    sender->acknowledge(sequence, clock.now());
    while (!frames.has_payload()) loop->run_once(Duration(-1));
  };
  for (int i = 0; i < 100; ++i) send_one();  // the handshake, caches, the congestion window
  const double before_us = thread_cpu_us();
  for (auto _ : state) send_one();
  state.counters["cpu_us_per_frame"] =
      (thread_cpu_us() - before_us) / static_cast<double>(state.iterations());
  state.SetBytesProcessed(state.iterations() * state.range(0));
  sender.reset();
  reader_loop->stop();
  reader.join();
  streams.client.reset();  // its watch must not outlive the loop
}

void BM_SendFramePlain(benchmark::State& state) { send_frames(state, make_plain_streams()); }
void BM_SendFrameTls(benchmark::State& state) {
  send_frames(state, make_tls_streams(make_tls_pair()));
}

BENCHMARK(BM_SendFramePlain)->Arg(20'000)->UseRealTime()->Unit(benchmark::kMicrosecond);
BENCHMARK(BM_SendFrameTls)
    ->Arg(2'000)
    ->Arg(20'000)
    ->Arg(100'000)
    ->UseRealTime()
    ->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace rp

BENCHMARK_MAIN();
