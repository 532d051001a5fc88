// Device: the Vulkan device one composer works with: which one, what it can share with others
// (dma-bufs, sync files), its one queue, and the resources to be freed once the device has done
// with them. Thread rule: the shard's; imports that live on in clients' buffers share it, on that
// thread.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "drivers/vulkan/loader.h"
#include "engine/base/result.h"

namespace rp::vulkan {

struct DeviceOptions {
  // Take a device that is the CPU after all (lavapipe): the CPU composer is faster.
  bool allow_software = false;
  // Treat it as one that shares nothing with other devices or processes. For tests.
  bool share_nothing = false;
};

struct Capabilities {
  bool import_dmabuf = false;    // a dma-buf as a buffer
  bool export_dmabuf = false;    // a buffer as a dma-buf
  bool import_modifier = false;  // a dma-buf as an image, in a layout of its own
  bool foreign_queue = false;    // ownership to and from devices that are no Vulkan devices
  bool wait_sync_file = false;
  bool signal_sync_file = false;
};

// What a device says about itself, for `rackphone doctor`.
struct DeviceInfo {
  std::string name;
  bool software = false;
  std::uint64_t node = 0;  // dev_t of its render node; 0: not told
};

// Something the device may still be working with.
class Resource {
 public:
  virtual ~Resource() = default;
};

class Device {
 public:
  // kUnsupported with the reason: no loader, no driver, no device of the right kind, or what the
  // devices that are there lack.
  [[nodiscard]] static Result<std::shared_ptr<Device>> create(const DeviceOptions& options);
  // The device create() would take.
  [[nodiscard]] static Result<DeviceInfo> find(const DeviceOptions& options);
  Device(const Device&) = delete;
  Device& operator=(const Device&) = delete;
  ~Device();

  [[nodiscard]] const DeviceFunctions& fn() const { return fn_; }
  [[nodiscard]] const InstanceFunctions& instance_fn() const { return instance_fn_; }
  [[nodiscard]] VkDevice handle() const { return device_; }
  [[nodiscard]] VkPhysicalDevice physical() const { return physical_; }
  [[nodiscard]] VkQueue queue() const { return queue_; }
  [[nodiscard]] std::uint32_t queue_family() const { return queue_family_; }
  [[nodiscard]] const DeviceInfo& info() const { return info_; }
  [[nodiscard]] const Capabilities& can() const { return can_; }
  [[nodiscard]] const VkPhysicalDeviceLimits& limits() const { return limits_; }
  // The owner of memory between its uses by us.
  [[nodiscard]] std::uint32_t outside_family() const {
    return can_.foreign_queue ? VK_QUEUE_FAMILY_FOREIGN_EXT : VK_QUEUE_FAMILY_EXTERNAL;
  }

  // Index of a memory type out of `types` that has all of `needed`, if it can be all of `wished`.
  // kUnsupported: none.
  [[nodiscard]] Result<std::uint32_t> memory_type(std::uint32_t types, VkMemoryPropertyFlags needed,
                                                  VkMemoryPropertyFlags wished) const;

  // Pieces of work are numbered from 1 in the order they are begun, submitted and done in.
  [[nodiscard]] std::uint64_t begun() const { return begun_; }
  [[nodiscard]] std::uint64_t completed() const { return completed_; }
  std::uint64_t begin_work() { return ++begun_; }
  // Frees what was retired up to that work.
  void note_completion(std::uint64_t work);
  // It does not finish what it was given: nothing is waited for or freed any more.
  void note_hung() { hung_ = true; }
  [[nodiscard]] bool hung() const { return hung_; }
  // Frees the resource when all work begun so far is done.
  void retire(std::unique_ptr<Resource> resource);

  // Memory of pictures that this device maps, by its first byte.
  struct Mapped {
    VkBuffer buffer = VK_NULL_HANDLE;
    VkDeviceSize bytes = 0;
  };
  void note_mapped(const std::uint8_t* first, Mapped mapped) { mapped_.emplace(first, mapped); }
  void forget_mapped(const std::uint8_t* first) { mapped_.erase(first); }
  // Null handle: the memory is not ours.
  [[nodiscard]] Mapped find_mapped(const std::uint8_t* first) const;

  // Buffers of others held at a time; bounded, because drivers bound them.
  [[nodiscard]] bool take_import();
  void drop_import() { --imports_; }
  [[nodiscard]] std::uint32_t imports() const { return imports_; }

 private:
  Device() = default;
  [[nodiscard]] Status open(const DeviceOptions& options);
  [[nodiscard]] Status make_device(const DeviceOptions& options);
  void learn_node();
  void learn_capabilities();

  InstanceFunctions instance_fn_;
  DeviceFunctions fn_;
  VkInstance instance_ = VK_NULL_HANDLE;
  VkPhysicalDevice physical_ = VK_NULL_HANDLE;
  VkDevice device_ = VK_NULL_HANDLE;
  VkQueue queue_ = VK_NULL_HANDLE;
  std::uint32_t queue_family_ = 0;
  DeviceInfo info_;
  Capabilities can_;
  VkPhysicalDeviceLimits limits_{};
  VkPhysicalDeviceMemoryProperties memory_{};
  std::uint64_t begun_ = 0;
  std::uint64_t completed_ = 0;
  bool hung_ = false;
  struct Retired {
    std::uint64_t after = 0;
    std::unique_ptr<Resource> resource;
  };
  std::deque<Retired> retired_;
  std::map<const std::uint8_t*, Mapped> mapped_;
  std::uint32_t imports_ = 0;
};

}  // namespace rp::vulkan
