// Which of guests' buffers a device takes: the modifiers it lists for each format, as far as it can
// import memory laid out so, and LINEAR, which it reads as words. Asked of the driver each time.
// Thread rule: the shard's.
#pragma once

#include <vector>

#include "drivers/vulkan/device.h"
#include "engine/frame/source_formats.h"

namespace rp::vulkan {

// VK_FORMAT_UNDEFINED for a format that is never read as an image.
[[nodiscard]] VkFormat image_format(FourCc format);

// What the device reads of images in this format, with the planes of memory each modifier has.
[[nodiscard]] std::vector<SourceFormat> modifiers_of(const Device& device, FourCc format);

// The largest image that can be made of a dma-buf laid out so. kUnsupported: none.
[[nodiscard]] Result<VkExtent3D> importable(const Device& device, FourCc format,
                                            std::uint64_t modifier);

// All of it, for the display to advertise. Best first: a device's own order is faster than LINEAR.
[[nodiscard]] SharedSourceFormats source_formats_of(const Device& device);

}  // namespace rp::vulkan
