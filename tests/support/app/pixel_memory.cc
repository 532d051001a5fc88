#include "tests/support/app/pixel_memory.h"

#include <fcntl.h>
#include <linux/dma-buf.h>
#include <linux/dma-heap.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <utility>

namespace rp::testapp {

Result<PixelMemory> PixelMemory::map(UniqueFd fd, std::size_t pixels) {
  void* memory = ::mmap(nullptr, pixels * 4, PROT_READ | PROT_WRITE, MAP_SHARED, fd.get(), 0);
  if (memory == MAP_FAILED) return fail_errno("map a buffer");
  PixelMemory made;
  made.fd_ = std::move(fd);
  made.pixels_ = {static_cast<std::uint32_t*>(memory), pixels};
  return made;
}

Result<PixelMemory> PixelMemory::shared(std::size_t pixels) {
  RP_ASSIGN(UniqueFd fd, create_memory_file("test-app", pixels * 4));
  return map(std::move(fd), pixels);
}

Result<PixelMemory> PixelMemory::unsealed(std::size_t pixels) {
  UniqueFd fd(::memfd_create("test-app", MFD_CLOEXEC));
  if (!fd) return fail_errno("memfd_create");
  if (::ftruncate(fd.get(), static_cast<off_t>(pixels * 4)) != 0)
    return fail_errno("size a buffer");
  return map(std::move(fd), pixels);
}

Result<PixelMemory> PixelMemory::of_heap(std::size_t pixels) {
  const UniqueFd heap(::open("/dev/dma_heap/system", O_RDWR | O_CLOEXEC));
  if (!heap) return fail_errno("open /dev/dma_heap/system");
  dma_heap_allocation_data request{};
  request.len = pixels * 4;
  request.fd_flags = O_RDWR | O_CLOEXEC;
  if (::ioctl(heap.get(), DMA_HEAP_IOCTL_ALLOC, &request) != 0) return fail_errno("allocate");
  RP_ASSIGN(PixelMemory made, map(UniqueFd(static_cast<int>(request.fd)), pixels));
  made.is_dmabuf_ = true;
  return made;
}

PixelMemory::PixelMemory(PixelMemory&& other) noexcept
    : fd_(std::move(other.fd_)),
      pixels_(std::exchange(other.pixels_, {})),
      is_dmabuf_(other.is_dmabuf_) {}

PixelMemory& PixelMemory::operator=(PixelMemory&& other) noexcept {
  std::swap(fd_, other.fd_);
  std::swap(pixels_, other.pixels_);
  std::swap(is_dmabuf_, other.is_dmabuf_);
  return *this;
}

PixelMemory::~PixelMemory() {
  if (!pixels_.empty()) ::munmap(pixels_.data(), pixels_.size_bytes());
}

void PixelMemory::end_write() const {
  if (!is_dmabuf_) return;
  dma_buf_sync arguments{.flags = DMA_BUF_SYNC_END | DMA_BUF_SYNC_WRITE};
  (void)::ioctl(fd_.get(), DMA_BUF_IOCTL_SYNC, &arguments);
}

}  // namespace rp::testapp
