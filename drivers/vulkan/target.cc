#include "drivers/vulkan/target.h"

#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "drivers/vulkan/sync_file.h"
#include "engine/frame/cpu_access.h"

namespace rp::vulkan {
namespace {

// A picture's dma-buf on a device; kept in Picture::import.
class PictureImport final : public DeviceImport {
 public:
  PictureImport(std::shared_ptr<Device> device, std::unique_ptr<Buffer> buffer)
      : device_(std::move(device)), buffer_(std::move(buffer)) {}
  ~PictureImport() override {
    device_->retire(std::move(buffer_));
    device_->drop_import();
  }
  [[nodiscard]] const Device* device() const { return device_.get(); }
  [[nodiscard]] const Buffer& buffer() const { return *buffer_; }

 private:
  std::shared_ptr<Device> device_;
  std::unique_ptr<Buffer> buffer_;
};

std::uint64_t end_of(std::uint32_t offset, std::int32_t stride, std::int32_t rows,
                     std::int32_t row_bytes) {
  return offset + static_cast<std::uint64_t>(stride) * static_cast<std::uint64_t>(rows - 1) +
         static_cast<std::uint64_t>(row_bytes);
}

// The picture's end in its dma-buf.
std::uint64_t end_of(const Picture& p) {
  const std::int32_t rows = p.coded.height / 2;
  const bool pairs = p.layout == PictureLayout::kNv12;
  const std::int32_t row_bytes = pairs ? p.coded.width - 1 : p.coded.width / 2;  // of one colour
  return std::max({end_of(p.offset_y, p.stride_y, p.coded.height, p.coded.width),
                   end_of(p.offset_u, p.stride_uv, rows, row_bytes),
                   end_of(p.offset_v, p.stride_uv, rows, row_bytes)});
}

Result<std::unique_ptr<PictureImport>> import_picture(const std::shared_ptr<Device>& device,
                                                      const Picture& picture) {
  if (!device->can().import_dmabuf || !is_dmabuf(picture.dmabuf)) {
    return fail(ErrorCode::kUnsupported, "the device does not reach the picture's memory");
  }
  if (picture.modifier != kModifierLinear) {
    return fail(ErrorCode::kUnsupported, "the picture's memory is not linear");
  }
  const off_t there = ::lseek(picture.dmabuf, 0, SEEK_END);
  if (there <= 0 || end_of(picture) > static_cast<std::uint64_t>(there)) {
    return fail(ErrorCode::kInvalid, "the picture does not fit into its memory");
  }
  const auto bytes = static_cast<VkDeviceSize>(there);
  if (bytes > device->limits().maxStorageBufferRange) {
    return fail(ErrorCode::kUnsupported, "the picture's memory is larger than the device writes");
  }
  RP_ASSIGN(auto buffer, Buffer::import_dmabuf(*device, picture.dmabuf, bytes));
  if (!device->take_import()) {
    return fail(ErrorCode::kExhausted, "the device holds too many buffers");
  }
  return std::make_unique<PictureImport>(device, std::move(buffer));
}

PicturePlanes compact(const Picture& picture) {
  PicturePlanes planes;
  planes.layout = PictureLayout::kI420;
  planes.stride_y = picture.coded.width;
  planes.stride_uv = picture.coded.width / 2;
  const auto luma = static_cast<std::uint32_t>(picture.coded.width * picture.coded.height);
  planes.offset_u = luma;
  planes.offset_v = luma + luma / 4;
  if (picture.layout == PictureLayout::kNv12) {
    planes.layout = PictureLayout::kNv12;
    planes.stride_uv = picture.coded.width;
    planes.offset_v = luma + 1;
  }
  return planes;
}

void copy_rows(const std::uint8_t* from, std::int32_t from_stride, std::uint8_t* to,
               std::int32_t to_stride, Rect part) {
  for (std::int32_t y = part.y; y < part.y + part.height; ++y) {
    std::memcpy(to + static_cast<std::ptrdiff_t>(y) * to_stride + part.x,
                from + static_cast<std::ptrdiff_t>(y) * from_stride + part.x,
                static_cast<std::size_t>(part.width));
  }
}

}  // namespace

Result<Target> make_target(const std::shared_ptr<Device>& device, Picture& picture, Work& work) {
  Target target;
  target.planes = picture;
  target.dmabuf = picture.dmabuf;
  const Device::Mapped own = device->find_mapped(picture.y);
  if (own.buffer != VK_NULL_HANDLE) {
    // An allocation of ours: one picture from its start on.
    target.planes.offset_y = 0;
    target.planes.offset_u = static_cast<std::uint32_t>(picture.u - picture.y);
    target.planes.offset_v = static_cast<std::uint32_t>(picture.v - picture.y);
    target.bound.buffer = own.buffer;
    if (picture.dmabuf >= 0) target.outside = own.buffer;
    return target;
  }
  if (picture.dmabuf >= 0) {
    auto* import = dynamic_cast<PictureImport*>(picture.import.get());
    if (import == nullptr || import->device() != device.get()) {
      picture.import.reset();
      RP_ASSIGN(auto made, import_picture(device, picture));
      import = made.get();
      picture.import = std::move(made);
    }
    target.bound.buffer = import->buffer().handle();
    target.outside = target.bound.buffer;
    return target;
  }
  if (picture.y == nullptr) {
    return fail(ErrorCode::kUnsupported, "the picture's memory can be reached by nobody here");
  }
  target.planes = compact(picture);
  const auto pixels = static_cast<VkDeviceSize>(picture.coded.width) *
                      static_cast<VkDeviceSize>(picture.coded.height);
  RP_ASSIGN(const Work::Room room, work.read_back(pixels + pixels / 2));
  target.bound = room.bound;
  target.copy_from = room.to;
  return target;
}

void copy_back(const Target& target, const std::vector<Rect>& boxes, Picture& picture) {
  if (target.copy_from == nullptr) return;
  const PicturePlanes& from = target.planes;
  for (const Rect& box : boxes) {
    count_cpu_pixels(CpuPlace::kCopyBack, picture_bytes({box.width, box.height}));
    copy_rows(target.copy_from, from.stride_y, picture.y, picture.stride_y, box);
    const Rect chroma{box.x / 2, box.y / 2, box.width / 2, box.height / 2};
    if (picture.layout == PictureLayout::kNv12) {
      copy_rows(target.copy_from + from.offset_u, from.stride_uv, picture.u, picture.stride_uv,
                {box.x, chroma.y, box.width, chroma.height});
      continue;
    }
    copy_rows(target.copy_from + from.offset_u, from.stride_uv, picture.u, picture.stride_uv,
              chroma);
    copy_rows(target.copy_from + from.offset_v, from.stride_uv, picture.v, picture.stride_uv,
              chroma);
  }
}

}  // namespace rp::vulkan
