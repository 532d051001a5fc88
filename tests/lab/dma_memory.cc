#include "tests/lab/dma_memory.h"

#include <fcntl.h>
#include <linux/dma-heap.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "engine/frame/pixel_layout.h"

namespace rp {
namespace {

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
  const PixelLayout& layout = *find_pixel_layout(from.format());
  std::size_t bytes = 0;
  for (int i = 0; i < layout.plane_count; ++i) {
    bytes = std::max(bytes, from.plane(i).offset_bytes +
                                from.plane(i).stride_bytes *
                                    static_cast<std::size_t>(layout.rows(i, from.size().height)));
  }
  auto made = std::make_shared<DmaFrameBuffer>();
  RP_ASSIGN(made->memory_, DmaMemory::create(offset_bytes + bytes));
  std::memcpy(made->memory_->map() + offset_bytes, from.begin_cpu_read(), bytes);
  from.end_cpu_read();
  made->size_ = from.size();
  made->format_ = from.format();
  made->plane_count_ = layout.plane_count;
  for (int i = 0; i < layout.plane_count; ++i) {
    made->planes_[static_cast<std::size_t>(i)] = {
        made->memory_->fd(), offset_bytes + from.plane(i).offset_bytes, from.plane(i).stride_bytes};
  }
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

}  // namespace rp
