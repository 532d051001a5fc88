#include "engine/capture/dmabuf_buffer.h"

#include <fcntl.h>
#include <linux/dma-buf.h>
#include <linux/magic.h>
#include <sys/ioctl.h>
#include <sys/vfs.h>

#include <algorithm>
#include <cerrno>

#include "engine/frame/guest_fence.h"
#include "engine/frame/pixel_layout.h"

namespace rp {

bool DmabufBuffer::cannot_shrink(int fd) {
  struct statfs fs {};
  if (::fstatfs(fd, &fs) != 0) return false;
  if (fs.f_type == DMA_BUF_MAGIC) return true;
  if (fs.f_type != TMPFS_MAGIC) return false;
  const int seals = ::fcntl(fd, F_GET_SEALS);
  return seals >= 0 && (seals & F_SEAL_SHRINK) != 0;
}

DmabufBuffer::DmabufBuffer(Compositor& compositor, const DmabufLayout& layout, UniqueFd fd)
    : ClientBuffer(compositor), fd_(std::move(fd)) {
  size_ = layout.size;
  format_ = layout.format;
  modifier_ = layout.modifier;
  plane_count_ = layout.plane_count;
  const PixelLayout& pixels = *find_pixel_layout(format_);
  const bool linear = modifier_ == kModifierLinear || modifier_ == kModifierInvalid;
  for (int i = 0; i < plane_count_; ++i) {
    const auto& place = layout.planes[static_cast<std::size_t>(i)];
    planes_[static_cast<std::size_t>(i)] = {fd_.get(), place.offset_bytes, place.stride_bytes};
    if (!linear) continue;
    const auto rows = static_cast<std::size_t>(pixels.rows(i, size_.height));
    map_bytes_ = std::max(map_bytes_, place.offset_bytes + place.stride_bytes * rows);
  }
}

// Memory that is no dma-buf needs no cache maintenance and refuses the call; nothing is lost by
// that.
void DmabufBuffer::sync(std::uint64_t flags) const {
  dma_buf_sync arguments{.flags = flags | DMA_BUF_SYNC_READ};
  while (::ioctl(fd_.get(), DMA_BUF_IOCTL_SYNC, &arguments) != 0 &&
         (errno == EINTR || errno == EAGAIN)) {
  }
}

// The kernel's own wait, in sync(), has no end. The client's fence, when it names one, and those on
// the dma-buf. A guest that is late once a picture costs the shard little, after the first time.
bool DmabufBuffer::wait_until_drawn() {
  if (late_) return false;
  const bool was_late = record_ != nullptr && record_->late_fences;
  const auto limit = was_late ? kFenceImpatience : kFencePatience;
  late_ = (fence_ && !wait_for_fence(fence_.get(), limit)) || !wait_for_fence(fd_.get(), limit);
  if (late_) give_up_fence("cpu");
  if (record_ != nullptr) record_->late_fences = late_;
  return !late_;
}

const std::uint8_t* DmabufBuffer::begin_cpu_read() {
  if (!map_) {
    auto mapped = PixelMapping::of_dmabuf(fd_.get(), map_bytes_, PixelMapping::Access::kRead);
    if (!mapped) return nullptr;
    map_ = std::move(*mapped);
  }
  if (wait_until_drawn()) sync(DMA_BUF_SYNC_START);
  return map_.data() + planes_[0].offset_bytes;
}

bool DmabufBuffer::end_cpu_read() {
  if (map_ && !late_) sync(DMA_BUF_SYNC_END);
  return true;
}

// Clients that do not wait for release or use explicit fences leave the fence of their drawing on
// the buffer; taking it at commit ties the frame to this drawing and not to a later one.
void DmabufBuffer::on_commit() {
  fence_.reset();
  late_ = false;
  dma_buf_export_sync_file arguments{.flags = DMA_BUF_SYNC_READ, .fd = -1};
  if (::ioctl(fd_.get(), DMA_BUF_IOCTL_EXPORT_SYNC_FILE, &arguments) == 0) {
    fence_.reset(arguments.fd);
  }
}

void DmabufBuffer::set_acquire_fence(UniqueFd fence) {
  fence_ = std::move(fence);
  late_ = false;
}

void DmabufBuffer::on_resource_destroyed() {
  if (record_ != nullptr) --std::exchange(record_, nullptr)->dmabuf_fds;
}

}  // namespace rp
