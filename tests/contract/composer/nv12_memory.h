// Pictures in NV12 in the process's own memory, filled with a given byte. Thread rule: one thread.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "engine/frame/picture_memory.h"

namespace rp {

class Nv12Memory final : public PictureMemory {
 public:
  Nv12Memory(Size coded, int count) {
    constexpr std::int32_t kPadding_bytes = 6;
    PicturePlanes planes;
    planes.layout = PictureLayout::kNv12;
    planes.stride_y = planes.stride_uv = coded.width + kPadding_bytes;
    const auto y_bytes = static_cast<std::size_t>(planes.stride_y * coded.height);
    const std::size_t picture_bytes = y_bytes + y_bytes / 2;
    bytes_.resize(picture_bytes * static_cast<std::size_t>(count));
    for (int i = 0; i < count; ++i) {
      planes.y = bytes_.data() + picture_bytes * static_cast<std::size_t>(i);
      planes.u = planes.y + y_bytes;
      planes.v = planes.u + 1;
      pictures_.push_back(planes);
    }
  }
  [[nodiscard]] std::span<const PicturePlanes> pictures() const override { return pictures_; }

 private:
  std::vector<std::uint8_t> bytes_;
  std::vector<PicturePlanes> pictures_;
};

class Nv12Allocator final : public PictureAllocator {
 public:
  [[nodiscard]] Result<std::unique_ptr<PictureMemory>> allocate(Size coded, int count) override {
    return std::make_unique<Nv12Memory>(coded, count);
  }
};

}  // namespace rp
