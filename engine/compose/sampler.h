// Sampler: the pixels of a layer for one stretch of output rows, filtered bilinearly between the
// centres of the source's pixels. Edges repeat; nothing outside the source rectangle bleeds in.
// Thread rule: the shard's; for the time between a buffer's begin and end of reading.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/compose/pixel_format.h"
#include "engine/compose/upright_rows.h"
#include "engine/frame/frame.h"

namespace rp {

// An output column: the window's pixel `pair` and the one after it, and how much of each, in
// 256ths, once for every channel.
struct SampledColumn {
  std::uint16_t shares[8] = {};
  std::uint16_t pair = 0;
};

struct SamplerScratch {
  SamplerScratch();
  RowScratch rows;
  std::vector<std::uint8_t> mixed;     // two source rows blended
  std::vector<std::uint8_t> filtered;  // one output row
  std::vector<SampledColumn> columns;
};

// One axis of the mapping from output pixels to source pixels, in 32.32 fixed point: the source
// position of the output pixel `first + i` is start + i × step; lowest and highest bound what is
// read.
struct Axis {
  std::int64_t start = 0;
  std::int64_t step = 0;
  std::int32_t lowest = 0;
  std::int32_t highest = 0;

  // For output pixels from `first` on: destination [to, to + to_length) shows source
  // [from, from + from_length) of an image with `side` pixels.
  [[nodiscard]] static Axis map(double from, double from_length, std::int32_t to,
                                std::int32_t to_length, std::int32_t first, std::int32_t side);
  [[nodiscard]] std::int32_t pixel(std::int64_t i) const {
    return static_cast<std::int32_t>((start + i * step) >> 32);
  }
  // 0…255: how much of the next pixel is mixed in.
  [[nodiscard]] int fraction(std::int64_t i) const {
    return static_cast<int>(((start + i * step) >> 24) & 0xFF);
  }
  [[nodiscard]] std::int32_t clamped(std::int32_t p) const {
    return p < lowest ? lowest : p > highest ? highest : p;
  }
  // No filtering: output pixels fall on source pixels one to one.
  [[nodiscard]] bool exact() const {
    return step == std::int64_t{1} << 32 && (start >> 24 & 0xFF) == 0;
  }
};

class Sampler {
 public:
  // For the output pixels of `clip`, which lies inside the layer's destination.
  Sampler(const Layer& layer, const PixelFormat& format, const std::uint8_t* pixels, Rect clip,
          SamplerScratch& scratch);
  // ARGB of clip's row `i`; valid until the next call.
  [[nodiscard]] const std::uint8_t* row(std::int32_t i);

 private:
  void plan_columns();
  [[nodiscard]] const std::uint8_t* filter(const std::uint8_t* source);

  SamplerScratch& scratch_;
  Axis x_;
  Axis y_;
  std::int32_t width_;
  std::int32_t window_;  // first source column that is read
  std::int32_t window_count_;
  UprightRows rows_;
  bool exact_ = false;  // columns need no filter
  const std::uint8_t* last_ = nullptr;
  std::int32_t last_row_ = -1;
  int last_fraction_ = -1;
};

}  // namespace rp
