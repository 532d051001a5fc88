// PixelLayout: how the pixels of a format (drm_fourcc.h) lie in memory whose rows follow one
// another (the LINEAR modifier): its planes, and how large each is. Capture checks guests' buffers
// by it, compose reads them by it.
//
//   NV12, 6 × 4:  plane 0  Y Y Y Y Y Y   4 rows       plane 1  U V U V U V   2 rows
//
// Thread rule: constants.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "engine/frame/frame.h"

namespace rp {

struct PlaneLayout {
  std::int32_t bytes = 0;   // of one sample, or of the pair of samples that lie together
  std::int32_t divide = 1;  // pixels a sample, across and down
};

struct PixelLayout {
  FourCc code{};
  bool has_alpha = false;
  int plane_count = 1;
  std::array<PlaneLayout, 3> planes{};

  [[nodiscard]] constexpr std::int64_t row_bytes(int plane, std::int32_t width) const {
    const PlaneLayout& p = planes[static_cast<std::size_t>(plane)];
    return std::int64_t{(width + p.divide - 1) / p.divide} * p.bytes;
  }
  [[nodiscard]] constexpr std::int64_t rows(int plane, std::int32_t height) const {
    const std::int32_t divide = planes[static_cast<std::size_t>(plane)].divide;
    return (height + divide - 1) / divide;
  }
};

[[nodiscard]] constexpr FourCc fourcc(char a, char b, char c, char d) {
  const auto byte = [](char x) {
    return static_cast<std::uint32_t>(static_cast<unsigned char>(x));
  };
  return FourCc{byte(a) | byte(b) << 8 | byte(c) << 16 | byte(d) << 24};
}

// Every format the engine knows. Of video: NV12 and NV21, YU12 and YV12, which are what phones'
// decoders and cameras give; with 10 bits nothing is gained, because pictures have 8.
[[nodiscard]] std::span<const PixelLayout> pixel_layouts();
// Null for another.
[[nodiscard]] const PixelLayout* find_pixel_layout(FourCc code);

}  // namespace rp
