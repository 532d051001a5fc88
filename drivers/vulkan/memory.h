// Buffer and Image: memory the device reads and writes, its own or another's. What comes from
// outside (a guest's dma-buf) has been checked against its real size before it gets here. Thread
// rule: the shard's.
#pragma once

#include <cstdint>
#include <memory>

#include "drivers/vulkan/device.h"
#include "engine/base/unique_fd.h"
#include "engine/frame/frame.h"

namespace rp::vulkan {

enum class BufferUse : std::uint8_t {
  kDevice,    // the device alone
  kUpload,    // written by the CPU in order, read by the device
  kReadBack,  // written by the device, read by the CPU
  kExport,    // written by the device and handed on as a dma-buf; mapped too where it can be
};

class Buffer final : public Resource {
 public:
  [[nodiscard]] static Result<std::unique_ptr<Buffer>> create(Device& device, VkDeviceSize bytes,
                                                              BufferUse use);
  // The memory of a dma-buf from its start on, `bytes` of it. `fd` is borrowed.
  [[nodiscard]] static Result<std::unique_ptr<Buffer>> import_dmabuf(Device& device, int fd,
                                                                     VkDeviceSize bytes);
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;
  ~Buffer() override;

  [[nodiscard]] VkBuffer handle() const { return buffer_; }
  [[nodiscard]] VkDeviceSize bytes() const { return bytes_; }
  // Null where the CPU cannot reach it. Coherent.
  [[nodiscard]] std::uint8_t* map() const { return map_; }
  // Of kExport: a new dma-buf descriptor of the memory.
  [[nodiscard]] Result<UniqueFd> export_dmabuf() const;

 private:
  explicit Buffer(Device& device) : device_(device) {}
  [[nodiscard]] Status make(VkDeviceSize bytes, bool shared);
  [[nodiscard]] Status allocate(const VkMemoryRequirements& needs, VkMemoryPropertyFlags needed,
                                VkMemoryPropertyFlags wished, const void* next);
  [[nodiscard]] Status map_memory();

  Device& device_;
  VkBuffer buffer_ = VK_NULL_HANDLE;
  VkDeviceMemory memory_ = VK_NULL_HANDLE;
  VkDeviceSize bytes_ = 0;
  std::uint8_t* map_ = nullptr;
};

// A dma-buf whose pixels lie in an order of the device's own (a DRM format modifier); all its
// planes lie in that one memory.
class Image final : public Resource {
 public:
  // kUnsupported: the device does not read that modifier, or not in this format and size.
  [[nodiscard]] static Result<std::unique_ptr<Image>> import_dmabuf(Device& device,
                                                                    const FrameBuffer& buffer);
  Image(const Image&) = delete;
  Image& operator=(const Image&) = delete;
  ~Image() override;

  [[nodiscard]] VkImage handle() const { return image_; }
  [[nodiscard]] VkImageView view() const { return view_; }
  bool fresh = true;  // never used by the device so far

 private:
  explicit Image(Device& device) : device_(device) {}
  [[nodiscard]] Status make(const FrameBuffer& buffer, VkFormat format);
  [[nodiscard]] Status bind(int fd);
  [[nodiscard]] Status make_view(VkFormat format);

  Device& device_;
  VkImage image_ = VK_NULL_HANDLE;
  VkImageView view_ = VK_NULL_HANDLE;
  VkDeviceMemory memory_ = VK_NULL_HANDLE;
};

}  // namespace rp::vulkan
