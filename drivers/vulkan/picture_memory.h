// VulkanPictureAllocator: pictures in NV12 that the device writes in place: as dma-bufs where it
// exports them, so that an encoder's device can read them; mapped for the CPU where that can be.
//
//   y: stride × coded.height     u, v in turn: stride × coded.height / 2     stride: of 256 bytes
//
// Thread rule: the shard's.
#pragma once

#include <memory>

#include "drivers/vulkan/device.h"
#include "engine/frame/picture_memory.h"

namespace rp::vulkan {

class VulkanPictureAllocator final : public PictureAllocator {
 public:
  explicit VulkanPictureAllocator(std::shared_ptr<Device> device) : device_(std::move(device)) {}
  [[nodiscard]] Result<std::unique_ptr<PictureMemory>> allocate(Size coded, int count) override;

 private:
  std::shared_ptr<Device> device_;  // shared with the memory, which may outlive the composer
};

}  // namespace rp::vulkan
