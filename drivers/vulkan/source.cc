#include "drivers/vulkan/source.h"

#include <unistd.h>

#include <cstring>
#include <utility>

#include "drivers/vulkan/sync_file.h"
#include "engine/compose/layer_check.h"
#include "engine/frame/cpu_access.h"

namespace rp::vulkan {
namespace {

// Whether a linear dma-buf can be read as a buffer of words, and how large it is: a guest's word
// for it is not taken.
Result<VkDeviceSize> words_of(const Device& device, const FrameBuffer& buffer,
                              std::int32_t bytes_per_pixel) {
  const Plane& plane = buffer.plane(0);
  const auto pixel_bytes = static_cast<std::uint64_t>(bytes_per_pixel);
  if (plane.offset_bytes % pixel_bytes != 0 || plane.stride_bytes % pixel_bytes != 0) {
    return fail(ErrorCode::kUnsupported, "the buffer's pixels do not lie on words");
  }
  const off_t there = ::lseek(plane.fd, 0, SEEK_END);
  const std::uint64_t end = plane.offset_bytes +
                            static_cast<std::uint64_t>(plane.stride_bytes) *
                                static_cast<std::uint64_t>(buffer.size().height - 1) +
                            static_cast<std::uint64_t>(buffer.size().width) * pixel_bytes;
  if (there <= 0 || end > static_cast<std::uint64_t>(there)) {
    return fail(ErrorCode::kInvalid, "a layer's buffer is larger than its memory");
  }
  const auto bytes = static_cast<VkDeviceSize>(there) & ~VkDeviceSize{3};
  if (bytes > device.limits().maxStorageBufferRange) {
    return fail(ErrorCode::kUnsupported, "the buffer is larger than the device reads");
  }
  return bytes;
}

std::unique_ptr<LayerImport> import_buffer(const std::shared_ptr<Device>& device,
                                           const FrameBuffer& buffer,
                                           std::int32_t bytes_per_pixel) {
  const auto imported = [&]() -> Result<std::unique_ptr<Buffer>> {
    RP_ASSIGN(const VkDeviceSize bytes, words_of(*device, buffer, bytes_per_pixel));
    return Buffer::import_dmabuf(*device, buffer.plane(0).fd, bytes);
  };
  return std::make_unique<LayerImport>(device, imported());
}

Result<Source> upload(const ScenePlan::Entry& entry, Rect window, Work& work) {
  FrameBuffer& buffer = *entry.layer->buffer;
  const Transform transform = entry.layer->transform;
  const Rect piece =
      transformed(window, transformed(buffer.size(), transform), inverted(transform));
  const std::int32_t pixel_bytes = entry.format->bytes_per_pixel;
  const auto row_bytes = static_cast<std::size_t>(piece.width * pixel_bytes);
  const std::size_t stride = (row_bytes + 3) & ~std::size_t{3};
  RP_ASSIGN(const Work::Room room, work.upload(stride * static_cast<std::size_t>(piece.height)));
  CpuRead read(buffer, CpuPlace::kUpload, row_bytes * static_cast<std::size_t>(piece.height));
  const std::uint8_t* pixels = read.pixels();
  if (pixels == nullptr) return fail(ErrorCode::kInvalid, "a layer's buffer cannot be mapped");
  const auto from_stride = static_cast<std::ptrdiff_t>(buffer.plane(0).stride_bytes);
  pixels += piece.y * from_stride + static_cast<std::ptrdiff_t>(piece.x) * pixel_bytes;
  std::uint8_t* to = room.to;
  for (std::int32_t y = 0; y < piece.height; ++y, pixels += from_stride, to += stride) {
    std::memcpy(to, pixels, row_bytes);
  }
  if (!read.end()) return fail(ErrorCode::kInvalid, "a layer's buffer shrank");
  Source source;
  source.bound = room.bound;
  source.stride_bytes = static_cast<std::uint32_t>(stride);
  source.base_bytes = 0U - static_cast<std::uint32_t>(piece.y) * source.stride_bytes -
                      static_cast<std::uint32_t>(piece.x * pixel_bytes);
  source.uploaded_bytes = row_bytes * static_cast<std::size_t>(piece.height);
  return source;
}

}  // namespace

LayerImport::LayerImport(std::shared_ptr<Device> device, Result<std::unique_ptr<Buffer>> buffer)
    : device_(std::move(device)) {
  if (buffer) {
    buffer_ = std::move(*buffer);
  } else {
    refusal_ = std::move(buffer).error();
  }
}

LayerImport::LayerImport(std::shared_ptr<Device> device, Result<std::unique_ptr<Image>> image)
    : device_(std::move(device)) {
  if (image) {
    image_ = std::move(*image);
  } else {
    refusal_ = std::move(image).error();
  }
}

LayerImport::~LayerImport() {
  device_->retire(std::move(buffer_));
  device_->retire(std::move(image_));
  device_->drop_import();
}

Result<LayerImport*> import_of(const std::shared_ptr<Device>& device, FrameBuffer& buffer,
                               std::int32_t bytes_per_pixel, const SourceOptions& options) {
  auto* import = dynamic_cast<LayerImport*>(buffer.device_import().get());
  if (import == nullptr || import->device() != device.get()) {
    buffer.device_import().reset();
    if (!device->can().import_dmabuf || !is_dmabuf(buffer.plane(0).fd)) return nullptr;
    if (!device->take_import()) return nullptr;
    const bool linear = is_linear(buffer);
    const bool as_image =
        !linear || (options.images_for_linear && buffer.modifier() == kModifierLinear);
    std::unique_ptr<LayerImport> made;
    if (as_image && device->can().import_modifier) {
      made = std::make_unique<LayerImport>(device, Image::import_dmabuf(*device, buffer));
    }
    if (linear && (made == nullptr || made->image() == nullptr)) {
      if (made != nullptr && !device->take_import()) return nullptr;
      made = import_buffer(device, buffer, bytes_per_pixel);
    }
    if (made == nullptr) {
      device->drop_import();
      return nullptr;
    }
    import = made.get();
    buffer.device_import() = std::move(made);
  }
  if (import->buffer() != nullptr || import->image() != nullptr) return import;
  if (import->refusal().code == ErrorCode::kInvalid) return forward(import->refusal());
  return nullptr;
}

Result<Source> make_source(const ScenePlan::Entry& entry, Rect window, LayerImport* import,
                           Work& work) {
  const FrameBuffer& buffer = *entry.layer->buffer;
  if (import == nullptr) {
    if (!is_linear(buffer)) {
      return fail(ErrorCode::kInvalid, "a layer's buffer has a modifier the device does not read");
    }
    return upload(entry, window, work);
  }
  Source source;
  if (import->image() != nullptr) {
    source.kernel = Kernel::kDrawImage;
    source.image = import->image();
    source.bound.view = import->image()->view();
    return source;
  }
  source.outside = import->buffer()->handle();
  source.bound.buffer = source.outside;
  source.base_bytes = buffer.plane(0).offset_bytes;
  source.stride_bytes = buffer.plane(0).stride_bytes;
  return source;
}

}  // namespace rp::vulkan
