#include "drivers/v4l2/memory.h"

#include <fcntl.h>

#include <algorithm>
#include <map>
#include <memory>
#include <optional>

#include "engine/base/unique_fd.h"

namespace rp::v4l2 {
namespace {

constexpr std::size_t kMaxLearnt = 16;

class HeapPictures final : public PictureMemory {
 public:
  HeapPictures(std::vector<UniqueFd> blocks, const BufferLayout& layout, std::size_t length)
      : blocks_(std::move(blocks)) {
    const bool pairs = layout.raw.layout == PictureLayout::kNv12;
    for (const UniqueFd& block : blocks_) {
      PicturePlanes planes;
      planes.layout = layout.raw.layout;
      planes.stride_y = static_cast<std::int32_t>(layout.y.stride);
      planes.stride_uv = static_cast<std::int32_t>(layout.u.stride);
      planes.offset_u = layout.u.offset;
      planes.offset_v = pairs ? layout.u.offset + 1 : layout.v.offset;
      planes.dmabuf = block.get();
      planes.mappable_bytes = length;
      pictures_.push_back(planes);
    }
  }
  [[nodiscard]] std::span<const PicturePlanes> pictures() const override { return pictures_; }

 private:
  std::vector<UniqueFd> blocks_;
  std::vector<PicturePlanes> pictures_;
};

Result<std::vector<UniqueFd>> allocate_from(const std::string& path, std::size_t length,
                                            int count) {
  const UniqueFd heap(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!heap) return fail_errno("open " + path);
  std::vector<UniqueFd> blocks;
  for (int i = 0; i < count; ++i) {
    RP_ASSIGN(UniqueFd block, allocate_dmabuf(heap.get(), length));
    blocks.push_back(std::move(block));
  }
  return blocks;
}

}  // namespace

void DevicePictures::learn(Size size, const Negotiated& format) {
  const std::lock_guard lock(mutex_);
  std::erase_if(learnt_, [&](const auto& entry) { return entry.first == even(size); });
  if (learnt_.size() == kMaxLearnt) learnt_.erase(learnt_.begin());
  learnt_.emplace_back(even(size), format);
}

Result<std::unique_ptr<PictureMemory>> DevicePictures::allocate(Size coded, int count) {
  std::optional<Negotiated> format;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [size, known] : learnt_) {
      if (size == coded) format = known;
    }
  }
  if (format && format->layout.raw.memory_planes == 1) {
    for (const std::string& heap : heaps_) {
      const std::size_t length = format->raw.size_bytes[0];
      auto blocks = allocate_from(heap, length, count);
      if (blocks) return std::make_unique<HeapPictures>(std::move(*blocks), format->layout, length);
    }
  }
  return plain_memory().allocate(coded, count);
}

DevicePictures& pictures_of(const std::string& path) {
  static std::mutex mutex;
  static std::map<std::string, std::unique_ptr<DevicePictures>> all;
  const std::lock_guard lock(mutex);
  auto& entry = all[path];
  if (entry == nullptr) entry = std::make_unique<DevicePictures>();
  return *entry;
}

}  // namespace rp::v4l2
