#include "drivers/vulkan/device.h"

#include <sys/sysmacros.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

namespace rp::vulkan {
namespace {

Result<VkInstance> make_instance(const GlobalFunctions& global) {
  VkApplicationInfo application{};
  application.sType = VK_STRUCTURE_TYPE_APPLICATION_INFO;
  application.pApplicationName = "rackphone";
  application.apiVersion = VK_API_VERSION_1_1;
  VkInstanceCreateInfo info{};
  info.sType = VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO;
  info.pApplicationInfo = &application;
  VkInstance instance = VK_NULL_HANDLE;
  const VkResult result = global.CreateInstance(&info, nullptr, &instance);
  if (result == VK_ERROR_INCOMPATIBLE_DRIVER) {
    return fail(ErrorCode::kUnsupported, "no Vulkan driver is installed");
  }
  RP_VK_TRY(result, "make a Vulkan instance");
  return instance;
}

std::vector<std::string> extensions_of(const InstanceFunctions& fn, VkPhysicalDevice device) {
  std::uint32_t count = 0;
  std::vector<VkExtensionProperties> properties;
  if (fn.EnumerateDeviceExtensionProperties(device, nullptr, &count, nullptr) == VK_SUCCESS) {
    properties.resize(count);
    if (fn.EnumerateDeviceExtensionProperties(device, nullptr, &count, properties.data()) !=
        VK_SUCCESS) {
      count = 0;
    }
    properties.resize(count);
  }
  std::vector<std::string> names;
  names.reserve(properties.size());
  for (const VkExtensionProperties& property : properties) {
    names.emplace_back(property.extensionName);
  }
  return names;
}

bool has(const std::vector<std::string>& names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

std::optional<std::uint32_t> compute_family(const InstanceFunctions& fn, VkPhysicalDevice device) {
  std::uint32_t count = 0;
  fn.GetPhysicalDeviceQueueFamilyProperties(device, &count, nullptr);
  std::vector<VkQueueFamilyProperties> families(count);
  fn.GetPhysicalDeviceQueueFamilyProperties(device, &count, families.data());
  for (std::uint32_t i = 0; i < count; ++i) {
    if ((families[i].queueFlags & VK_QUEUE_COMPUTE_BIT) != 0) return i;
  }
  return std::nullopt;
}

// A device and how much it is wanted: higher is better.
struct Candidate {
  VkPhysicalDevice device = VK_NULL_HANDLE;
  DeviceInfo info;
  VkPhysicalDeviceLimits limits{};
  int rank = 0;
  Status fit;
};

int rank_of(VkPhysicalDeviceType type) {
  switch (type) {
    case VK_PHYSICAL_DEVICE_TYPE_DISCRETE_GPU:
      return 4;
    case VK_PHYSICAL_DEVICE_TYPE_INTEGRATED_GPU:
      return 3;
    case VK_PHYSICAL_DEVICE_TYPE_VIRTUAL_GPU:
      return 2;
    case VK_PHYSICAL_DEVICE_TYPE_CPU:
      return 0;
    default:
      return 1;
  }
}

Status fits(const InstanceFunctions& fn, const Candidate& candidate, std::uint32_t version,
            const DeviceOptions& options) {
  const std::string& name = candidate.info.name;
  if (candidate.info.software && !options.allow_software) {
    return fail(ErrorCode::kUnsupported, name + " is the CPU, which the CPU composer uses better");
  }
  if (version < VK_API_VERSION_1_1) {
    return fail(ErrorCode::kUnsupported, name + " knows no Vulkan 1.1");
  }
  if (!has(extensions_of(fn, candidate.device), VK_KHR_8BIT_STORAGE_EXTENSION_NAME)) {
    return fail(ErrorCode::kUnsupported, name + " has no VK_KHR_8bit_storage");
  }
  VkPhysicalDevice8BitStorageFeatures bytes{};
  bytes.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_8BIT_STORAGE_FEATURES;
  VkPhysicalDeviceFeatures2 features{};
  features.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FEATURES_2;
  features.pNext = &bytes;
  fn.GetPhysicalDeviceFeatures2(candidate.device, &features);
  if (bytes.storageBuffer8BitAccess == VK_FALSE) {
    return fail(ErrorCode::kUnsupported, name + " cannot write bytes (storageBuffer8BitAccess)");
  }
  if (!compute_family(fn, candidate.device)) {
    return fail(ErrorCode::kUnsupported, name + " has no compute queue");
  }
  return {};
}

std::vector<Candidate> candidates(const InstanceFunctions& fn, VkInstance instance,
                                  const DeviceOptions& options) {
  std::uint32_t count = 0;
  std::vector<VkPhysicalDevice> devices;
  if (fn.EnumeratePhysicalDevices(instance, &count, nullptr) == VK_SUCCESS) {
    devices.resize(count);
    const VkResult result = fn.EnumeratePhysicalDevices(instance, &count, devices.data());
    devices.resize(result == VK_SUCCESS ? count : 0);
  }
  std::vector<Candidate> all;
  for (VkPhysicalDevice device : devices) {
    VkPhysicalDeviceProperties2 properties{};
    properties.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2;
    fn.GetPhysicalDeviceProperties2(device, &properties);
    const VkPhysicalDeviceProperties& p = properties.properties;
    Candidate candidate;
    candidate.device = device;
    candidate.info = {p.deviceName, p.deviceType == VK_PHYSICAL_DEVICE_TYPE_CPU, 0};
    candidate.limits = p.limits;
    candidate.rank = rank_of(p.deviceType);
    candidate.fit = fits(fn, candidate, p.apiVersion, options);
    all.push_back(std::move(candidate));
  }
  return all;
}

Result<Candidate> choose(const InstanceFunctions& fn, VkInstance instance,
                         const DeviceOptions& options) {
  std::string reasons;
  std::optional<Candidate> best;
  for (Candidate& candidate : candidates(fn, instance, options)) {
    if (!candidate.fit) {
      reasons += (reasons.empty() ? "" : "; ") + candidate.fit.error().message();
    } else if (!best || candidate.rank > best->rank) {
      best = std::move(candidate);
    }
  }
  if (best) return std::move(*best);
  if (reasons.empty()) return fail(ErrorCode::kUnsupported, "no Vulkan driver finds a device");
  return fail(ErrorCode::kUnsupported, reasons);
}

}  // namespace

Result<DeviceInfo> Device::find(const DeviceOptions& options) {
  RP_ASSIGN(const GlobalFunctions global, functions_of_loader());
  RP_ASSIGN(VkInstance instance, make_instance(global));
  RP_ASSIGN(const InstanceFunctions fn, functions_of(global, instance));
  auto chosen = choose(fn, instance, options);
  fn.DestroyInstance(instance, nullptr);
  if (!chosen) return forward(std::move(chosen).error());
  return std::move(chosen->info);
}

Result<std::shared_ptr<Device>> Device::create(const DeviceOptions& options) {
  std::shared_ptr<Device> device(new Device());
  RP_TRY(device->open(options));
  return device;
}

Status Device::open(const DeviceOptions& options) {
  RP_ASSIGN(const GlobalFunctions global, functions_of_loader());
  RP_ASSIGN(instance_, make_instance(global));
  RP_ASSIGN(instance_fn_, functions_of(global, instance_));
  RP_ASSIGN(Candidate chosen, choose(instance_fn_, instance_, options));
  physical_ = chosen.device;
  info_ = std::move(chosen.info);
  limits_ = chosen.limits;
  queue_family_ = compute_family(instance_fn_, physical_).value_or(0);
  instance_fn_.GetPhysicalDeviceMemoryProperties(physical_, &memory_);
  learn_node();
  return make_device(options);
}

void Device::learn_node() {
  if (!has(extensions_of(instance_fn_, physical_), VK_EXT_PHYSICAL_DEVICE_DRM_EXTENSION_NAME)) {
    return;
  }
  VkPhysicalDeviceDrmPropertiesEXT drm{};
  drm.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_DRM_PROPERTIES_EXT;
  VkPhysicalDeviceProperties2 properties{};
  properties.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2;
  properties.pNext = &drm;
  instance_fn_.GetPhysicalDeviceProperties2(physical_, &properties);
  if (drm.hasRender == VK_FALSE) return;
  info_.node =
      ::makedev(static_cast<unsigned>(drm.renderMajor), static_cast<unsigned>(drm.renderMinor));
}

Status Device::make_device(const DeviceOptions& options) {
  const std::vector<std::string> there =
      options.share_nothing ? std::vector<std::string>{} : extensions_of(instance_fn_, physical_);
  std::vector<const char*> enabled = {VK_KHR_8BIT_STORAGE_EXTENSION_NAME};
  const auto enable = [&](std::initializer_list<const char*> names) {
    for (const char* name : names) {
      if (!has(there, name)) return false;
    }
    enabled.insert(enabled.end(), names);
    return true;
  };
  can_.import_dmabuf = enable(
      {VK_KHR_EXTERNAL_MEMORY_FD_EXTENSION_NAME, VK_EXT_EXTERNAL_MEMORY_DMA_BUF_EXTENSION_NAME});
  can_.import_modifier =
      can_.import_dmabuf && enable({VK_KHR_IMAGE_FORMAT_LIST_EXTENSION_NAME,
                                    VK_EXT_IMAGE_DRM_FORMAT_MODIFIER_EXTENSION_NAME});
  can_.foreign_queue = enable({VK_EXT_QUEUE_FAMILY_FOREIGN_EXTENSION_NAME});
  can_.wait_sync_file = enable({VK_KHR_EXTERNAL_SEMAPHORE_FD_EXTENSION_NAME});

  constexpr float kPriority = 1;
  VkDeviceQueueCreateInfo queue{};
  queue.sType = VK_STRUCTURE_TYPE_DEVICE_QUEUE_CREATE_INFO;
  queue.queueFamilyIndex = queue_family_;
  queue.queueCount = 1;
  queue.pQueuePriorities = &kPriority;
  VkPhysicalDevice8BitStorageFeatures bytes{};
  bytes.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_8BIT_STORAGE_FEATURES;
  bytes.storageBuffer8BitAccess = VK_TRUE;
  VkPhysicalDeviceFeatures2 features{};
  features.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FEATURES_2;
  features.pNext = &bytes;
  // A guest's buffer is checked before it is read; this is the second lock on that door.
  features.features.robustBufferAccess = VK_TRUE;
  VkDeviceCreateInfo info{};
  info.sType = VK_STRUCTURE_TYPE_DEVICE_CREATE_INFO;
  info.pNext = &features;
  info.queueCreateInfoCount = 1;
  info.pQueueCreateInfos = &queue;
  info.enabledExtensionCount = static_cast<std::uint32_t>(enabled.size());
  info.ppEnabledExtensionNames = enabled.data();
  RP_VK_TRY(instance_fn_.CreateDevice(physical_, &info, nullptr, &device_), "make a Vulkan device");
  RP_ASSIGN(fn_, functions_of(instance_fn_, device_));
  fn_.GetDeviceQueue(device_, queue_family_, 0, &queue_);
  learn_capabilities();
  return {};
}

void Device::learn_capabilities() {
  if (can_.wait_sync_file) {
    VkPhysicalDeviceExternalSemaphoreInfo info{};
    info.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_EXTERNAL_SEMAPHORE_INFO;
    info.handleType = VK_EXTERNAL_SEMAPHORE_HANDLE_TYPE_SYNC_FD_BIT;
    VkExternalSemaphoreProperties properties{};
    properties.sType = VK_STRUCTURE_TYPE_EXTERNAL_SEMAPHORE_PROPERTIES;
    instance_fn_.GetPhysicalDeviceExternalSemaphoreProperties(physical_, &info, &properties);
    const auto features = properties.externalSemaphoreFeatures;
    can_.wait_sync_file = (features & VK_EXTERNAL_SEMAPHORE_FEATURE_IMPORTABLE_BIT) != 0;
    can_.signal_sync_file = (features & VK_EXTERNAL_SEMAPHORE_FEATURE_EXPORTABLE_BIT) != 0;
  }
  if (can_.import_dmabuf) {
    VkPhysicalDeviceExternalBufferInfo info{};
    info.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_EXTERNAL_BUFFER_INFO;
    info.usage = VK_BUFFER_USAGE_STORAGE_BUFFER_BIT;
    info.handleType = VK_EXTERNAL_MEMORY_HANDLE_TYPE_DMA_BUF_BIT_EXT;
    VkExternalBufferProperties properties{};
    properties.sType = VK_STRUCTURE_TYPE_EXTERNAL_BUFFER_PROPERTIES;
    instance_fn_.GetPhysicalDeviceExternalBufferProperties(physical_, &info, &properties);
    const auto features = properties.externalMemoryProperties.externalMemoryFeatures;
    can_.import_dmabuf = (features & VK_EXTERNAL_MEMORY_FEATURE_IMPORTABLE_BIT) != 0;
    can_.export_dmabuf = (features & VK_EXTERNAL_MEMORY_FEATURE_EXPORTABLE_BIT) != 0;
  }
}

Device::~Device() {
  if (device_ != VK_NULL_HANDLE) {
    // A device that hangs is left to the kernel, with all it holds: waiting for it would hang us.
    if (hung_) {
      for (Retired& retired : retired_) (void)retired.resource.release();
      return;
    }
    if (fn_.DeviceWaitIdle != nullptr) (void)fn_.DeviceWaitIdle(device_);
    retired_.clear();
    if (fn_.DestroyDevice != nullptr) fn_.DestroyDevice(device_, nullptr);
  }
  if (instance_ != VK_NULL_HANDLE && instance_fn_.DestroyInstance != nullptr) {
    instance_fn_.DestroyInstance(instance_, nullptr);
  }
}

Result<std::uint32_t> Device::memory_type(std::uint32_t types, VkMemoryPropertyFlags needed,
                                          VkMemoryPropertyFlags wished) const {
  for (const VkMemoryPropertyFlags flags : {needed | wished, needed}) {
    for (std::uint32_t i = 0; i < memory_.memoryTypeCount; ++i) {
      if ((types >> i & 1U) == 0) continue;
      if ((memory_.memoryTypes[i].propertyFlags & flags) == flags) return i;
    }
  }
  return fail(ErrorCode::kUnsupported, "the device has no memory of the kind that is needed");
}

void Device::note_completion(std::uint64_t work) {
  completed_ = std::max(completed_, work);
  while (!retired_.empty() && retired_.front().after <= completed_) retired_.pop_front();
}

void Device::retire(std::unique_ptr<Resource> resource) {
  if (resource == nullptr || begun_ == completed_) return;  // the latter: freed at once
  retired_.push_back({begun_, std::move(resource)});
}

Device::Mapped Device::find_mapped(const std::uint8_t* first) const {
  const auto found = mapped_.find(first);
  return found == mapped_.end() ? Mapped{} : found->second;
}

bool Device::take_import() {
  constexpr std::uint32_t kMostImports = 1024;
  if (imports_ >= std::min(kMostImports, limits_.maxMemoryAllocationCount / 2)) return false;
  ++imports_;
  return true;
}

}  // namespace rp::vulkan
