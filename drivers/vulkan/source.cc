#include "drivers/vulkan/source.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "drivers/vulkan/sync_file.h"
#include "engine/compose/layer_check.h"
#include "engine/frame/cpu_access.h"
#include "engine/frame/pixel_layout.h"

namespace rp::vulkan {
namespace {

// The end of the buffer's last sample, in bytes from the start of its memory.
std::uint64_t end_of(const FrameBuffer& buffer, const PixelLayout& layout) {
  std::uint64_t end = 0;
  for (int i = 0; i < layout.plane_count; ++i) {
    const Plane& plane = buffer.plane(i);
    const auto rows = static_cast<std::uint64_t>(layout.rows(i, buffer.size().height));
    end = std::max(end, plane.offset_bytes + plane.stride_bytes * (rows - 1) +
                            static_cast<std::uint64_t>(layout.row_bytes(i, buffer.size().width)));
  }
  return end;
}

// Whether a linear dma-buf can be read as a buffer of words, and how large it is: a guest's word
// for it is not taken.
Result<VkDeviceSize> words_of(const Device& device, const FrameBuffer& buffer) {
  const PixelLayout& layout = *find_pixel_layout(buffer.format());
  const Plane& plane = buffer.plane(0);
  const auto pixel_bytes = static_cast<std::uint64_t>(layout.planes[0].bytes);
  if (plane.offset_bytes % pixel_bytes != 0 || plane.stride_bytes % pixel_bytes != 0) {
    return fail(ErrorCode::kUnsupported, "the buffer's pixels do not lie on words");
  }
  const off_t there = ::lseek(plane.fd, 0, SEEK_END);
  if (there <= 0 || end_of(buffer, layout) > static_cast<std::uint64_t>(there)) {
    return fail(ErrorCode::kInvalid, "a layer's buffer is larger than its memory");
  }
  const auto bytes = static_cast<VkDeviceSize>(there) & ~VkDeviceSize{3};
  if (bytes > device.limits().maxStorageBufferRange) {
    return fail(ErrorCode::kUnsupported, "the buffer is larger than the device reads");
  }
  return bytes;
}

std::unique_ptr<LayerImport> import_buffer(const std::shared_ptr<Device>& device,
                                           const FrameBuffer& buffer) {
  const auto imported = [&]() -> Result<std::unique_ptr<Buffer>> {
    RP_ASSIGN(const VkDeviceSize bytes, words_of(*device, buffer));
    return Buffer::import_dmabuf(*device, buffer.plane(0).fd, bytes);
  };
  return std::make_unique<LayerImport>(device, imported());
}

// `first`: where each plane's first sample lies, in the memory the kernel reads.
ChromaPlace chroma_of(const PixelFormat& format, const std::array<std::uint32_t, 3>& first,
                      std::uint32_t stride_bytes) {
  switch (format.chroma) {
    case Chroma::kNone:
      return {};
    case Chroma::kPairsUv:
      return {first[1], first[1] + 1, stride_bytes, 2};
    case Chroma::kPairsVu:
      return {first[1] + 1, first[1], stride_bytes, 2};
    case Chroma::kPlanesUv:
      return {first[1], first[2], stride_bytes, 1};
    case Chroma::kPlanesVu:
      return {first[2], first[1], stride_bytes, 1};
  }
  return {};
}

// The part of a plane that is uploaded: whole samples, in rows that begin on words.
struct PlanePiece {
  std::int64_t x_bytes = 0;
  std::int64_t y = 0;
  std::size_t row_bytes = 0;
  std::size_t stride_bytes = 0;
  std::int64_t rows = 0;
  [[nodiscard]] std::size_t bytes() const { return stride_bytes * static_cast<std::size_t>(rows); }
};

PlanePiece piece_of(const PixelLayout& layout, int plane, Rect pixels) {
  const PlaneLayout& samples = layout.planes[static_cast<std::size_t>(plane)];
  const auto first = [&](std::int32_t v) { return std::int64_t{v / samples.divide}; };
  PlanePiece piece;
  piece.x_bytes = first(pixels.x) * samples.bytes;
  piece.y = first(pixels.y);
  piece.row_bytes = static_cast<std::size_t>(
      (first(pixels.x + pixels.width - 1) - first(pixels.x) + 1) * samples.bytes);
  piece.rows = first(pixels.y + pixels.height - 1) - piece.y + 1;
  piece.stride_bytes = (piece.row_bytes + 3) & ~std::size_t{3};
  return piece;
}

Result<Source> upload(const ScenePlan::Entry& entry, Rect window, Work& work) {
  FrameBuffer& buffer = *entry.layer->buffer;
  const Transform transform = entry.layer->transform;
  const Rect pixels =
      transformed(window, transformed(buffer.size(), transform), inverted(transform));
  const PixelLayout& layout = *find_pixel_layout(buffer.format());
  const auto planes = static_cast<std::size_t>(layout.plane_count);
  std::array<PlanePiece, 3> pieces;
  std::array<std::uint32_t, 3> first{};
  std::size_t bytes = 0;        // of room
  std::size_t pixel_bytes = 0;  // of them, copied
  for (std::size_t i = 0; i < planes; ++i) {
    const PlanePiece& piece = pieces[i] = piece_of(layout, static_cast<int>(i), pixels);
    first[i] =
        static_cast<std::uint32_t>(bytes) -
        static_cast<std::uint32_t>(piece.y) * static_cast<std::uint32_t>(piece.stride_bytes) -
        static_cast<std::uint32_t>(piece.x_bytes);
    bytes += piece.bytes();
    pixel_bytes += piece.row_bytes * static_cast<std::size_t>(piece.rows);
  }
  RP_ASSIGN(const Work::Room room, work.upload(bytes));
  CpuRead read(buffer, CpuPlace::kUpload, pixel_bytes);
  const std::uint8_t* begin = read.pixels();
  if (begin == nullptr) return fail(ErrorCode::kInvalid, "a layer's buffer cannot be mapped");
  std::uint8_t* to = room.to;
  for (std::size_t i = 0; i < planes; ++i) {
    const Plane& plane = buffer.plane(static_cast<int>(i));
    const std::uint8_t* from =
        begin + (std::int64_t{plane.offset_bytes} - std::int64_t{buffer.plane(0).offset_bytes}) +
        pieces[i].y * std::int64_t{plane.stride_bytes} + pieces[i].x_bytes;
    for (std::int64_t y = 0; y < pieces[i].rows; ++y, from += plane.stride_bytes) {
      std::memcpy(to, from, pieces[i].row_bytes);
      to += pieces[i].stride_bytes;
    }
  }
  if (!read.end()) return fail(ErrorCode::kInvalid, "a layer's buffer shrank");
  Source source;
  source.bound = room.bound;
  source.stride_bytes = static_cast<std::uint32_t>(pieces[0].stride_bytes);
  source.base_bytes = first[0];
  source.chroma =
      chroma_of(*entry.format, first, static_cast<std::uint32_t>(pieces[1].stride_bytes));
  source.uploaded_bytes = pixel_bytes;
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
                               const SourceOptions& options) {
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
      made = import_buffer(device, buffer);
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
  const std::array<std::uint32_t, 3> first = {
      buffer.plane(0).offset_bytes, buffer.plane(1).offset_bytes, buffer.plane(2).offset_bytes};
  source.chroma = chroma_of(*entry.format, first, buffer.plane(1).stride_bytes);
  return source;
}

}  // namespace rp::vulkan
