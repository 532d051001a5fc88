#include "engine/frame/picture_memory.h"

#include <fcntl.h>
#include <linux/dma-heap.h>
#include <sys/ioctl.h>

#include <utility>
#include <vector>

#include "engine/frame/cpu_access.h"

namespace rp {
namespace {

constexpr std::int32_t kStrideAlign_bytes = 64;

constexpr std::int32_t round_up(std::int32_t value, std::int32_t to) {
  return (value + to - 1) / to * to;
}

class AnonymousMemory final : public PictureMemory {
 public:
  AnonymousMemory(PixelMapping memory, std::vector<PicturePlanes> pictures)
      : memory_(std::move(memory)), pictures_(std::move(pictures)) {}
  [[nodiscard]] std::span<const PicturePlanes> pictures() const override { return pictures_; }

 private:
  PixelMapping memory_;
  std::vector<PicturePlanes> pictures_;
};

class PlainAllocator final : public PictureAllocator {
 public:
  [[nodiscard]] Result<std::unique_ptr<PictureMemory>> allocate(Size coded, int count) override {
    PicturePlanes planes;
    planes.stride_y = round_up(coded.width, kStrideAlign_bytes);
    planes.stride_uv = round_up(coded.width / 2, kStrideAlign_bytes);
    const auto y_bytes =
        static_cast<std::size_t>(planes.stride_y) * static_cast<std::size_t>(coded.height);
    const auto uv_bytes =
        static_cast<std::size_t>(planes.stride_uv) * static_cast<std::size_t>(coded.height / 2);
    const std::size_t picture_bytes = y_bytes + 2 * uv_bytes;
    const std::size_t bytes = picture_bytes * static_cast<std::size_t>(count);
    RP_ASSIGN(PixelMapping memory, PixelMapping::anonymous(bytes));
    std::vector<PicturePlanes> pictures;
    std::uint8_t* next = memory.data();
    for (int i = 0; i < count; ++i, next += picture_bytes) {
      planes.y = next;
      planes.u = next + y_bytes;
      planes.v = planes.u + uv_bytes;
      pictures.push_back(planes);
    }
    return std::make_unique<AnonymousMemory>(std::move(memory), std::move(pictures));
  }
};

}  // namespace

Result<UniqueFd> allocate_dmabuf(int heap, std::size_t bytes) {
  dma_heap_allocation_data request{};
  request.len = bytes;
  request.fd_flags = O_RDWR | O_CLOEXEC;
  if (::ioctl(heap, DMA_HEAP_IOCTL_ALLOC, &request) != 0) return fail_errno("DMA_HEAP_IOCTL_ALLOC");
  return UniqueFd(static_cast<int>(request.fd));
}

PictureAllocator& plain_memory() {
  static PlainAllocator allocator;
  return allocator;
}

}  // namespace rp
