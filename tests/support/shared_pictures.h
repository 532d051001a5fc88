// SharedPictures: NV12 pictures that a descriptor names, as a dma-buf does, for machines without
// dma-bufs: a memfd, mapped. Whoever maps the descriptor reads the picture. Thread rule: any
// thread.
#pragma once

#include "engine/frame/picture_memory.h"

namespace rp {

class SharedPictures final : public PictureAllocator {
 public:
  [[nodiscard]] Result<std::unique_ptr<PictureMemory>> allocate(Size coded, int count) override;
};

}  // namespace rp
