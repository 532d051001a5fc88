// Scene: what the workload shows under every server that is compared: a page that scrolls 6 pixels
// a frame, with a bar at its top that carries the time at which the frame was drawn, so that
// whoever sees pixels knows how old they are. Thread rule: a plain value.
#pragma once

#include <cstdint>
#include <random>
#include <span>
#include <string_view>
#include <vector>

#include "tests/support/app/picture.h"

namespace rp::peers {

// A bar: 38 cells of 16 × 16 pixels from the left edge on: white, black, then 28 bits of
// CLOCK_MONOTONIC in units of 100 µs (most significant first, white is 1), then 8 bits of check:
// the sum of the time's bytes. Cells this large come through any codec.
inline constexpr int kBarCell_px = 16;
inline constexpr int kBarCells = 38;
inline constexpr int kScrollStep_px = 6;

// `text`: the test app's page of words on a flat ground. `camera`: colour that changes everywhere,
// under grain that is new in each frame, like a camera's picture in a dim room: neither flat nor
// foreseeable from the frame before.
[[nodiscard]] testapp::Page cloud_page(int width, int height);

class Scene {
 public:
  // `kind` is "text" or "camera".
  explicit Scene(std::string_view kind) : camera_(kind == "camera") {}

  // Draws the next frame into XRGB8888 pixels of width × height (width at least 608), then its
  // time.
  void draw(int width, int height, std::span<std::uint32_t> pixels);

 private:
  void add_grain(int width, int height, std::span<std::uint32_t> pixels);

  bool camera_;
  testapp::Page page_;
  int top_ = 0;
  std::vector<std::uint32_t> grain_;
  std::mt19937 random_{7};
};

}  // namespace rp::peers
