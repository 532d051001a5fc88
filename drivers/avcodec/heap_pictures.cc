#include "drivers/avcodec/heap_pictures.h"

#include <fcntl.h>

#include <memory>
#include <vector>

#include "engine/base/unique_fd.h"

namespace rp::avcodec {
namespace {

// What importers of linear NV12 ask for at most.
constexpr std::int32_t kStrideAlign_bytes = 256;

class HeapMemory final : public PictureMemory {
 public:
  HeapMemory(PicturePlanes planes, std::size_t bytes) : planes_(planes), bytes_(bytes) {}
  [[nodiscard]] std::span<const PicturePlanes> pictures() const override { return pictures_; }

  Status add(const UniqueFd& heap) {
    RP_ASSIGN(UniqueFd dmabuf, allocate_dmabuf(heap.get(), bytes_));
    PicturePlanes planes = planes_;
    planes.dmabuf = dmabuf.get();
    planes.mappable_bytes = bytes_;
    descriptors_.push_back(std::move(dmabuf));
    pictures_.push_back(planes);
    return {};
  }

 private:
  PicturePlanes planes_;
  std::size_t bytes_;
  std::vector<UniqueFd> descriptors_;
  std::vector<PicturePlanes> pictures_;
};

Result<std::unique_ptr<PictureMemory>> from_heap(const std::string& path, Size coded, int count) {
  const UniqueFd heap(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!heap) return fail_errno("open " + path);
  PicturePlanes planes;
  planes.layout = PictureLayout::kNv12;
  planes.stride_y =
      (coded.width + kStrideAlign_bytes - 1) / kStrideAlign_bytes * kStrideAlign_bytes;
  planes.stride_uv = planes.stride_y;
  planes.offset_u = static_cast<std::uint32_t>(planes.stride_y * coded.height);
  planes.offset_v = planes.offset_u + 1;
  const std::size_t bytes = std::size_t{planes.offset_u} + planes.offset_u / 2;
  auto memory = std::make_unique<HeapMemory>(planes, bytes);
  for (int i = 0; i < count; ++i) RP_TRY(memory->add(heap));
  return memory;
}

}  // namespace

Result<std::unique_ptr<PictureMemory>> HeapPictures::allocate(Size coded, int count) {
  auto memory = from_heap(heap_, coded, count);
  if (memory) return memory;
  return plain_memory().allocate(coded, count);
}

}  // namespace rp::avcodec
