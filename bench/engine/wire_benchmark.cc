// What a frame's packet costs beside its payload: the headers of VIDEO, TILES and WebSocket
// written, and a viewer's messages taken apart again. Run:
//   build/dev/bench/wire_benchmark
#include <array>
#include <vector>

#include <benchmark/benchmark.h>

#include "engine/transport/websocket_frame.h"
#include "engine/wire/message.h"
#include "engine/wire/tiles.h"
#include "engine/wire/video.h"

namespace rp {
namespace {

wire::Video video() {
  wire::Video one;
  one.sequence = 7;
  one.capture_time_us = 1'234'567;
  one.width_px = one.shown.width = 720;
  one.height_px = one.shown.height = 1280;
  return one;
}

void BM_WireVideoHeaders(benchmark::State& state) {
  wire::Video frame = video();
  for (auto _ : state) {
    ++frame.sequence;
    const auto header = wire::serialise(frame, 20'000);
    const auto outer = websocket_header(WebSocketOpcode::kBinary, header.size() + 20'000, nullptr);
    benchmark::DoNotOptimize(header);
    benchmark::DoNotOptimize(outer);
  }
}
BENCHMARK(BM_WireVideoHeaders);

void BM_WireTilesOfACaret(benchmark::State& state) {
  const std::array<std::uint8_t, 40> packed{};
  std::vector<std::uint8_t> out;
  for (auto _ : state) {
    out.clear();
    const std::size_t begin =
        wire::begin_tile(out, wire::TileEncoding::kPalette, {100, 200, 14, 28});
    out.insert(out.end(), packed.begin(), packed.end());
    wire::end_tile(out, begin);
    wire::Tiles tiles;
    tiles.operations = 1;
    benchmark::DoNotOptimize(wire::serialise(tiles, out.size()));
    benchmark::DoNotOptimize(out.data());
  }
}
BENCHMARK(BM_WireTilesOfACaret);

void BM_WireParseVideo(benchmark::State& state) {
  std::vector<std::uint8_t> message;
  const auto header = wire::serialise(video(), 20'000);
  message.assign(header.begin(), header.end());
  message.resize(message.size() + 20'000);
  for (auto _ : state) {
    wire::MessageReader reader(message);
    const auto view = reader.next();
    if (!view || !wire::parse_video(*view)) return state.SkipWithError("VIDEO was not read");
  }
}
BENCHMARK(BM_WireParseVideo);

void BM_WireUnmask(benchmark::State& state) {
  std::vector<std::uint8_t> bytes(static_cast<std::size_t>(state.range(0)), 5);
  const WebSocketMask mask = {1, 2, 3, 4};
  for (auto _ : state) {
    apply_websocket_mask(bytes, mask, 0);
    benchmark::DoNotOptimize(bytes.data());
  }
  state.SetBytesProcessed(state.iterations() * state.range(0));
}
BENCHMARK(BM_WireUnmask)->Arg(40)->Arg(16'384);

}  // namespace
}  // namespace rp

BENCHMARK_MAIN();
