// Sync files (kernel's Documentation/driver-api/sync_file.rst) and the fences of dma-bufs
// (linux/dma-buf.h). Thread rule: any thread.
#pragma once

#include "engine/base/result.h"
#include "engine/base/unique_fd.h"
#include "engine/frame/guest_fence.h"

namespace rp::vulkan {

// True for memory a device can import.
[[nodiscard]] bool is_dmabuf(int fd);

enum class FenceUse : unsigned char { kRead, kWrite };
// Others who read (after kWrite) or write the dma-buf wait for the fence. kUnsupported before
// Linux 6.0.
[[nodiscard]] Status attach_fence(int dmabuf, int sync_file, FenceUse use);

}  // namespace rp::vulkan
