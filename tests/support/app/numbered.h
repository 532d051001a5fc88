// A picture that says which one it is: its number in squares of black and white along the top, and
// below it colours that move with the number. Who sees it decoded reads the number, draws the same
// again and compares. Thread rule: plain functions.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

namespace rp::testapp {

// A picture at least this large holds a whole number.
inline constexpr int kNumberedWidth_px = 256;
inline constexpr int kNumberedHeight_px = 64;

// Pixels are XRGB8888, rows of `width`, no padding.
void draw_numbered(int width, int height, std::uint16_t number, std::span<std::uint32_t> out);

// From a picture's luma; nothing when a square is neither black nor white.
[[nodiscard]] std::optional<std::uint16_t> read_number(const std::uint8_t* luma, int stride_bytes);

}  // namespace rp::testapp
