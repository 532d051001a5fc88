// LoadAssets: the pixels all phones of one workload app are painted from, drawn once: a long page
// of text, the glyphs of a keyboard's characters, a texture that moves like film. XRGB8888. Phones
// in containers have one process each: they map the file that one of them wrote, and so share its
// pages. Thread rule: immutable once made.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "engine/base/result.h"
#include "engine/frame/geometry.h"

namespace rp {

struct LoadBitmap {
  Size size;
  std::span<const std::uint32_t> pixels;  // rows without gaps, owned by the assets
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
  // What write() left in a file, mapped. kInvalid when it is not whole.
  [[nodiscard]] static Result<LoadAssets> map(const std::string& path);
  [[nodiscard]] Status write(const std::string& path) const;

  std::shared_ptr<const void> memory;  // where the pixels lie; shared so that assets can be moved
};

}  // namespace rp
