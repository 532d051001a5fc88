// CPU time of composing one 720×1280 picture, scene by scene. Run:
//   build/dev/bench/compose_benchmark --benchmark_repetitions=5
#include <benchmark/benchmark.h>

#include "engine/compose/cpu_composer.h"
#include "tests/contract/composer/memory_buffer.h"

namespace rp {
namespace {

constexpr Size kOutput{720, 1280};

Layer layer_of(Size size, std::string_view format, Rect destination,
               Transform transform = Transform::kNormal) {
  auto buffer = std::make_shared<MemoryBuffer>(size, format, 0U);
  for (int y = 0; y < size.height; ++y) {
    for (int x = 0; x < size.width; ++x) {
      buffer->set(x, y, {x % 97 / 200.0, y % 89 / 200.0, (x + y) % 64 / 200.0, 0.5});
    }
  }
  const Size upright = transformed(size, transform);
  Layer layer;
  layer.source = {0, 0, double(upright.width), double(upright.height)};
  layer.destination = destination;
  layer.transform = transform;
  layer.buffer = std::move(buffer);
  return layer;
}

constexpr Rect kAll{0, 0, kOutput.width, kOutput.height};

void run(benchmark::State& state, std::vector<Layer> layers, Rect damage) {
  Scene scene;
  scene.output = kOutput;
  scene.layers = std::move(layers);
  const auto pool = PicturePool::create(kOutput, 1).value();
  PictureRef picture = pool->acquire();
  CpuComposer composer;
  for (auto _ : state) {
    picture->stale.clear();
    picture->stale.add(damage);
    if (!composer.compose(scene, *picture)) state.SkipWithError("compose failed");
  }
  state.counters["ns_per_pixel"] = benchmark::Counter(
      double(damage.width) * damage.height * 1e-9,
      benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
}

void full(benchmark::State& state) { run(state, {layer_of(kOutput, "XR24", kAll)}, kAll); }
void five_percent(benchmark::State& state) {
  run(state, {layer_of(kOutput, "XR24", kAll)}, {100, 600, 360, 128});
}
void full_rgba(benchmark::State& state) { run(state, {layer_of(kOutput, "XB24", kAll)}, kAll); }
void full_565(benchmark::State& state) { run(state, {layer_of(kOutput, "RG16", kAll)}, kAll); }
void blend(benchmark::State& state) {
  run(state, {layer_of(kOutput, "XR24", kAll), layer_of(kOutput, "AR24", kAll)}, kAll);
}
// As a phone shell does it: a bar, an app, a keyboard, one beside the other.
void three_beside(benchmark::State& state) {
  run(state,
      {layer_of({720, 900}, "XR24", {0, 60, 720, 900}),
       layer_of({720, 60}, "XR24", {0, 0, 720, 60}),
       layer_of({720, 320}, "XR24", {0, 960, 720, 320})},
      kAll);
}
void scale_down_by_two(benchmark::State& state) {
  run(state, {layer_of({1440, 2560}, "XR24", kAll)}, kAll);
}
void scale_up(benchmark::State& state) { run(state, {layer_of({480, 853}, "XR24", kAll)}, kAll); }
void turn_90(benchmark::State& state) {
  run(state, {layer_of({1280, 720}, "XR24", kAll, Transform::k90)}, kAll);
}
void turn_180(benchmark::State& state) {
  run(state, {layer_of(kOutput, "XR24", kAll, Transform::k180)}, kAll);
}

BENCHMARK(full)->Unit(benchmark::kMicrosecond);
BENCHMARK(five_percent)->Unit(benchmark::kMicrosecond);
BENCHMARK(full_rgba)->Unit(benchmark::kMicrosecond);
BENCHMARK(full_565)->Unit(benchmark::kMicrosecond);
BENCHMARK(three_beside)->Unit(benchmark::kMicrosecond);
BENCHMARK(blend)->Unit(benchmark::kMicrosecond);
BENCHMARK(scale_down_by_two)->Unit(benchmark::kMicrosecond);
BENCHMARK(scale_up)->Unit(benchmark::kMicrosecond);
BENCHMARK(turn_90)->Unit(benchmark::kMicrosecond);
BENCHMARK(turn_180)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace rp

BENCHMARK_MAIN();
