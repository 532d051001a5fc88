// Memory of the kernel's dma-heap for tests: a guest's buffer and a picture's memory. Thread
// rule: one thread.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "engine/base/unique_fd.h"
#include "engine/frame/frame.h"
#include "engine/frame/picture_memory.h"

namespace rp {

// A dma-buf of /dev/dma_heap/system, mapped.
class DmaMemory {
 public:
  [[nodiscard]] static Result<std::unique_ptr<DmaMemory>> create(std::size_t bytes);
  DmaMemory(const DmaMemory&) = delete;
  DmaMemory& operator=(const DmaMemory&) = delete;
  ~DmaMemory();
  [[nodiscard]] int fd() const { return fd_.get(); }
  [[nodiscard]] std::uint8_t* map() const { return map_; }

 private:
  DmaMemory() = default;
  UniqueFd fd_;
  std::uint8_t* map_ = nullptr;
  std::size_t bytes_ = 0;
};

// A guest's buffer in such memory, which counts how often the CPU reads it.
class DmaFrameBuffer final : public FrameBuffer {
 public:
  // With the content of `from`, laid out as it is, `offset_bytes` into the dma-buf.
  [[nodiscard]] static Result<std::shared_ptr<DmaFrameBuffer>> copy_of(FrameBuffer& from,
                                                                       std::uint32_t offset_bytes);
  [[nodiscard]] const std::uint8_t* begin_cpu_read() override;
  bool end_cpu_read() override { return true; }
  [[nodiscard]] int acquire_fence() const override { return fence.get(); }

  int cpu_reads = 0;
  UniqueFd fence;
  void pretend_size(Size size) { size_ = size; }
  void pretend_modifier(std::uint64_t modifier) { modifier_ = modifier; }

 private:
  std::unique_ptr<DmaMemory> memory_;
};

// Pictures in NV12 in such memory: what an encoder's device gives a composer to fill.
class DmaPictureAllocator final : public PictureAllocator {
 public:
  [[nodiscard]] Result<std::unique_ptr<PictureMemory>> allocate(Size coded, int count) override;
  bool mapped = true;  // for the CPU
};

}  // namespace rp
