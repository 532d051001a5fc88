#include "tests/contract/encoder/content.h"

#include <cmath>
#include <cstring>

namespace rp {
namespace {

constexpr int kGlyphWidth_px = 8;
constexpr int kLineHeight_px = 16;

std::uint32_t mix(std::uint32_t x) {
  x ^= x >> 16;
  x *= 0x7feb352dU;
  x ^= x >> 15;
  x *= 0x846ca68bU;
  return x ^ (x >> 16);
}

// Whether the text has ink at (x, y): glyphs of 6×11 pixels in which runs of a hash are strokes.
bool ink(int x, int y) {
  const int line = y / kLineHeight_px;
  const int row = y % kLineHeight_px;
  const int column = x / kGlyphWidth_px;
  const int dot = x % kGlyphWidth_px;
  if (row < 3 || row > 13 || dot > 5 || column < 2) return false;
  const std::uint32_t glyph = mix(static_cast<std::uint32_t>(line * 4096 + column));
  if (glyph % 6 == 0) return false;                                       // a space
  if (glyph % 97 < static_cast<std::uint32_t>(column) / 4) return false;  // ragged right edge
  return ((glyph >> ((row / 2) * 3 + dot / 2) % 31) & 1U) != 0;
}

std::uint8_t* row_of(std::uint8_t* plane, int stride, int y) {
  return plane + static_cast<std::ptrdiff_t>(y) * stride;
}

void fill(std::uint8_t* plane, int stride, int width, int height, int value) {
  for (int y = 0; y < height; ++y) {
    std::memset(row_of(plane, stride, y), value, static_cast<std::size_t>(width));
  }
}

// Every chroma sample of the picture, in either layout: element x, y of a plane.
void fill_chroma(Picture& p, int u, int v) {
  const int width = p.coded.width / 2;
  const int height = p.coded.height / 2;
  if (p.layout == PictureLayout::kI420) {
    fill(p.u, p.stride_uv, width, height, u);
    fill(p.v, p.stride_uv, width, height, v);
    return;
  }
  for (int y = 0; y < height; ++y) {
    std::uint8_t* pairs = row_of(p.u, p.stride_uv, y);
    for (int x = 0; x < width; ++x) {
      pairs[2 * x] = static_cast<std::uint8_t>(u);
      pairs[2 * x + 1] = static_cast<std::uint8_t>(v);
    }
  }
}

}  // namespace

void draw_text(Picture& p, int scroll_px) {
  for (int y = 0; y < p.coded.height; ++y) {
    std::uint8_t* row = row_of(p.y, p.stride_y, y);
    for (int x = 0; x < p.coded.width; ++x) row[x] = ink(x, y + scroll_px) ? 40 : 228;
  }
  fill_chroma(p, 126, 130);
}

void draw_cursor(Picture& p, bool dark) {
  const int left = p.coded.width / 2 & ~15;
  const int top = p.coded.height / 2 & ~15;
  fill(row_of(p.y, p.stride_y, top) + left, p.stride_y, 16, 16, dark ? 40 : 228);
}

void draw_noise(Picture& p, std::uint32_t seed) {
  std::uint32_t state = mix(seed + 1);
  const auto scatter = [&](std::uint8_t* plane, int stride, int width, int height) {
    for (int y = 0; y < height; ++y) {
      std::uint8_t* row = row_of(plane, stride, y);
      for (int x = 0; x < width; ++x) {
        state = state * 1664525U + 1013904223U;
        row[x] = static_cast<std::uint8_t>(16 + (state >> 24) % 220);
      }
    }
  };
  scatter(p.y, p.stride_y, p.coded.width, p.coded.height);
  if (p.layout == PictureLayout::kNv12) {
    scatter(p.u, p.stride_uv, p.coded.width, p.coded.height / 2);
    return;
  }
  scatter(p.u, p.stride_uv, p.coded.width / 2, p.coded.height / 2);
  scatter(p.v, p.stride_uv, p.coded.width / 2, p.coded.height / 2);
}

double luma_psnr_db(const Picture& a, const std::uint8_t* y_plane, int stride_y) {
  double sum = 0;
  for (int y = 0; y < a.size.height; ++y) {
    const std::uint8_t* left = a.y + static_cast<std::ptrdiff_t>(y) * a.stride_y;
    const std::uint8_t* right = y_plane + static_cast<std::ptrdiff_t>(y) * stride_y;
    for (int x = 0; x < a.size.width; ++x) {
      const double d = static_cast<double>(left[x]) - right[x];
      sum += d * d;
    }
  }
  if (sum == 0) return 100;
  return 10 * std::log10(255.0 * 255.0 * a.size.width * a.size.height / sum);
}

}  // namespace rp
