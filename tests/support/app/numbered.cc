#include "tests/support/app/numbered.h"

namespace rp::testapp {
namespace {

constexpr int kBits = 16;
constexpr int kSquare_px = kNumberedWidth_px / kBits;
constexpr int kTop_px = 16;
// Between these a square is unreadable.
constexpr int kDark = 80;
constexpr int kLight = 170;

// Smooth in both directions, so that a coder with loss comes near; it moves by 4 pixels a picture.
std::uint32_t colour(int x, int y, int number) {
  const auto wave = [](int at) {  // up and down between 0 and 255
    const int v = at & 511;
    return static_cast<std::uint32_t>(v < 256 ? v : 511 - v);
  };
  return wave(x + 4 * number) << 16 | wave(y + 2 * number) << 8 | wave(x + y);
}

}  // namespace

void draw_numbered(int width, int height, std::uint16_t number, std::span<std::uint32_t> out) {
  for (int y = 0; y < height; ++y) {
    const bool in_row = y >= kTop_px && y < kTop_px + kSquare_px;
    std::uint32_t* row = out.data() + static_cast<std::size_t>(y) * static_cast<std::size_t>(width);
    for (int x = 0; x < width; ++x) {
      const int bit = x / kSquare_px;
      if (in_row && bit < kBits) {
        row[x] = (number >> bit & 1) != 0 ? 0xFFFF'FFFFU : 0xFF00'0000U;
      } else {
        row[x] = 0xFF00'0000U | colour(x, y, number);
      }
    }
  }
}

std::optional<std::uint16_t> read_number(const std::uint8_t* luma, int stride_bytes) {
  std::uint16_t number = 0;
  constexpr int kMiddle = kSquare_px / 2;
  const std::uint8_t* row = luma + static_cast<std::ptrdiff_t>(kTop_px + kMiddle) * stride_bytes;
  for (int bit = 0; bit < kBits; ++bit) {
    const int value = row[bit * kSquare_px + kMiddle];
    if (value > kDark && value < kLight) return std::nullopt;
    if (value >= kLight) number = static_cast<std::uint16_t>(number | 1U << bit);
  }
  return number;
}

}  // namespace rp::testapp
