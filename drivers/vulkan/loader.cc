#include "drivers/vulkan/loader.h"

#include <dlfcn.h>

#include <string>

namespace rp::vulkan {
namespace {

constexpr const char* kLibrary = "libvulkan.so.1";

Result<GlobalFunctions> open_loader() {
  // Never closed: drivers leave threads and exit handlers behind.
  void* library = ::dlopen(kLibrary, RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    return fail(ErrorCode::kUnsupported, "there is no Vulkan loader (libvulkan1)");
  }
  GlobalFunctions f;
  f.GetInstanceProcAddr =
      reinterpret_cast<PFN_vkGetInstanceProcAddr>(::dlsym(library, "vkGetInstanceProcAddr"));
  if (f.GetInstanceProcAddr == nullptr) {
    return fail(ErrorCode::kUnsupported, "the Vulkan loader has no vkGetInstanceProcAddr");
  }
#define RP_VK_LOAD(name) \
  f.name = reinterpret_cast<PFN_vk##name>(f.GetInstanceProcAddr(nullptr, "vk" #name));
  RP_VK_GLOBAL_FUNCTIONS(RP_VK_LOAD)
#undef RP_VK_LOAD
  std::uint32_t version = 0;
  if (f.CreateInstance == nullptr || f.EnumerateInstanceVersion == nullptr ||
      f.EnumerateInstanceVersion(&version) != VK_SUCCESS || version < VK_API_VERSION_1_1) {
    return fail(ErrorCode::kUnsupported, "the Vulkan loader is older than 1.1");
  }
  return f;
}

}  // namespace

Result<GlobalFunctions> functions_of_loader() {
  static const Result<GlobalFunctions> loaded = open_loader();
  return loaded;
}

Result<InstanceFunctions> functions_of(const GlobalFunctions& global, VkInstance instance) {
  InstanceFunctions f;
  const char* missing = nullptr;
#define RP_VK_LOAD(name)                                                                     \
  f.name = reinterpret_cast<PFN_vk##name>(global.GetInstanceProcAddr(instance, "vk" #name)); \
  if (f.name == nullptr) missing = "vk" #name;
  RP_VK_INSTANCE_FUNCTIONS(RP_VK_LOAD)
#undef RP_VK_LOAD
  if (missing != nullptr) {
    return fail(ErrorCode::kUnsupported, std::string("the Vulkan loader has no ") + missing);
  }
  return f;
}

Result<DeviceFunctions> functions_of(const InstanceFunctions& instance, VkDevice device) {
  DeviceFunctions f;
  const char* missing = nullptr;
#define RP_VK_LOAD(name)                                                                   \
  f.name = reinterpret_cast<PFN_vk##name>(instance.GetDeviceProcAddr(device, "vk" #name)); \
  if (f.name == nullptr) missing = "vk" #name;
  RP_VK_DEVICE_FUNCTIONS(RP_VK_LOAD)
#undef RP_VK_LOAD
#define RP_VK_LOAD(name) \
  f.name = reinterpret_cast<PFN_vk##name>(instance.GetDeviceProcAddr(device, "vk" #name));
  RP_VK_EXTENSION_FUNCTIONS(RP_VK_LOAD)
#undef RP_VK_LOAD
  if (missing != nullptr) {
    return fail(ErrorCode::kUnsupported, std::string("the device has no ") + missing);
  }
  return f;
}

std::string name_of(VkResult result) {
  switch (result) {
    case VK_NOT_READY:
      return "VK_NOT_READY";
    case VK_TIMEOUT:
      return "VK_TIMEOUT";
    case VK_ERROR_OUT_OF_HOST_MEMORY:
      return "VK_ERROR_OUT_OF_HOST_MEMORY";
    case VK_ERROR_OUT_OF_DEVICE_MEMORY:
      return "VK_ERROR_OUT_OF_DEVICE_MEMORY";
    case VK_ERROR_INITIALIZATION_FAILED:
      return "VK_ERROR_INITIALIZATION_FAILED";
    case VK_ERROR_DEVICE_LOST:
      return "VK_ERROR_DEVICE_LOST";
    case VK_ERROR_EXTENSION_NOT_PRESENT:
      return "VK_ERROR_EXTENSION_NOT_PRESENT";
    case VK_ERROR_FEATURE_NOT_PRESENT:
      return "VK_ERROR_FEATURE_NOT_PRESENT";
    case VK_ERROR_INCOMPATIBLE_DRIVER:
      return "VK_ERROR_INCOMPATIBLE_DRIVER";
    case VK_ERROR_INVALID_EXTERNAL_HANDLE:
      return "VK_ERROR_INVALID_EXTERNAL_HANDLE";
    case VK_ERROR_FORMAT_NOT_SUPPORTED:
      return "VK_ERROR_FORMAT_NOT_SUPPORTED";
    default:
      return "VkResult " + std::to_string(static_cast<int>(result));
  }
}

std::unexpected<Error> fail_vulkan(VkResult result, const char* operation) {
  ErrorCode code = ErrorCode::kUnsupported;
  if (result == VK_ERROR_DEVICE_LOST) code = ErrorCode::kUnavailable;
  if (result == VK_ERROR_OUT_OF_HOST_MEMORY || result == VK_ERROR_OUT_OF_DEVICE_MEMORY) {
    code = ErrorCode::kExhausted;
  }
  return fail(code, std::string(operation) + ": " + name_of(result));
}

}  // namespace rp::vulkan
