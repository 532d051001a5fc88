#include "tests/support/shared_pictures.h"

#include <sys/mman.h>
#include <unistd.h>

#include <utility>
#include <vector>

#include "engine/base/unique_fd.h"

namespace rp {
namespace {

class Memory final : public PictureMemory {
 public:
  Memory() = default;
  Memory(const Memory&) = delete;
  Memory& operator=(const Memory&) = delete;
  ~Memory() override {
    for (const PicturePlanes& planes : pictures_) ::munmap(planes.y - planes.offset_y, bytes_);
  }
  [[nodiscard]] std::span<const PicturePlanes> pictures() const override { return pictures_; }

  // The luma begins a page into the descriptor, so that offsets count.
  Status add(Size coded) {
    PicturePlanes planes;
    planes.layout = PictureLayout::kNv12;
    planes.stride_y = planes.stride_uv = (coded.width + 255) / 256 * 256;
    planes.offset_y = 4096;
    planes.offset_u = planes.offset_y + static_cast<std::uint32_t>(planes.stride_y * coded.height);
    planes.offset_v = planes.offset_u + 1;
    bytes_ = planes.offset_u + static_cast<std::size_t>(planes.stride_uv * coded.height / 2);
    UniqueFd fd(::memfd_create("rp-test-picture", MFD_CLOEXEC));
    if (!fd || ::ftruncate(fd.get(), static_cast<off_t>(bytes_)) != 0) return fail_errno("memfd");
    void* mapped = ::mmap(nullptr, bytes_, PROT_READ | PROT_WRITE, MAP_SHARED, fd.get(), 0);
    if (mapped == MAP_FAILED) return fail_errno("mmap");
    auto* base = static_cast<std::uint8_t*>(mapped);
    planes.y = base + planes.offset_y;
    planes.u = base + planes.offset_u;
    planes.v = planes.u + 1;
    planes.dmabuf = fd.get();
    descriptors_.push_back(std::move(fd));
    pictures_.push_back(planes);
    return {};
  }

 private:
  std::size_t bytes_ = 0;
  std::vector<UniqueFd> descriptors_;
  std::vector<PicturePlanes> pictures_;
};

}  // namespace

Result<std::unique_ptr<PictureMemory>> SharedPictures::allocate(Size coded, int count) {
  auto memory = std::make_unique<Memory>();
  for (int i = 0; i < count; ++i) RP_TRY(memory->add(coded));
  return memory;
}

}  // namespace rp
