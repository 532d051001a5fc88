// Work: one submission to the device's queue, from its first command until the device has done it:
// commands, descriptors, the memory that is uploaded with it, the fences it waits for and the one
// it signals, and the guests' buffers it reads. A composer has a few, used in turn; each keeps what
// it has once needed, so that nothing is allocated per frame. Thread rule: the shard's.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <vector>

#include "drivers/vulkan/kernels.h"
#include "drivers/vulkan/memory.h"
#include "engine/base/clock.h"
#include "engine/base/unique_fd.h"
#include "engine/frame/frame.h"

namespace rp::vulkan {

class Work {
 public:
  static constexpr std::uint32_t kMostSets = 512;  // descriptor sets: layers and pictures

  [[nodiscard]] static Result<std::unique_ptr<Work>> create(Device& device, const Kernels& kernels);
  Work(const Work&) = delete;
  Work& operator=(const Work&) = delete;
  // The device must have done it, or be given up (Device::note_hung).
  ~Work();

  // ---- while it is made
  [[nodiscard]] Status begin();
  [[nodiscard]] VkCommandBuffer commands() const { return commands_; }
  [[nodiscard]] std::uint32_t sets_left() const { return kMostSets - sets_used_; }
  // What a kernel reads, or for kConvert the scratch, and what it writes.
  struct Bound {
    VkBuffer buffer = VK_NULL_HANDLE;
    VkDeviceSize offset = 0;
    VkDeviceSize range = VK_WHOLE_SIZE;
    VkImageView view = VK_NULL_HANDLE;  // of kDrawImage, instead
  };
  // Binds the kernel with these; the next dispatches use them.
  [[nodiscard]] Status bind(Kernel kernel, const Bound& source, const Bound& target);
  template <typename Constants>
  void dispatch(Kernel kernel, const Constants& constants, std::int32_t columns,
                std::int32_t rows) {
    push(kernel, &constants, sizeof constants, columns, rows);
  }
  // All that was dispatched before is seen by what comes after.
  void barrier(VkPipelineStageFlags stage, VkAccessFlags access);

  // Memory for the CPU to fill now, read by this work's kernels.
  struct Room {
    std::uint8_t* to = nullptr;
    Bound bound;
  };
  [[nodiscard]] Result<Room> upload(VkDeviceSize bytes);
  // Memory a kernel writes and the CPU reads when the work is done.
  [[nodiscard]] Result<Room> read_back(VkDeviceSize bytes);
  // Starts only when the sync file has signalled.
  [[nodiscard]] Status wait_for(UniqueFd sync_file);
  // Held until it is done.
  void hold(std::shared_ptr<FrameBuffer> buffer) { held_.push_back(std::move(buffer)); }
  void hold(std::unique_ptr<Resource> resource) { resources_.push_back(std::move(resource)); }

  // ---- once it is made
  [[nodiscard]] Status submit(TimePoint now);
  // The sync file it signals; empty when it is done already or the device exports none.
  [[nodiscard]] UniqueFd export_fence();
  // kWouldBlock: not done within the limit. Otherwise how it ended; it can begin() again.
  [[nodiscard]] Status finish(std::chrono::nanoseconds limit);
  [[nodiscard]] bool in_flight() const { return in_flight_; }
  [[nodiscard]] TimePoint submitted_at() const { return submitted_at_; }
  [[nodiscard]] bool waits_for_fences() const { return waits_used_ > 0; }

 private:
  // A buffer that grows by being replaced; old ones live until the work is done.
  struct Arena {
    BufferUse use;
    std::unique_ptr<Buffer> buffer;
    VkDeviceSize used = 0;
  };

  Work(Device& device, const Kernels& kernels) : device_(device), kernels_(kernels) {}
  [[nodiscard]] Status make();
  [[nodiscard]] Result<VkSemaphore> make_semaphore(bool exported);
  [[nodiscard]] Result<Room> reserve(Arena& arena, VkDeviceSize bytes);
  void push(Kernel kernel, const void* constants, std::uint32_t bytes, std::int32_t columns,
            std::int32_t rows);
  void done();

  Device& device_;
  const Kernels& kernels_;
  VkCommandPool pool_ = VK_NULL_HANDLE;
  VkCommandBuffer commands_ = VK_NULL_HANDLE;
  VkDescriptorPool descriptors_ = VK_NULL_HANDLE;
  VkFence fence_ = VK_NULL_HANDLE;
  VkSemaphore signal_ = VK_NULL_HANDLE;
  std::vector<VkSemaphore> waits_;
  std::size_t waits_used_ = 0;
  std::vector<VkPipelineStageFlags> wait_stages_;
  std::uint32_t sets_used_ = 0;
  Arena uploads_{BufferUse::kUpload, nullptr};
  Arena read_backs_{BufferUse::kReadBack, nullptr};
  std::vector<std::shared_ptr<FrameBuffer>> held_;
  std::vector<std::unique_ptr<Resource>> resources_;
  std::uint64_t number_ = 0;
  bool in_flight_ = false;
  TimePoint submitted_at_;
};

}  // namespace rp::vulkan
