#include "drivers/vulkan/formats.h"

#include <drm_fourcc.h>

#include <algorithm>

#include "engine/frame/pixel_layout.h"

namespace rp::vulkan {

VkFormat image_format(FourCc format) {
  switch (static_cast<std::uint32_t>(format)) {
    case DRM_FORMAT_XRGB8888:
    case DRM_FORMAT_ARGB8888:
      return VK_FORMAT_B8G8R8A8_UNORM;
    case DRM_FORMAT_XBGR8888:
    case DRM_FORMAT_ABGR8888:
      return VK_FORMAT_R8G8B8A8_UNORM;
    case DRM_FORMAT_RGB565:
      return VK_FORMAT_R5G6B5_UNORM_PACK16;
    case DRM_FORMAT_XRGB2101010:
      return VK_FORMAT_A2R10G10B10_UNORM_PACK32;
    case DRM_FORMAT_XBGR2101010:
      return VK_FORMAT_A2B10G10R10_UNORM_PACK32;
    default:
      return VK_FORMAT_UNDEFINED;
  }
}

std::vector<SourceFormat> modifiers_of(const Device& device, FourCc format) {
  const VkFormat image = image_format(format);
  if (image == VK_FORMAT_UNDEFINED) return {};
  VkDrmFormatModifierPropertiesListEXT list{};
  list.sType = VK_STRUCTURE_TYPE_DRM_FORMAT_MODIFIER_PROPERTIES_LIST_EXT;
  VkFormatProperties2 properties{};
  properties.sType = VK_STRUCTURE_TYPE_FORMAT_PROPERTIES_2;
  properties.pNext = &list;
  const auto ask = [&] {
    device.instance_fn().GetPhysicalDeviceFormatProperties2(device.physical(), image, &properties);
  };
  ask();
  std::vector<VkDrmFormatModifierPropertiesEXT> rows(list.drmFormatModifierCount);
  list.pDrmFormatModifierProperties = rows.data();
  ask();
  constexpr std::uint32_t kMostPlanes = 4;  // linux-dmabuf's, and Plane's
  std::vector<SourceFormat> modifiers;
  for (const VkDrmFormatModifierPropertiesEXT& row : rows) {
    const bool read =
        (row.drmFormatModifierTilingFeatures & VK_FORMAT_FEATURE_SAMPLED_IMAGE_BIT) != 0;
    if (!read || row.drmFormatModifierPlaneCount > kMostPlanes) continue;
    modifiers.push_back(
        {format, row.drmFormatModifier, static_cast<int>(row.drmFormatModifierPlaneCount)});
  }
  return modifiers;
}

Result<VkExtent3D> importable(const Device& device, FourCc format, std::uint64_t modifier) {
  VkPhysicalDeviceExternalImageFormatInfo outside{};
  outside.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_EXTERNAL_IMAGE_FORMAT_INFO;
  outside.handleType = VK_EXTERNAL_MEMORY_HANDLE_TYPE_DMA_BUF_BIT_EXT;
  VkPhysicalDeviceImageDrmFormatModifierInfoEXT order{};
  order.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_IMAGE_DRM_FORMAT_MODIFIER_INFO_EXT;
  order.pNext = &outside;
  order.drmFormatModifier = modifier;
  order.sharingMode = VK_SHARING_MODE_EXCLUSIVE;
  VkPhysicalDeviceImageFormatInfo2 ask{};
  ask.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_IMAGE_FORMAT_INFO_2;
  ask.pNext = &order;
  ask.format = image_format(format);
  ask.type = VK_IMAGE_TYPE_2D;
  ask.tiling = VK_IMAGE_TILING_DRM_FORMAT_MODIFIER_EXT;
  ask.usage = VK_IMAGE_USAGE_SAMPLED_BIT;
  VkExternalImageFormatProperties memory{};
  memory.sType = VK_STRUCTURE_TYPE_EXTERNAL_IMAGE_FORMAT_PROPERTIES;
  VkImageFormatProperties2 answer{};
  answer.sType = VK_STRUCTURE_TYPE_IMAGE_FORMAT_PROPERTIES_2;
  answer.pNext = &memory;
  RP_VK_TRY(device.instance_fn().GetPhysicalDeviceImageFormatProperties2(device.physical(), &ask,
                                                                         &answer),
            "read a buffer's modifier");
  if ((memory.externalMemoryProperties.externalMemoryFeatures &
       VK_EXTERNAL_MEMORY_FEATURE_IMPORTABLE_BIT) == 0) {
    return fail(ErrorCode::kUnsupported, "the device imports no memory with this modifier");
  }
  return answer.imageFormatProperties.maxExtent;
}

SharedSourceFormats source_formats_of(const Device& device) {
  if (!device.can().import_dmabuf) return linear_source_formats();  // all is uploaded
  auto formats = std::make_shared<SourceFormats>();
  formats->imports = true;
  formats->main_device = device.info().node;
  SourceTranche best{.device = formats->main_device, .formats = {}};
  if (device.can().import_modifier) {
    for (const PixelLayout& layout : pixel_layouts()) {
      for (const SourceFormat& format : modifiers_of(device, layout.code)) {
        if (format.modifier == kModifierLinear) continue;
        if (importable(device, format.code, format.modifier)) best.formats.push_back(format);
      }
    }
  }
  // A device that is the CPU tiles nothing.
  const SourceTranche linear =
      linear_tranche(device.info().software ? Implicit::kIsLinear : Implicit::kIsRefused);
  best.formats.insert(best.formats.end(), linear.formats.begin(), linear.formats.end());
  formats->tranches.push_back(std::move(best));
  return formats;
}

}  // namespace rp::vulkan
