// The pixel formats the CPU composer reads, by their DRM code (drm_fourcc.h), and the libyuv
// function for each. libyuv names formats by the bytes of a little-endian word, as DRM does: its
// "ARGB" is DRM's ARGB8888, bytes B, G, R, A. Thread rule: constants.
#pragma once

#include <cstdint>

#include "engine/frame/frame.h"

namespace rp {

struct PixelFormat {
  FourCc code{};
  std::int32_t bytes_per_pixel = 4;
  bool has_alpha = false;
  // Null: the pixels are libyuv's ARGB already.
  int (*to_argb)(const std::uint8_t* source, int source_stride, std::uint8_t* argb, int argb_stride,
                 int width, int height) = nullptr;
  // Null: only by way of ARGB.
  int (*to_i420)(const std::uint8_t* source, int source_stride, std::uint8_t* y, int stride_y,
                 std::uint8_t* u, int stride_u, std::uint8_t* v, int stride_v, int width,
                 int height) = nullptr;
};

[[nodiscard]] constexpr FourCc fourcc(char a, char b, char c, char d) {
  const auto byte = [](char x) {
    return static_cast<std::uint32_t>(static_cast<unsigned char>(x));
  };
  return FourCc{byte(a) | byte(b) << 8 | byte(c) << 16 | byte(d) << 24};
}

// Null for a format the composer cannot read.
[[nodiscard]] const PixelFormat* find_pixel_format(FourCc code);

}  // namespace rp
