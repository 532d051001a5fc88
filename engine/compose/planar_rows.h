// PlanarRows: rows of the upright image of a buffer in YUV 4:2:0, in libyuv's ARGB. Its colours are
// BT.709, limited range (no protocol here says otherwise), each for 2 × 2 pixels. The arithmetic is
// our own: libyuv's matrix for BT.709 is up to 14 levels off in blue, and a shader has to agree
// (drivers/vulkan/shaders/draw.comp). Thread rule: the shard's; a view for the time between the
// buffer's begin and end of reading.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/compose/pixel_format.h"
#include "engine/frame/frame.h"

namespace rp {

// A row's samples put in order, a colour for every pixel.
struct PlanarScratch {
  PlanarScratch();
  std::vector<std::uint8_t> y, u, v;
};

class PlanarRows {
 public:
  // As UprightRows has them; unused for a format without planes.
  PlanarRows(const FrameBuffer& buffer, const PixelFormat& format, Transform transform,
             const std::uint8_t* pixels, std::int32_t x, std::int32_t count,
             PlanarScratch& scratch);

  // Writes the window's pixels of upright row `y`.
  void load(std::int32_t y, std::uint8_t* into);

 private:
  struct Samples {
    const std::uint8_t* first = nullptr;
    std::ptrdiff_t stride = 0;
  };
  void gather_upright(Rect at);
  void gather_turned(Rect at);

  PlanarScratch& scratch_;
  std::ptrdiff_t chroma_step_ = 1;  // bytes from one colour's sample to its next
  Samples y_, u_, v_;
  Transform turn_;  // from the upright image to the buffer
  Size upright_;
  std::int32_t x_;
  std::int32_t count_;
};

}  // namespace rp
