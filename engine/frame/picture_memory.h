// PictureMemory: where the pictures of a pool lie. PictureAllocator: who makes such memory:
// anonymous memory here; dma-heaps and a GPU's own in drivers/, so that a device's encoder reads
// what a device's composer wrote and no CPU touches a pixel between them.
//
//   kI420, one block a picture (rows padded to a multiple of 64 bytes, an even number of them):
//     y: stride_y × height      u: stride_uv × height/2     v: stride_uv × height/2
//   kNv12 (drm_fourcc.h DRM_FORMAT_NV12):
//     y: stride_y × height      u, v in turn, a byte each: stride_uv × height/2
//
// Thread rule: an allocator is the shard's. Memory may be written and read on any thread, one at a
// time, as the picture it holds travels.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "engine/base/result.h"
#include "engine/frame/frame.h"
#include "engine/frame/geometry.h"

namespace rp {

enum class PictureLayout : std::uint8_t { kI420, kNv12 };

struct PicturePlanes {
  PictureLayout layout = PictureLayout::kI420;
  std::int32_t stride_y = 0;   // bytes a row
  std::int32_t stride_uv = 0;  // of u and of v, or of the pairs
  // Mapped for the CPU; null in memory that is not, or not yet (cpu_access.h). kNv12: `u` is the
  // first pair's, `v` is u + 1.
  std::uint8_t* y = nullptr;
  std::uint8_t* u = nullptr;
  std::uint8_t* v = nullptr;
  // The dma-buf that holds the whole picture, borrowed; -1: memory of this process alone.
  int dmabuf = -1;
  std::uint32_t offset_y = 0;  // bytes from the dma-buf's start
  std::uint32_t offset_u = 0;
  std::uint32_t offset_v = 0;
  std::uint64_t modifier = kModifierLinear;
  std::size_t mappable_bytes = 0;  // of the dma-buf, when the CPU has to; 0: it cannot
};

// A dma-buf of a kernel heap ("/dev/dma_heap/system"), opened for reading.
[[nodiscard]] Result<UniqueFd> allocate_dmabuf(int heap, std::size_t bytes);

// Pictures of one size; the memory and its descriptors go with it.
class PictureMemory {
 public:
  virtual ~PictureMemory() = default;
  [[nodiscard]] virtual std::span<const PicturePlanes> pictures() const = 0;
};

class PictureAllocator {
 public:
  virtual ~PictureAllocator() = default;
  // `coded`: even sides, within limits::kMaxOutputSide_px. `count` ≥ 1.
  [[nodiscard]] virtual Result<std::unique_ptr<PictureMemory>> allocate(Size coded, int count) = 0;
};

// Anonymous memory in I420, reserved at once and touched only when used. Any thread.
[[nodiscard]] PictureAllocator& plain_memory();

}  // namespace rp
