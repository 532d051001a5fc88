#include "drivers/vulkan/sync_file.h"

#include <linux/dma-buf.h>
#include <linux/magic.h>
#include <sys/ioctl.h>
#include <sys/vfs.h>

#include <cerrno>

// Linux 6.0; Debian 12's headers have them, older ones do not.
#ifndef DMA_BUF_IOCTL_IMPORT_SYNC_FILE
struct dma_buf_import_sync_file {
  __u32 flags;
  __s32 fd;
};
#define DMA_BUF_IOCTL_IMPORT_SYNC_FILE _IOW(DMA_BUF_BASE, 3, struct dma_buf_import_sync_file)
#endif

namespace rp::vulkan {

bool is_dmabuf(int fd) {
  struct statfs fs {};
  return fd >= 0 && ::fstatfs(fd, &fs) == 0 && fs.f_type == DMA_BUF_MAGIC;
}

Status attach_fence(int dmabuf, int sync_file, FenceUse use) {
  dma_buf_import_sync_file arguments{};
  arguments.flags = use == FenceUse::kRead ? DMA_BUF_SYNC_READ : DMA_BUF_SYNC_RW;
  arguments.fd = sync_file;
  while (::ioctl(dmabuf, DMA_BUF_IOCTL_IMPORT_SYNC_FILE, &arguments) != 0) {
    if (errno == EINTR || errno == EAGAIN) continue;
    return fail_errno(errno == ENOTTY ? ENOSYS : errno, "attach a fence to a dma-buf");
  }
  return {};
}

}  // namespace rp::vulkan
