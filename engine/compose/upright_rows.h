// UprightRows: reads a layer's buffer row by row as the upright image, in libyuv's ARGB, whatever
// the buffer's format and transform. An ARGB buffer that stands upright is read in place. Thread
// rule: the shard's; a view for the time between the buffer's begin and end of reading.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/compose/pixel_format.h"
#include "engine/compose/planar_rows.h"
#include "engine/frame/frame.h"

namespace rp {

// Memory for one row of the widest buffer, kept by the composer.
struct RowScratch {
  RowScratch();
  std::vector<std::uint8_t> turned;   // a row in the buffer's format, put in order
  PlanarScratch planar;               // the same of a format with planes
  std::vector<std::uint8_t> argb[2];  // the same in ARGB: two, to filter between
};

class UprightRows {
 public:
  // `pixels` are the buffer's rows. The window is columns x to x + count of the upright image.
  UprightRows(const FrameBuffer& buffer, const PixelFormat& format, Transform transform,
              const std::uint8_t* pixels, std::int32_t x, std::int32_t count, RowScratch& scratch);

  // The window's pixels of upright row `y`, 4 bytes each. The two rows asked for last stay valid.
  [[nodiscard]] const std::uint8_t* row(std::int32_t y);

 private:
  [[nodiscard]] const std::uint8_t* load(std::int32_t y, std::uint8_t* into);
  [[nodiscard]] const std::uint8_t* in_order(const std::uint8_t* first);

  const PixelFormat& format_;
  RowScratch& scratch_;
  PlanarRows planar_;           // of a format with planes
  const std::uint8_t* origin_;  // pixel (x, 0) of the upright image
  std::ptrdiff_t column_step_;  // bytes from one upright column to the next
  std::ptrdiff_t row_step_;     // bytes from one upright row to the next
  std::int32_t count_;
  struct Slot {
    std::int32_t y = -1;
    const std::uint8_t* pixels = nullptr;
  };
  Slot slots_[2];
  int oldest_ = 0;
};

}  // namespace rp
