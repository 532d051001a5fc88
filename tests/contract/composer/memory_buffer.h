// A FrameBuffer in plain memory for composer tests and benchmarks, which can also refuse to be
// mapped or shrink while it is read. Thread rule: one thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include "engine/frame/frame.h"

namespace rp {

struct Rgba {
  double r = 0;
  double g = 0;
  double b = 0;
  double a = 1;  // colours are premultiplied; all 0…1
};

class MemoryBuffer final : public FrameBuffer {
 public:
  // `format` is a DRM code: "XR24", "AR24", "XB24", "AB24", "RG16", "XR30", "XB30".
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
  void pretend_stride(std::uint32_t stride) { planes_[0].stride_bytes = stride; }

 private:
  [[nodiscard]] std::size_t offset(std::int32_t x, std::int32_t y) const;

  std::string_view format_name_;
  std::uint32_t stride_;
  std::size_t bytes_per_pixel_;
  std::vector<std::uint8_t> bytes_;
  std::vector<std::uint8_t> zeros_;
};

}  // namespace rp
