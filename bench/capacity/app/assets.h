// LoadAssets: the pixels all phones of one workload app are painted from, drawn once: a long page
// of text, the glyphs of a keyboard's characters, a texture that moves like film. XRGB8888. Thread
// rule: immutable once made.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/base/result.h"
#include "engine/frame/geometry.h"

namespace rp {

struct LoadBitmap {
  Size size;
  std::vector<std::uint32_t> pixels;
  [[nodiscard]] const std::uint32_t* row(std::int32_t y) const {
    return pixels.data() + static_cast<std::ptrdiff_t>(y) * size.width;
  }
};

struct LoadAssets {
  static constexpr Size kGlyph = {14, 28};
  static constexpr char kFirstGlyph = ' ';
  static constexpr char kLastGlyph = '~';

  LoadBitmap page;    // as wide as the display, six displays high; its end meets its begin
  LoadBitmap glyphs;  // one row of cells of kGlyph
  LoadBitmap film;    // soft shapes of many colours, larger than what is shown of it
  LoadBitmap grain;   // noise, added to film for the camera

  [[nodiscard]] static Result<LoadAssets> draw(Size display);
};

}  // namespace rp
