// Target: where the convert kernel writes a picture: into the picture's own memory when the device
// can reach it (its own allocation, or an imported dma-buf), else into memory that is copied to the
// picture when the work is done. Thread rule: the shard's.
#pragma once

#include <memory>
#include <vector>

#include "drivers/vulkan/work.h"
#include "engine/frame/picture.h"

namespace rp::vulkan {

struct Target {
  PicturePlanes planes;  // offsets from the bound memory's start, and strides
  Work::Bound bound;
  const std::uint8_t* copy_from = nullptr;  // not null: to be copied into the picture
  VkBuffer outside = VK_NULL_HANDLE;        // memory shared with others
  int dmabuf = -1;                          // borrowed
};

// kUnsupported: the picture's memory can be reached neither by the device nor by the CPU.
[[nodiscard]] Result<Target> make_target(const std::shared_ptr<Device>& device, Picture& picture,
                                         Work& work);

// Copies what was drawn, `boxes` of it, into the picture.
void copy_back(const Target& target, const std::vector<Rect>& boxes, Picture& picture);

}  // namespace rp::vulkan
