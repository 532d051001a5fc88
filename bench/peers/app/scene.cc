#include "bench/peers/app/scene.h"

#include <time.h>

#include <algorithm>
#include <cstddef>
#include <random>
#include <utility>
#include <vector>

namespace rp::peers {
namespace {

constexpr int kPageHeight_px = 4 * 1280;
constexpr std::uint32_t kGrain = 12;  // levels
constexpr std::uint32_t kWhite = 0xFFFFFFFF;
constexpr std::uint32_t kBlack = 0xFF000000;

// Random values on a lattice of `step_px`, blended linearly between its points, added to `out`.
void add_octave(std::mt19937& random, int width, int height, int step_px, float amplitude,
                std::vector<float>& out) {
  const int columns = width / step_px + 2;
  std::vector<float> lattice(static_cast<std::size_t>(columns) *
                             static_cast<std::size_t>(height / step_px + 2));
  std::uniform_real_distribution<float> value(-amplitude, amplitude);
  std::ranges::generate(lattice, [&] { return value(random); });
  const auto at = [&](int column, int row) {
    return lattice[static_cast<std::size_t>(row) * static_cast<std::size_t>(columns) +
                   static_cast<std::size_t>(column)];
  };
  std::size_t i = 0;
  for (int y = 0; y < height; ++y) {
    const float down = static_cast<float>(y % step_px) / static_cast<float>(step_px);
    const int row = y / step_px;
    for (int x = 0; x < width; ++x, ++i) {
      const float along = static_cast<float>(x % step_px) / static_cast<float>(step_px);
      const int column = x / step_px;
      const float above = at(column, row) * (1 - along) + at(column + 1, row) * along;
      const float below = at(column, row + 1) * (1 - along) + at(column + 1, row + 1) * along;
      out[i] += above * (1 - down) + below * down;
    }
  }
}

std::uint64_t now_100us() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 10'000 +
         static_cast<std::uint64_t>(now.tv_nsec) / 100'000;
}

void draw_bar(std::uint64_t time, int width, int top, std::span<std::uint32_t> pixels) {
  const std::uint64_t check =
      ((time & 0xFF) + (time >> 8 & 0xFF) + (time >> 16 & 0xFF) + (time >> 24)) & 0xFF;
  const std::uint64_t cells = 0b10ULL << 36 | time << 8 | check;
  for (int cell = 0; cell < kBarCells; ++cell) {
    const std::uint32_t colour = (cells >> (kBarCells - 1 - cell) & 1) != 0 ? kWhite : kBlack;
    for (int y = 0; y < kBarCell_px; ++y) {
      const auto from = static_cast<std::ptrdiff_t>(top + y) * width + cell * kBarCell_px;
      std::fill_n(pixels.begin() + from, kBarCell_px, colour);
    }
  }
}

}  // namespace

testapp::Page cloud_page(int width, int height) {
  testapp::Page page{width, height, {}};
  const auto count = static_cast<std::size_t>(width) * static_cast<std::size_t>(height);
  page.pixels.assign(count, 0xFF000000);
  std::mt19937 random(7);
  for (const int shift : {16, 8, 0}) {
    std::vector<float> channel(count, 128);
    for (const auto& [step_px, amplitude] : {std::pair{160, 60.0F}, {40, 36.0F}, {12, 20.0F}})
      add_octave(random, width, height, step_px, amplitude, channel);
    for (std::size_t i = 0; i < count; ++i) {
      const auto value = std::clamp(channel[i], 0.0F, 255.0F - kGrain);
      page.pixels[i] |= static_cast<std::uint32_t>(value) << shift;
    }
  }
  return page;
}

// Twice the picture's grain is made once; each frame takes it from another place.
void Scene::add_grain(int width, int height, std::span<std::uint32_t> pixels) {
  const auto count = static_cast<std::size_t>(width) * static_cast<std::size_t>(height);
  if (grain_.size() != 2 * count) {
    grain_.resize(2 * count);
    std::uniform_int_distribution<std::uint32_t> level(0, kGrain);
    std::ranges::generate(
        grain_, [&] { return level(random_) << 16 | level(random_) << 8 | level(random_); });
  }
  // No channel of the page is so bright that the sum could spill into the next one.
  const std::uint32_t* grain = grain_.data() + random_() % count;
  for (std::size_t i = 0; i < count; ++i) pixels[i] += grain[i];
}

void Scene::draw(int width, int height, std::span<std::uint32_t> pixels) {
  if (page_.width != width)
    page_ = camera_ ? cloud_page(width, kPageHeight_px) : testapp::text_page(width, kPageHeight_px);
  testapp::copy_rows(page_, top_, height, pixels);
  top_ = (top_ + kScrollStep_px) % page_.height;
  if (camera_) add_grain(width, height, pixels);
  const std::uint64_t time = now_100us() & 0xFFF'FFFF;
  draw_bar(time, width, 0, pixels);
  draw_bar(time, width, height - kBarCell_px, pixels);
}

}  // namespace rp::peers
