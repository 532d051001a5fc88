// What the parts of the lossless path cost for a page of 720x1280: hashing its cells, finding what
// scrolled, and packing tiles of one colour, of text-like and of film-like pixels. Run:
//   build/dev/bench/tiles_benchmark
#include <random>
#include <vector>

#include <benchmark/benchmark.h>

#include "engine/tiles/cell_hashes.h"
#include "engine/tiles/moved.h"
#include "engine/tiles/tile_encoder.h"

namespace rp {
namespace {

constexpr Size kPage = {720, 1280};

// Lines of dark marks on white, 40 colours, no two lines alike.
std::vector<std::uint32_t> text_page(Size size) {
  std::mt19937 random(5);
  std::vector<std::uint32_t> pixels;
  for (std::int32_t y = 0; y < size.height; ++y) {
    for (std::int32_t x = 0; x < size.width; ++x) {
      const bool ink = y % 30 < 18 && random() % 4 == 0;
      const std::uint32_t level = ink ? static_cast<std::uint32_t>(random() % 40 * 5) : 250U;
      pixels.push_back(0xFF00'0000U | level * 0x01'0101U);
    }
  }
  return pixels;
}

std::vector<std::uint32_t> film(Size size) {
  std::mt19937 random(6);
  std::vector<std::uint32_t> pixels;
  for (std::int32_t i = 0; i < size.width * size.height; ++i)
    pixels.push_back(0xFF00'0000U | (static_cast<std::uint32_t>(random()) & 0xFFFFFFU));
  return pixels;
}

// The page, scrolled by so many rows.
CellHashes hashes_of(const std::vector<std::uint32_t>& pixels, std::int32_t scrolled) {
  CellHashes hashes;
  hashes.reset(kPage);
  for (std::int32_t column = 0; column < hashes.columns(); ++column) {
    for (std::int32_t row = 0; row < hashes.rows(); ++row) {
      const Rect area = hashes.area_of(column, (row + scrolled) % kPage.height);
      const auto at =
          static_cast<std::size_t>(area.y) * kPage.width + static_cast<std::size_t>(area.x);
      hashes.set(column, row,
                 CellHashes::hash({&pixels[at], static_cast<std::size_t>(area.width)}));
    }
  }
  return hashes;
}

void BM_TileHashCell(benchmark::State& state) {
  const auto pixels = text_page({CellHashes::kCellWidth_px, 1});
  for (auto _ : state) benchmark::DoNotOptimize(CellHashes::hash(pixels));
}
BENCHMARK(BM_TileHashCell);

void BM_TileHashPage(benchmark::State& state) {
  const auto pixels = text_page(kPage);
  for (auto _ : state) {
    CellHashes hashes = hashes_of(pixels, 0);
    benchmark::DoNotOptimize(hashes);
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(pixels.size() * 4));
}
BENCHMARK(BM_TileHashPage)->Unit(benchmark::kMicrosecond);

void BM_TileFindScroll(benchmark::State& state) {
  const auto pixels = text_page(kPage);
  const CellHashes before = hashes_of(pixels, 0);
  const CellHashes now = hashes_of(pixels, 6);
  MoveFinder finder;
  Moves moves;
  for (auto _ : state) {
    finder.find(before, now, {0, 0, kPage.width, kPage.height}, moves);
    benchmark::DoNotOptimize(moves);
  }
  if (moves.blocks.empty()) state.SkipWithError("the page's scroll was not found");
}
BENCHMARK(BM_TileFindScroll)->Unit(benchmark::kMicrosecond);

void pack(benchmark::State& state, const std::vector<std::uint32_t>& pixels, Size size) {
  TileEncoder encoder;
  std::vector<std::uint8_t> out;
  for (auto _ : state) {
    out.clear();
    benchmark::DoNotOptimize(encoder.append(pixels, static_cast<std::size_t>(size.width),
                                            {0, 0, size.width, size.height}, out));
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(pixels.size() * 4));
  state.counters["bytes"] = static_cast<double>(out.size());
}

constexpr Size kStrip = {720, 64};
void BM_TilePackOneColour(benchmark::State& state) {
  pack(state, std::vector<std::uint32_t>(720U * 64U, 0xFFFF'FFFFU), kStrip);
}
void BM_TilePackText(benchmark::State& state) { pack(state, text_page(kStrip), kStrip); }
void BM_TilePackFilm(benchmark::State& state) { pack(state, film(kStrip), kStrip); }
void BM_TilePackCaret(benchmark::State& state) { pack(state, text_page({14, 28}), {14, 28}); }
BENCHMARK(BM_TilePackOneColour)->Unit(benchmark::kMicrosecond);
BENCHMARK(BM_TilePackText)->Unit(benchmark::kMicrosecond);
BENCHMARK(BM_TilePackFilm)->Unit(benchmark::kMicrosecond);
BENCHMARK(BM_TilePackCaret)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace rp

BENCHMARK_MAIN();
