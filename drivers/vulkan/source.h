// Source: what the draw kernel reads of a layer, and how it comes to the device: a guest's dma-buf
// is imported, once, and stays with the buffer; any other memory is copied into the work's upload
// memory, no more of it than is drawn. Thread rule: the shard's.
#pragma once

#include <memory>

#include "drivers/vulkan/plan.h"
#include "drivers/vulkan/work.h"

namespace rp::vulkan {

// Where the colours of a buffer with planes lie; offsets wrap below 0, as base_bytes.
struct ChromaPlace {
  std::uint32_t u_bytes = 0;
  std::uint32_t v_bytes = 0;
  std::uint32_t stride_bytes = 0;
  std::uint32_t step_bytes = 0;
};

struct Source {
  Kernel kernel = Kernel::kDrawBuffer;
  Work::Bound bound;
  std::uint32_t base_bytes = 0;  // of the buffer's first pixel; wraps below 0
  std::uint32_t stride_bytes = 0;
  ChromaPlace chroma;
  std::uint64_t uploaded_bytes = 0;
  Image* image = nullptr;             // an import that is an image
  VkBuffer outside = VK_NULL_HANDLE;  // an import that is a buffer
};

// What a guest's buffer became on a device; kept in FrameBuffer::device_import().
class LayerImport final : public DeviceImport {
 public:
  LayerImport(std::shared_ptr<Device> device, Result<std::unique_ptr<Buffer>> buffer);
  LayerImport(std::shared_ptr<Device> device, Result<std::unique_ptr<Image>> image);
  ~LayerImport() override;
  [[nodiscard]] const Device* device() const { return device_.get(); }
  [[nodiscard]] Buffer* buffer() const { return buffer_.get(); }
  [[nodiscard]] Image* image() const { return image_.get(); }
  // Why there is neither.
  [[nodiscard]] const Error& refusal() const { return refusal_; }

 private:
  std::shared_ptr<Device> device_;  // shared: outlives the composer with the guest's buffer
  std::unique_ptr<Buffer> buffer_;
  std::unique_ptr<Image> image_;
  Error refusal_;
};

struct SourceOptions {
  // Linear buffers are read as images, too, where the device lists LINEAR. For tests: it is the way
  // of the other modifiers.
  bool images_for_linear = false;
};

// The import of a layer's buffer, made when there is none; null when the device does not take it
// (asked once). Buffers that are no dma-bufs have none. kInvalid: the buffer is not what it says.
[[nodiscard]] Result<LayerImport*> import_of(const std::shared_ptr<Device>& device,
                                             FrameBuffer& buffer, const SourceOptions& options);

// kInvalid: the layer is to be left out, with the reason. Others: the whole scene cannot be drawn.
// `window`: the upright pixels that are read.
[[nodiscard]] Result<Source> make_source(const ScenePlan::Entry& entry, Rect window,
                                         LayerImport* import, Work& work);

}  // namespace rp::vulkan
