// The pixel formats the CPU composer reads, by their DRM code (drm_fourcc.h), and the libyuv
// function for each. libyuv names formats by the bytes of a little-endian word, as DRM does: its
// "ARGB" is DRM's ARGB8888, bytes B, G, R, A. Thread rule: constants.
#pragma once

#include <cstdint>

#include "engine/frame/pixel_layout.h"

namespace rp {

// Where a format with planes has its colours, at half the size both ways.
enum class Chroma : std::uint8_t {
  kNone,     // it has no planes
  kPairsUv,  // plane 1, U first
  kPairsVu,
  kPlanesUv,  // planes 1 and 2, U first
  kPlanesVu,
};

struct PixelFormat {
  FourCc code{};
  std::int32_t bytes_per_pixel = 4;  // of plane 0
  bool has_alpha = false;
  // Null: the pixels are libyuv's ARGB already, or have planes.
  int (*to_argb)(const std::uint8_t* source, int source_stride, std::uint8_t* argb, int argb_stride,
                 int width, int height) = nullptr;
  // Null: only by way of ARGB.
  int (*to_i420)(const std::uint8_t* source, int source_stride, std::uint8_t* y, int stride_y,
                 std::uint8_t* u, int stride_u, std::uint8_t* v, int stride_v, int width,
                 int height) = nullptr;
  Chroma chroma = Chroma::kNone;
};

// Null for a format the composer cannot read.
[[nodiscard]] const PixelFormat* find_pixel_format(FourCc code);

}  // namespace rp
