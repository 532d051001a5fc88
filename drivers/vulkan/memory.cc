#include "drivers/vulkan/memory.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <vector>

#include "drivers/vulkan/formats.h"

namespace rp::vulkan {
namespace {

// `fd` stays the caller's: the driver gets a descriptor of its own, which it keeps on success.
Result<VkDeviceMemory> import_memory(Device& device, int fd, VkDeviceSize bytes,
                                     std::uint32_t types, const void* dedicated) {
  VkMemoryFdPropertiesKHR properties{};
  properties.sType = VK_STRUCTURE_TYPE_MEMORY_FD_PROPERTIES_KHR;
  RP_VK_TRY(device.fn().GetMemoryFdPropertiesKHR(
                device.handle(), VK_EXTERNAL_MEMORY_HANDLE_TYPE_DMA_BUF_BIT_EXT, fd, &properties),
            "ask where a dma-buf can be used");
  RP_ASSIGN(const std::uint32_t type, device.memory_type(types & properties.memoryTypeBits, 0, 0));
  UniqueFd given(::fcntl(fd, F_DUPFD_CLOEXEC, 0));
  if (!given) return fail_errno("duplicate a dma-buf's descriptor");
  VkImportMemoryFdInfoKHR import{};
  import.sType = VK_STRUCTURE_TYPE_IMPORT_MEMORY_FD_INFO_KHR;
  import.pNext = dedicated;
  import.handleType = VK_EXTERNAL_MEMORY_HANDLE_TYPE_DMA_BUF_BIT_EXT;
  import.fd = given.get();
  VkMemoryAllocateInfo info{};
  info.sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO;
  info.pNext = &import;
  info.allocationSize = bytes;
  info.memoryTypeIndex = type;
  VkDeviceMemory memory = VK_NULL_HANDLE;
  RP_VK_TRY(device.fn().AllocateMemory(device.handle(), &info, nullptr, &memory),
            "import a dma-buf");
  (void)given.release();
  return memory;
}

}  // namespace

Result<std::unique_ptr<Buffer>> Buffer::create(Device& device, VkDeviceSize bytes, BufferUse use) {
  std::unique_ptr<Buffer> made(new Buffer(device));
  const bool shared = use == BufferUse::kExport;
  RP_TRY(made->make(bytes, shared));
  VkMemoryRequirements needs{};
  device.fn().GetBufferMemoryRequirements(device.handle(), made->buffer_, &needs);
  constexpr VkMemoryPropertyFlags kMapped =
      VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT | VK_MEMORY_PROPERTY_HOST_COHERENT_BIT;
  switch (use) {
    case BufferUse::kDevice:
      RP_TRY(made->allocate(needs, 0, VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT, nullptr));
      return made;
    case BufferUse::kUpload:
      RP_TRY(made->allocate(needs, kMapped, 0, nullptr));
      break;
    case BufferUse::kReadBack:
      RP_TRY(made->allocate(needs, kMapped, VK_MEMORY_PROPERTY_HOST_CACHED_BIT, nullptr));
      break;
    case BufferUse::kExport: {
      VkExportMemoryAllocateInfo shared_memory{};
      shared_memory.sType = VK_STRUCTURE_TYPE_EXPORT_MEMORY_ALLOCATE_INFO;
      shared_memory.handleTypes = VK_EXTERNAL_MEMORY_HANDLE_TYPE_DMA_BUF_BIT_EXT;
      RP_TRY(made->allocate(needs, 0, kMapped, &shared_memory));
      (void)made->map_memory();  // not every device's memory can be reached
      return made;
    }
  }
  RP_TRY(made->map_memory());
  return made;
}

Result<std::unique_ptr<Buffer>> Buffer::import_dmabuf(Device& device, int fd, VkDeviceSize bytes) {
  std::unique_ptr<Buffer> made(new Buffer(device));
  RP_TRY(made->make(bytes, true));
  VkMemoryRequirements needs{};
  device.fn().GetBufferMemoryRequirements(device.handle(), made->buffer_, &needs);
  if (needs.size > bytes) {
    return fail(ErrorCode::kUnsupported, "the device wants more of a dma-buf than there is");
  }
  RP_ASSIGN(made->memory_, import_memory(device, fd, bytes, needs.memoryTypeBits, nullptr));
  RP_VK_TRY(device.fn().BindBufferMemory(device.handle(), made->buffer_, made->memory_, 0),
            "bind a dma-buf");
  return made;
}

Status Buffer::make(VkDeviceSize bytes, bool shared) {
  bytes_ = bytes;
  VkExternalMemoryBufferCreateInfo external{};
  external.sType = VK_STRUCTURE_TYPE_EXTERNAL_MEMORY_BUFFER_CREATE_INFO;
  external.handleTypes = VK_EXTERNAL_MEMORY_HANDLE_TYPE_DMA_BUF_BIT_EXT;
  VkBufferCreateInfo info{};
  info.sType = VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO;
  info.pNext = shared ? &external : nullptr;
  info.size = bytes;
  info.usage = VK_BUFFER_USAGE_STORAGE_BUFFER_BIT;
  info.sharingMode = VK_SHARING_MODE_EXCLUSIVE;
  RP_VK_TRY(device_.fn().CreateBuffer(device_.handle(), &info, nullptr, &buffer_),
            "make a Vulkan buffer");
  return {};
}

Status Buffer::allocate(const VkMemoryRequirements& needs, VkMemoryPropertyFlags needed,
                        VkMemoryPropertyFlags wished, const void* next) {
  VkMemoryAllocateInfo info{};
  info.sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO;
  info.pNext = next;
  info.allocationSize = needs.size;
  RP_ASSIGN(info.memoryTypeIndex, device_.memory_type(needs.memoryTypeBits, needed, wished));
  RP_VK_TRY(device_.fn().AllocateMemory(device_.handle(), &info, nullptr, &memory_),
            "allocate memory of the device");
  RP_VK_TRY(device_.fn().BindBufferMemory(device_.handle(), buffer_, memory_, 0),
            "bind memory of the device");
  return {};
}

Status Buffer::map_memory() {
  void* map = nullptr;
  RP_VK_TRY(device_.fn().MapMemory(device_.handle(), memory_, 0, VK_WHOLE_SIZE, 0, &map),
            "map memory of the device");
  map_ = static_cast<std::uint8_t*>(map);
  return {};
}

Result<UniqueFd> Buffer::export_dmabuf() const {
  VkMemoryGetFdInfoKHR info{};
  info.sType = VK_STRUCTURE_TYPE_MEMORY_GET_FD_INFO_KHR;
  info.memory = memory_;
  info.handleType = VK_EXTERNAL_MEMORY_HANDLE_TYPE_DMA_BUF_BIT_EXT;
  int fd = -1;
  RP_VK_TRY(device_.fn().GetMemoryFdKHR(device_.handle(), &info, &fd), "export a dma-buf");
  return UniqueFd(fd);
}

Buffer::~Buffer() {
  device_.fn().DestroyBuffer(device_.handle(), buffer_, nullptr);
  device_.fn().FreeMemory(device_.handle(), memory_, nullptr);
}

Result<std::unique_ptr<Image>> Image::import_dmabuf(Device& device, const FrameBuffer& buffer) {
  const VkFormat format = image_format(buffer.format());
  if (format == VK_FORMAT_UNDEFINED) return fail(ErrorCode::kUnsupported, "unknown pixel format");
  // Not every driver refuses by itself what it has not listed.
  const SourceFormat wanted{buffer.format(), buffer.modifier(), buffer.plane_count()};
  const std::vector<SourceFormat> modifiers = modifiers_of(device, buffer.format());
  if (std::ranges::find(modifiers, wanted) == modifiers.end()) {
    return fail(ErrorCode::kUnsupported, "the device does not list the buffer's modifier");
  }
  RP_ASSIGN(const VkExtent3D most, importable(device, buffer.format(), buffer.modifier()));
  if (static_cast<std::uint32_t>(buffer.size().width) > most.width ||
      static_cast<std::uint32_t>(buffer.size().height) > most.height) {
    return fail(ErrorCode::kUnsupported, "the buffer is larger than the device's images");
  }
  std::unique_ptr<Image> made(new Image(device));
  RP_TRY(made->make(buffer, format));
  RP_TRY(made->bind(buffer.plane(0).fd));
  RP_TRY(made->make_view(format));
  return made;
}

Status Image::make(const FrameBuffer& buffer, VkFormat format) {
  std::array<VkSubresourceLayout, 4> planes{};
  for (int i = 0; i < buffer.plane_count(); ++i) {
    planes[static_cast<std::size_t>(i)].offset = buffer.plane(i).offset_bytes;
    planes[static_cast<std::size_t>(i)].rowPitch = buffer.plane(i).stride_bytes;
  }
  VkImageDrmFormatModifierExplicitCreateInfoEXT layout{};
  layout.sType = VK_STRUCTURE_TYPE_IMAGE_DRM_FORMAT_MODIFIER_EXPLICIT_CREATE_INFO_EXT;
  layout.drmFormatModifier = buffer.modifier();
  layout.drmFormatModifierPlaneCount = static_cast<std::uint32_t>(buffer.plane_count());
  layout.pPlaneLayouts = planes.data();
  VkExternalMemoryImageCreateInfo external{};
  external.sType = VK_STRUCTURE_TYPE_EXTERNAL_MEMORY_IMAGE_CREATE_INFO;
  external.pNext = &layout;
  external.handleTypes = VK_EXTERNAL_MEMORY_HANDLE_TYPE_DMA_BUF_BIT_EXT;
  VkImageCreateInfo info{};
  info.sType = VK_STRUCTURE_TYPE_IMAGE_CREATE_INFO;
  info.pNext = &external;
  info.imageType = VK_IMAGE_TYPE_2D;
  info.format = format;
  info.extent = {static_cast<std::uint32_t>(buffer.size().width),
                 static_cast<std::uint32_t>(buffer.size().height), 1};
  info.mipLevels = 1;
  info.arrayLayers = 1;
  info.samples = VK_SAMPLE_COUNT_1_BIT;
  info.tiling = VK_IMAGE_TILING_DRM_FORMAT_MODIFIER_EXT;
  info.usage = VK_IMAGE_USAGE_SAMPLED_BIT;
  info.sharingMode = VK_SHARING_MODE_EXCLUSIVE;
  info.initialLayout = VK_IMAGE_LAYOUT_UNDEFINED;
  RP_VK_TRY(device_.fn().CreateImage(device_.handle(), &info, nullptr, &image_),
            "make an image of a dma-buf");
  return {};
}

Status Image::bind(int fd) {
  VkMemoryRequirements needs{};
  device_.fn().GetImageMemoryRequirements(device_.handle(), image_, &needs);
  const off_t there = ::lseek(fd, 0, SEEK_END);
  if (there <= 0 || needs.size > static_cast<VkDeviceSize>(there)) {
    return fail(ErrorCode::kUnsupported, "the device wants more of a dma-buf than there is");
  }
  VkMemoryDedicatedAllocateInfo dedicated{};
  dedicated.sType = VK_STRUCTURE_TYPE_MEMORY_DEDICATED_ALLOCATE_INFO;
  dedicated.image = image_;
  RP_ASSIGN(memory_, import_memory(device_, fd, needs.size, needs.memoryTypeBits, &dedicated));
  RP_VK_TRY(device_.fn().BindImageMemory(device_.handle(), image_, memory_, 0), "bind a dma-buf");
  return {};
}

Status Image::make_view(VkFormat format) {
  VkImageViewCreateInfo info{};
  info.sType = VK_STRUCTURE_TYPE_IMAGE_VIEW_CREATE_INFO;
  info.image = image_;
  info.viewType = VK_IMAGE_VIEW_TYPE_2D;
  info.format = format;
  info.subresourceRange = {VK_IMAGE_ASPECT_COLOR_BIT, 0, 1, 0, 1};
  RP_VK_TRY(device_.fn().CreateImageView(device_.handle(), &info, nullptr, &view_),
            "make a view of a dma-buf");
  return {};
}

Image::~Image() {
  device_.fn().DestroyImageView(device_.handle(), view_, nullptr);
  device_.fn().DestroyImage(device_.handle(), image_, nullptr);
  device_.fn().FreeMemory(device_.handle(), memory_, nullptr);
}

}  // namespace rp::vulkan
