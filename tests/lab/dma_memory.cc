#include "tests/lab/dma_memory.h"

#include <fcntl.h>
#include <linux/dma-heap.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include <cstring>
#include <utility>

namespace rp {
namespace {

// drivers/dma-buf/sw_sync.c
struct SwSyncFence {
  std::uint32_t value;
  char name[32];
  std::int32_t fence;
};
constexpr unsigned long kCreateFence = _IOWR('W', 0, SwSyncFence);
constexpr unsigned long kAdvance = _IOW('W', 1, std::uint32_t);

class DmaPictures final : public PictureMemory {
 public:
  [[nodiscard]] std::span<const PicturePlanes> pictures() const override { return pictures_; }

  Status add(Size coded, bool mapped) {
    constexpr std::uint32_t kOffset_bytes = 256;
    PicturePlanes planes;
    planes.layout = PictureLayout::kNv12;
    planes.stride_y = planes.stride_uv = (coded.width + 31) & ~31;
    planes.offset_y = kOffset_bytes;
    planes.offset_u = kOffset_bytes + static_cast<std::uint32_t>(planes.stride_y * coded.height);
    planes.offset_v = planes.offset_u + 1;
    const auto chroma = static_cast<std::size_t>(planes.stride_uv * coded.height / 2);
    RP_ASSIGN(auto memory, DmaMemory::create(planes.offset_u + chroma));
    planes.dmabuf = memory->fd();
    if (mapped) {
      planes.y = memory->map() + planes.offset_y;
      planes.u = memory->map() + planes.offset_u;
      planes.v = memory->map() + planes.offset_v;
    }
    pictures_.push_back(planes);
    memory_.push_back(std::move(memory));
    return {};
  }

 private:
  std::vector<std::unique_ptr<DmaMemory>> memory_;
  std::vector<PicturePlanes> pictures_;
};

}  // namespace

Result<std::unique_ptr<DmaMemory>> DmaMemory::create(std::size_t bytes) {
  const UniqueFd heap(::open("/dev/dma_heap/system", O_RDWR | O_CLOEXEC));
  if (!heap) return fail_errno("open /dev/dma_heap/system");
  dma_heap_allocation_data request{};
  request.len = bytes;
  request.fd_flags = O_RDWR | O_CLOEXEC;
  if (::ioctl(heap.get(), DMA_HEAP_IOCTL_ALLOC, &request) != 0) return fail_errno("allocate");
  std::unique_ptr<DmaMemory> memory(new DmaMemory());
  memory->fd_ = UniqueFd(static_cast<int>(request.fd));
  memory->bytes_ = bytes;
  void* map = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, memory->fd_.get(), 0);
  if (map == MAP_FAILED) return fail_errno("map a dma-buf");
  memory->map_ = static_cast<std::uint8_t*>(map);
  return memory;
}

DmaMemory::~DmaMemory() {
  if (map_ != nullptr) ::munmap(map_, bytes_);
}

Result<std::shared_ptr<DmaFrameBuffer>> DmaFrameBuffer::copy_of(FrameBuffer& from,
                                                                std::uint32_t offset_bytes) {
  const auto stride = from.plane(0).stride_bytes;
  const auto bytes =
      static_cast<std::size_t>(stride) * static_cast<std::size_t>(from.size().height);
  auto made = std::make_shared<DmaFrameBuffer>();
  RP_ASSIGN(made->memory_, DmaMemory::create(offset_bytes + bytes));
  std::memcpy(made->memory_->map() + offset_bytes, from.begin_cpu_read(), bytes);
  from.end_cpu_read();
  made->size_ = from.size();
  made->format_ = from.format();
  made->planes_[0] = {made->memory_->fd(), offset_bytes, stride};
  return made;
}

const std::uint8_t* DmaFrameBuffer::begin_cpu_read() {
  ++cpu_reads;
  return memory_->map() + planes_[0].offset_bytes;
}

Result<std::unique_ptr<PictureMemory>> DmaPictureAllocator::allocate(Size coded, int count) {
  auto pictures = std::make_unique<DmaPictures>();
  for (int i = 0; i < count; ++i) RP_TRY(pictures->add(coded, mapped));
  return pictures;
}

Result<std::unique_ptr<FenceTimeline>> FenceTimeline::create() {
  auto timeline = std::make_unique<FenceTimeline>();
  timeline->fd_ = UniqueFd(::open("/sys/kernel/debug/sync/sw_sync", O_RDWR | O_CLOEXEC));
  if (!timeline->fd_) return fail_errno("open sw_sync");
  return timeline;
}

UniqueFd FenceTimeline::next_fence() {
  SwSyncFence fence{};
  fence.value = ++given_;
  std::strcpy(fence.name, "test");
  if (::ioctl(fd_.get(), kCreateFence, &fence) != 0) return {};
  return UniqueFd(fence.fence);
}

void FenceTimeline::advance() {
  std::uint32_t by = 1;
  RP_CHECK(::ioctl(fd_.get(), kAdvance, &by) == 0);
}

}  // namespace rp
