// Pictures for encoder tests and benchmarks: lines of glyph-like marks, dark on light, that can be
// scrolled; a blinking cursor; noise. Deterministic. Thread rule: plain functions.
#pragma once

#include <cstdint>

#include "engine/frame/picture.h"

namespace rp {

// Fills the coded picture with text whose first line starts `scroll_px` above the top.
void draw_text(Picture& picture, int scroll_px);
// A block of 16×16 pixels in the middle, light or dark.
void draw_cursor(Picture& picture, bool dark);
// Every pixel of every plane by chance.
void draw_noise(Picture& picture, std::uint32_t seed);

// Peak signal-to-noise ratio of the luma planes in dB, over the shown size; 100 when they are
// equal.
[[nodiscard]] double luma_psnr_db(const Picture& a, const std::uint8_t* y, int stride_y);

}  // namespace rp
