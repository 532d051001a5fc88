// What it costs to keep track of damage: regions of rectangles that lie apart (a page of changed
// words) or overlap (a moving finger), and their way from a surface to output pixels, as it is and
// scaled. Run:
//   build/dev/bench/damage_benchmark
#include <vector>

#include <benchmark/benchmark.h>

#include "engine/capture/damage.h"
#include "engine/frame/geometry.h"

namespace rp {
namespace {

std::vector<Rect> apart(std::int64_t count) {
  std::vector<Rect> rects;
  for (std::int32_t i = 0; i < count; ++i) rects.push_back({(i % 8) * 90, (i / 8) * 40, 60, 20});
  return rects;
}

Region region_of(const std::vector<Rect>& rects) {
  Region region;
  for (const Rect& rect : rects) region.add(rect);
  return region;
}

void BM_DamageAddApart(benchmark::State& state) {
  const auto rects = apart(state.range(0));
  for (auto _ : state) {
    Region region = region_of(rects);
    benchmark::DoNotOptimize(region);
  }
}
BENCHMARK(BM_DamageAddApart)->Arg(1)->Arg(16)->Arg(200);

void BM_DamageAddOverlapping(benchmark::State& state) {
  for (auto _ : state) {
    Region region;
    for (std::int32_t i = 0; i < state.range(0); ++i) region.add(Rect{i * 3, i * 5, 64, 64});
    benchmark::DoNotOptimize(region);
  }
}
BENCHMARK(BM_DamageAddOverlapping)->Arg(16)->Arg(200);

// What a session does with a picture's damage: cut to the output, taken out of what is stale.
void BM_DamageSubtractAndIntersect(benchmark::State& state) {
  const Region changed = region_of(apart(state.range(0)));
  for (auto _ : state) {
    Region stale(Rect{0, 0, 720, 1280});
    stale.subtract(changed);
    stale.intersect(Rect{0, 0, 720, 640});
    benchmark::DoNotOptimize(stale);
  }
}
BENCHMARK(BM_DamageSubtractAndIntersect)->Arg(1)->Arg(16);

void BM_DamageToOutput(benchmark::State& state) {
  const bool scaled = state.range(1) != 0;
  const Size buffer = scaled ? Size{360, 640} : Size{720, 1280};
  const DamageMapping mapping{
      buffer,
      Transform::kNormal,
      {0, 0, static_cast<double>(buffer.width), static_cast<double>(buffer.height)},
      buffer,
      {0, 0, 720, 1280}};
  Region damage = region_of(apart(state.range(0)));
  damage.intersect(Rect{0, 0, buffer.width, buffer.height});
  for (auto _ : state) {
    Region output;
    add_surface_damage(damage, mapping, output);
    benchmark::DoNotOptimize(output);
  }
}
BENCHMARK(BM_DamageToOutput)->Args({1, 0})->Args({16, 0})->Args({16, 1});

}  // namespace
}  // namespace rp

BENCHMARK_MAIN();
