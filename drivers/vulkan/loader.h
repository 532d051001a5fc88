// The functions of Vulkan this driver calls, found when it first asks for a device: libvulkan is
// opened at run time, so that an engine without a GPU needs no package for it (docs/adr/0012).
// Thread rule: functions_of_loader() from any thread; the tables are plain values.
#pragma once

#define VK_NO_PROTOTYPES
#include <vulkan/vulkan.h>

#include "engine/base/result.h"

#define RP_VK_GLOBAL_FUNCTIONS(X)     \
  X(EnumerateInstanceVersion)         \
  X(EnumerateInstanceLayerProperties) \
  X(CreateInstance)

#define RP_VK_INSTANCE_FUNCTIONS(X)               \
  X(DestroyInstance)                              \
  X(EnumeratePhysicalDevices)                     \
  X(GetPhysicalDeviceProperties2)                 \
  X(GetPhysicalDeviceFeatures2)                   \
  X(GetPhysicalDeviceQueueFamilyProperties)       \
  X(GetPhysicalDeviceMemoryProperties)            \
  X(GetPhysicalDeviceFormatProperties2)           \
  X(GetPhysicalDeviceImageFormatProperties2)      \
  X(GetPhysicalDeviceExternalBufferProperties)    \
  X(GetPhysicalDeviceExternalSemaphoreProperties) \
  X(EnumerateDeviceExtensionProperties)           \
  X(CreateDevice)                                 \
  X(GetDeviceProcAddr)

// Of the device itself, in any version from 1.1 on.
#define RP_VK_DEVICE_FUNCTIONS(X) \
  X(DestroyDevice)                \
  X(DeviceWaitIdle)               \
  X(GetDeviceQueue)               \
  X(QueueSubmit)                  \
  X(CreateFence)                  \
  X(DestroyFence)                 \
  X(GetFenceStatus)               \
  X(WaitForFences)                \
  X(ResetFences)                  \
  X(CreateSemaphore)              \
  X(DestroySemaphore)             \
  X(CreateCommandPool)            \
  X(DestroyCommandPool)           \
  X(ResetCommandPool)             \
  X(AllocateCommandBuffers)       \
  X(BeginCommandBuffer)           \
  X(EndCommandBuffer)             \
  X(CmdBindPipeline)              \
  X(CmdBindDescriptorSets)        \
  X(CmdPushConstants)             \
  X(CmdDispatch)                  \
  X(CmdPipelineBarrier)           \
  X(CreateBuffer)                 \
  X(DestroyBuffer)                \
  X(GetBufferMemoryRequirements)  \
  X(BindBufferMemory)             \
  X(CreateImage)                  \
  X(DestroyImage)                 \
  X(GetImageMemoryRequirements)   \
  X(BindImageMemory)              \
  X(CreateImageView)              \
  X(DestroyImageView)             \
  X(AllocateMemory)               \
  X(FreeMemory)                   \
  X(MapMemory)                    \
  X(CreateShaderModule)           \
  X(DestroyShaderModule)          \
  X(CreateDescriptorSetLayout)    \
  X(DestroyDescriptorSetLayout)   \
  X(CreatePipelineLayout)         \
  X(DestroyPipelineLayout)        \
  X(CreateComputePipelines)       \
  X(DestroyPipeline)              \
  X(CreateDescriptorPool)         \
  X(DestroyDescriptorPool)        \
  X(ResetDescriptorPool)          \
  X(AllocateDescriptorSets)       \
  X(UpdateDescriptorSets)

// Of extensions: null where the device has not got them.
#define RP_VK_EXTENSION_FUNCTIONS(X) \
  X(GetMemoryFdKHR)                  \
  X(GetMemoryFdPropertiesKHR)        \
  X(GetSemaphoreFdKHR)               \
  X(ImportSemaphoreFdKHR)

namespace rp::vulkan {

#define RP_VK_MEMBER(name) PFN_vk##name name = nullptr;

struct GlobalFunctions {
  PFN_vkGetInstanceProcAddr GetInstanceProcAddr = nullptr;
  RP_VK_GLOBAL_FUNCTIONS(RP_VK_MEMBER)
};
struct InstanceFunctions {
  RP_VK_INSTANCE_FUNCTIONS(RP_VK_MEMBER)
};
struct DeviceFunctions {
  RP_VK_DEVICE_FUNCTIONS(RP_VK_MEMBER)
  RP_VK_EXTENSION_FUNCTIONS(RP_VK_MEMBER)
};

#undef RP_VK_MEMBER

// Opens the loader, once for the process. kUnsupported: there is none, or one older than 1.1.
[[nodiscard]] Result<GlobalFunctions> functions_of_loader();
[[nodiscard]] Result<InstanceFunctions> functions_of(const GlobalFunctions& global,
                                                     VkInstance instance);
[[nodiscard]] Result<DeviceFunctions> functions_of(const InstanceFunctions& instance,
                                                   VkDevice device);

// "VK_ERROR_DEVICE_LOST" and its like, or the number.
[[nodiscard]] std::string name_of(VkResult result);
// kUnavailable for a lost device, kExhausted for memory, kUnsupported for the rest.
[[nodiscard]] std::unexpected<Error> fail_vulkan(VkResult result, const char* operation);

}  // namespace rp::vulkan

#define RP_VK_TRY(expression, operation)                                       \
  do {                                                                         \
    if (const VkResult rp_vk = (expression); rp_vk != VK_SUCCESS) [[unlikely]] \
      return ::rp::vulkan::fail_vulkan(rp_vk, operation);                      \
  } while (false)
