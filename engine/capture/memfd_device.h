// MemfdDevice: makes dma-bufs of apps' shared memory, so that a composer on a device reads it where
// it lies. drivers/udmabuf is the kernel's; fake_memfd_device.h is for tests. Thread rule: any
// thread; every shard's displays share one.
#pragma once

#include <cstdint>

#include "engine/base/result.h"
#include "engine/base/unique_fd.h"

namespace rp {

struct MemoryRange {
  std::uint64_t offset_bytes = 0;
  std::uint64_t size_bytes = 0;
};

class MemfdDevice {
 public:
  virtual ~MemfdDevice() = default;
  // A dma-buf of these pages (`range` begins and ends between pages), which stay as long as it
  // does, whatever becomes of the file. `memfd` is borrowed and has to be sealed against shrinking.
  // Errors: what the kernel says of the file, the range or its own limits.
  [[nodiscard]] virtual Result<UniqueFd> make_dmabuf(int memfd, MemoryRange range) = 0;
};

}  // namespace rp
