#include "drivers/vulkan/picture_memory.h"

#include <utility>
#include <vector>

#include "drivers/vulkan/memory.h"

namespace rp::vulkan {
namespace {

// What importers of linear NV12 ask for at most.
constexpr std::int32_t kStrideAlign_bytes = 256;

class DevicePictures final : public PictureMemory {
 public:
  explicit DevicePictures(std::shared_ptr<Device> device) : device_(std::move(device)) {}
  DevicePictures(const DevicePictures&) = delete;
  DevicePictures& operator=(const DevicePictures&) = delete;
  ~DevicePictures() override {
    for (std::unique_ptr<Buffer>& buffer : buffers_) {
      if (buffer->map() != nullptr) device_->forget_mapped(buffer->map());
      device_->retire(std::move(buffer));
    }
  }
  [[nodiscard]] std::span<const PicturePlanes> pictures() const override { return pictures_; }

  Status add(PicturePlanes planes, VkDeviceSize bytes) {
    const bool shared = device_->can().export_dmabuf;
    RP_ASSIGN(auto buffer,
              Buffer::create(*device_, bytes, shared ? BufferUse::kExport : BufferUse::kReadBack));
    if (shared) {
      RP_ASSIGN(UniqueFd fd, buffer->export_dmabuf());
      planes.dmabuf = fd.get();
      descriptors_.push_back(std::move(fd));
    }
    if (buffer->map() != nullptr) {
      planes.y = buffer->map();
      planes.u = planes.y + planes.offset_u;
      planes.v = planes.y + planes.offset_v;
      device_->note_mapped(buffer->map(), {buffer->handle(), bytes});
    }
    pictures_.push_back(planes);
    buffers_.push_back(std::move(buffer));
    return {};
  }

 private:
  std::shared_ptr<Device> device_;
  std::vector<std::unique_ptr<Buffer>> buffers_;
  std::vector<UniqueFd> descriptors_;
  std::vector<PicturePlanes> pictures_;
};

}  // namespace

Result<std::unique_ptr<PictureMemory>> VulkanPictureAllocator::allocate(Size coded, int count) {
  PicturePlanes planes;
  planes.layout = PictureLayout::kNv12;
  planes.stride_y =
      (coded.width + kStrideAlign_bytes - 1) / kStrideAlign_bytes * kStrideAlign_bytes;
  planes.stride_uv = planes.stride_y;
  planes.offset_u = static_cast<std::uint32_t>(planes.stride_y * coded.height);
  planes.offset_v = planes.offset_u + 1;
  const VkDeviceSize bytes = VkDeviceSize{planes.offset_u} + planes.offset_u / 2;
  auto memory = std::make_unique<DevicePictures>(device_);
  for (int i = 0; i < count; ++i) RP_TRY(memory->add(planes, bytes));
  return memory;
}

}  // namespace rp::vulkan
