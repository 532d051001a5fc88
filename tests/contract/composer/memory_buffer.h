// A FrameBuffer in plain memory for composer tests and benchmarks, which can also refuse to be
// mapped or shrink while it is read. Thread rule: one thread.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include "engine/frame/pixel_layout.h"

namespace rp {

struct Rgba {
  double r = 0;
  double g = 0;
  double b = 0;
  double a = 1;  // colours are premultiplied; all 0…1
};

class MemoryBuffer final : public FrameBuffer {
 public:
  // `format` is a DRM code: "XR24", "AR24", "XB24", "AB24", "RG16", "XR30", "XB30", and "NV12",
  // "NV21", "YU12", "YV12", in which four pixels share the colour that was set last.
  MemoryBuffer(Size size, std::string_view format, std::uint32_t padding_bytes = 12);

  void set(std::int32_t x, std::int32_t y, Rgba colour);
  [[nodiscard]] Rgba get(std::int32_t x, std::int32_t y) const;
  void fill(Rgba colour);
  [[nodiscard]] bool has_alpha() const { return format_name_[0] == 'A'; }

  [[nodiscard]] const std::uint8_t* begin_cpu_read() override;
  bool end_cpu_read() override;

  bool mappable = true;
  bool shrinks = false;
  int open_reads = 0;
  void pretend_format(FourCc format) { format_ = format; }
  void pretend_stride(std::uint32_t stride, std::size_t plane = 0) {
    planes_[plane].stride_bytes = stride;
  }
  void pretend_planes(int count) { plane_count_ = count; }
  [[nodiscard]] std::size_t bytes() const { return bytes_.size(); }

 private:
  [[nodiscard]] std::size_t offset(std::int32_t x, std::int32_t y) const;
  // Where the samples Y, U and V of a pixel lie.
  [[nodiscard]] std::array<std::size_t, 3> samples(std::int32_t x, std::int32_t y) const;
  void set_yuv(std::int32_t x, std::int32_t y, Rgba colour);
  [[nodiscard]] Rgba get_yuv(std::int32_t x, std::int32_t y) const;

  std::string_view format_name_;
  const PixelLayout* layout_;
  std::uint32_t stride_;
  std::size_t bytes_per_pixel_;
  std::vector<std::uint8_t> bytes_;
  std::vector<std::uint8_t> zeros_;
};

}  // namespace rp
