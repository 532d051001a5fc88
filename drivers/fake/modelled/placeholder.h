// The smallest H.264 there is: constrained baseline (ITU-T H.264, 7.3), an IDR picture of plain
// grey at one byte a macroblock, and pictures that repeat the one before in about ten bytes. Real
// decoders show it, and no pixel is looked at. Thread rule: a plain value.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/frame/geometry.h"

namespace rp {

class PlaceholderStream {
 public:
  // `level_idc` as h264_level() gives it; `size` as shown, rounded up to even by the SPS's crop.
  PlaceholderStream(Size size, int level_idc);

  // Appends one access unit, Annex B: SPS, PPS and IDR for a key picture, else a slice of skipped
  // macroblocks. The first must be a key picture.
  void append(bool key, std::vector<std::uint8_t>& out);
  [[nodiscard]] std::uint64_t macroblocks() const {
    return std::uint64_t{width_mbs_} * height_mbs_;
  }

 private:
  std::uint32_t width_mbs_;
  std::uint32_t height_mbs_;
  std::vector<std::uint8_t> parameter_sets_;
  std::uint32_t frame_num_ = 0;
  std::uint32_t idr_pic_id_ = 0;
};

}  // namespace rp
