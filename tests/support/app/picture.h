// What the test app draws: a long page of text that scrolls, a still page, a button that changes
// colour. The same page feeds the bare encoder in bench/frame_path, so that both encode equal
// pictures. Thread rule: plain functions.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace rp::testapp {

// Pixels are XRGB8888, rows of `width`, no padding.
struct Page {
  int width = 0;
  int height = 0;
  std::vector<std::uint32_t> pixels;
};

// Words in rows, dark on light with a few coloured headings, drawn with the system's default sans
// font. Deterministic for one font set.
[[nodiscard]] Page text_page(int width, int height);

// Copies `height` rows of the page from row `top` on, wrapping at its end.
void copy_rows(const Page& page, int top, int height, std::span<std::uint32_t> out);

inline constexpr std::uint32_t kButtonColours[] = {0xFF1E6FD9, 0xFFD9531E, 0xFF2FA84F, 0xFF8A3FC4};

// A page of one background colour with a button in its middle half; `presses` picks the colour.
void draw_button(int width, int height, unsigned presses, std::span<std::uint32_t> out);

// Grey noise of 2×2 pixels over three tenths of each side, in the middle, another for each `seed`.
void draw_noise(int width, int height, unsigned seed, std::span<std::uint32_t> out);

}  // namespace rp::testapp
