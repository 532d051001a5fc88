// CPU time of encoding one 720×1280 picture with each driver, and the bytes it makes. Run:
//   build/dev/bench/encode_benchmark
// Pictures are drawn before the clock starts. Rows: driver/content.
#include <functional>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

#include "drivers/encoders.h"
#include "tests/contract/encoder/content.h"

namespace rp {
namespace {

constexpr Size kSize{720, 1280};
constexpr int kPictures = 60;

void encode(benchmark::State& state, const EncoderDriver& driver,
            const std::function<void(Picture&, int)>& draw, Rect shown) {
  auto codec = driver.create({.size = kSize});
  if (!codec) {
    state.SkipWithError(codec.error().message().c_str());
    return;
  }
  const auto pool = PicturePool::create(kSize, kPictures).value();
  std::vector<PictureRef> pictures;
  for (int i = 0; i < kPictures; ++i) {
    pictures.push_back(pool->acquire());
    draw(*pictures.back(), i);
  }
  AccessUnit unit;
  unit.shown = shown;
  std::size_t next = 0;
  std::size_t bytes = 0;
  const auto one = [&] {
    unit.bytes.clear();
    // Back and forth, so that the content goes on without a jump.
    const std::size_t turn = next++ % (2 * kPictures - 2);
    const std::size_t at = turn < kPictures ? turn : 2 * kPictures - 2 - turn;
    if (!(*codec)->encode(*pictures[at], false, unit)) state.SkipWithError("encode failed");
    bytes += unit.bytes.size();
  };
  for (int i = 0; i < 30; ++i) one();
  bytes = 0;
  for (auto _ : state) one();
  state.counters["bytes_per_frame"] = double(bytes) / double(state.iterations());
}

void scrolling_text(Picture& picture, int i) { draw_text(picture, 4 * i); }
void tiny_change(Picture& picture, int i) {
  draw_text(picture, 0);
  draw_cursor(picture, i % 2 == 0);
}
void still(Picture& picture, int) { draw_text(picture, 0); }

void add(const EncoderDriver& driver, const char* name, void (*draw)(Picture&, int),
         Rect shown = {}) {
  benchmark::RegisterBenchmark(
      (std::string(driver.name) + "/" + name).c_str(),
      [&driver, draw, shown](benchmark::State& state) { encode(state, driver, draw, shown); })
      ->Unit(benchmark::kMillisecond)
      ->MinTime(2);
}

}  // namespace
}  // namespace rp

int main(int argc, char** argv) {
  for (const rp::EncoderDriver& driver : rp::encoder_drivers()) {
    rp::add(driver, "scrolling_text", rp::scrolling_text);
    rp::add(driver, "tiny_change", rp::tiny_change);
    // As to a viewer that takes tiles: only the middle is shown.
    rp::add(driver, "tiny_change_shown", rp::tiny_change, {320, 600, 80, 80});
    rp::add(driver, "still", rp::still);
  }
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
