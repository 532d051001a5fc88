// Pictures a GPU's encoder reads where they lie: linear NV12 in dma-bufs of the kernel's heap,
// mapped for the CPU only when it has to draw; plain memory where there is no heap, which is then
// copied up.
//
//   y: stride × coded.height     u, v in turn: stride × coded.height / 2     stride: of 256 bytes
//
// Thread rule: any thread.
#pragma once

#include <string>
#include <utility>

#include "engine/frame/picture_memory.h"

namespace rp::avcodec {

class HeapPictures final : public PictureAllocator {
 public:
  explicit HeapPictures(std::string heap = "/dev/dma_heap/system") : heap_(std::move(heap)) {}
  [[nodiscard]] Result<std::unique_ptr<PictureMemory>> allocate(Size coded, int count) override;

 private:
  std::string heap_;
};

}  // namespace rp::avcodec
