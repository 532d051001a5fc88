// A real H.264 decoder (libavcodec) for the tests to judge the encoders by. Thread rule: one
// thread.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "engine/base/result.h"
#include "engine/frame/geometry.h"

namespace rp {

struct DecodedPicture {
  Size size;                    // as the SPS crops it
  std::vector<std::uint8_t> y;  // rows of size.width bytes
  bool key = false;
  int colour_matrix = 0;    // VUI matrix_coefficients
  int colour_transfer = 0;  // VUI transfer_characteristics
  bool full_range = false;
};

class TestDecoder {
 public:
  TestDecoder();
  ~TestDecoder();
  // Feeds one access unit; the picture the decoder gives out right away, or kWouldBlock when it
  // holds the picture back (it must not: that would be a frame of delay).
  [[nodiscard]] Result<DecodedPicture> decode(std::span<const std::uint8_t> access_unit);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace rp
