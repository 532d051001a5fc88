#include "engine/frame/picture_memory.h"

#include <sys/mman.h>

#include <utility>
#include <vector>

namespace rp {
namespace {

constexpr std::int32_t kStrideAlign_bytes = 64;

constexpr std::int32_t round_up(std::int32_t value, std::int32_t to) {
  return (value + to - 1) / to * to;
}

class AnonymousMemory final : public PictureMemory {
 public:
  AnonymousMemory(void* memory, std::size_t bytes, std::vector<PicturePlanes> pictures)
      : memory_(memory), bytes_(bytes), pictures_(std::move(pictures)) {}
  AnonymousMemory(const AnonymousMemory&) = delete;
  AnonymousMemory& operator=(const AnonymousMemory&) = delete;
  ~AnonymousMemory() override { ::munmap(memory_, bytes_); }
  [[nodiscard]] std::span<const PicturePlanes> pictures() const override { return pictures_; }

 private:
  void* memory_;
  std::size_t bytes_;
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
    void* memory = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
                          MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED) return fail_errno("allocate pictures");
    std::vector<PicturePlanes> pictures;
    auto* next = static_cast<std::uint8_t*>(memory);
    for (int i = 0; i < count; ++i, next += picture_bytes) {
      planes.y = next;
      planes.u = next + y_bytes;
      planes.v = planes.u + uv_bytes;
      pictures.push_back(planes);
    }
    return std::make_unique<AnonymousMemory>(memory, bytes, std::move(pictures));
  }
};

}  // namespace

PictureAllocator& plain_memory() {
  static PlainAllocator allocator;
  return allocator;
}

}  // namespace rp
