#include "drivers/vulkan/work.h"

#include <algorithm>
#include <array>
#include <bit>

namespace rp::vulkan {
namespace {

constexpr VkDeviceSize kFirstArenaBytes = VkDeviceSize{1} << 20;
// Of one submission: the pixels of the largest buffer there can be.
constexpr VkDeviceSize kMostArenaBytes = VkDeviceSize{256} << 20;
constexpr std::int32_t kGroupSide = 8;  // as the shaders have it

constexpr VkDeviceSize round_up(VkDeviceSize value, VkDeviceSize to) {
  return (value + to - 1) / to * to;
}

}  // namespace

Result<std::unique_ptr<Work>> Work::create(Device& device, const Kernels& kernels) {
  std::unique_ptr<Work> work(new Work(device, kernels));
  RP_TRY(work->make());
  return work;
}

Status Work::make() {
  VkCommandPoolCreateInfo pool{};
  pool.sType = VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO;
  pool.queueFamilyIndex = device_.queue_family();
  RP_VK_TRY(device_.fn().CreateCommandPool(device_.handle(), &pool, nullptr, &pool_),
            "make a command pool");
  VkCommandBufferAllocateInfo commands{};
  commands.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO;
  commands.commandPool = pool_;
  commands.level = VK_COMMAND_BUFFER_LEVEL_PRIMARY;
  commands.commandBufferCount = 1;
  RP_VK_TRY(device_.fn().AllocateCommandBuffers(device_.handle(), &commands, &commands_),
            "make a command buffer");
  const std::array sizes = {
      VkDescriptorPoolSize{VK_DESCRIPTOR_TYPE_STORAGE_BUFFER, 2 * kMostSets},
      VkDescriptorPoolSize{VK_DESCRIPTOR_TYPE_SAMPLED_IMAGE, kMostSets},
  };
  VkDescriptorPoolCreateInfo descriptors{};
  descriptors.sType = VK_STRUCTURE_TYPE_DESCRIPTOR_POOL_CREATE_INFO;
  descriptors.maxSets = kMostSets;
  descriptors.poolSizeCount = sizes.size();
  descriptors.pPoolSizes = sizes.data();
  RP_VK_TRY(
      device_.fn().CreateDescriptorPool(device_.handle(), &descriptors, nullptr, &descriptors_),
      "make a descriptor pool");
  VkFenceCreateInfo fence{};
  fence.sType = VK_STRUCTURE_TYPE_FENCE_CREATE_INFO;
  RP_VK_TRY(device_.fn().CreateFence(device_.handle(), &fence, nullptr, &fence_), "make a fence");
  if (device_.can().signal_sync_file) {
    RP_ASSIGN(signal_, make_semaphore(true));
  }
  return {};
}

Result<VkSemaphore> Work::make_semaphore(bool exported) {
  VkExportSemaphoreCreateInfo shared{};
  shared.sType = VK_STRUCTURE_TYPE_EXPORT_SEMAPHORE_CREATE_INFO;
  shared.handleTypes = VK_EXTERNAL_SEMAPHORE_HANDLE_TYPE_SYNC_FD_BIT;
  VkSemaphoreCreateInfo info{};
  info.sType = VK_STRUCTURE_TYPE_SEMAPHORE_CREATE_INFO;
  info.pNext = exported ? &shared : nullptr;
  VkSemaphore semaphore = VK_NULL_HANDLE;
  RP_VK_TRY(device_.fn().CreateSemaphore(device_.handle(), &info, nullptr, &semaphore),
            "make a semaphore");
  return semaphore;
}

Work::~Work() {
  device_.fn().DestroyCommandPool(device_.handle(), pool_, nullptr);
  device_.fn().DestroyDescriptorPool(device_.handle(), descriptors_, nullptr);
  device_.fn().DestroyFence(device_.handle(), fence_, nullptr);
  device_.fn().DestroySemaphore(device_.handle(), signal_, nullptr);
  for (VkSemaphore wait : waits_) device_.fn().DestroySemaphore(device_.handle(), wait, nullptr);
}

Status Work::begin() {
  RP_VK_TRY(device_.fn().ResetCommandPool(device_.handle(), pool_, 0), "reset commands");
  RP_VK_TRY(device_.fn().ResetDescriptorPool(device_.handle(), descriptors_, 0),
            "reset descriptors");
  VkCommandBufferBeginInfo info{};
  info.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO;
  info.flags = VK_COMMAND_BUFFER_USAGE_ONE_TIME_SUBMIT_BIT;
  RP_VK_TRY(device_.fn().BeginCommandBuffer(commands_, &info), "begin commands");
  number_ = device_.begin_work();
  return {};
}

Status Work::bind(Kernel kernel, const Bound& source, const Bound& target) {
  VkDescriptorSetAllocateInfo info{};
  info.sType = VK_STRUCTURE_TYPE_DESCRIPTOR_SET_ALLOCATE_INFO;
  info.descriptorPool = descriptors_;
  info.descriptorSetCount = 1;
  const VkDescriptorSetLayout layout = kernels_.sets(kernel);
  info.pSetLayouts = &layout;
  VkDescriptorSet set = VK_NULL_HANDLE;
  RP_VK_TRY(device_.fn().AllocateDescriptorSets(device_.handle(), &info, &set),
            "take a descriptor set");
  ++sets_used_;
  const VkDescriptorImageInfo image{VK_NULL_HANDLE, source.view, VK_IMAGE_LAYOUT_GENERAL};
  const std::array buffers = {VkDescriptorBufferInfo{source.buffer, source.offset, source.range},
                              VkDescriptorBufferInfo{target.buffer, target.offset, target.range}};
  std::array<VkWriteDescriptorSet, 2> writes{};
  for (std::uint32_t i = 0; i < writes.size(); ++i) {
    const bool is_image = i == 0 && kernel == Kernel::kDrawImage;
    writes[i].sType = VK_STRUCTURE_TYPE_WRITE_DESCRIPTOR_SET;
    writes[i].dstSet = set;
    writes[i].dstBinding = i;
    writes[i].descriptorCount = 1;
    writes[i].descriptorType =
        is_image ? VK_DESCRIPTOR_TYPE_SAMPLED_IMAGE : VK_DESCRIPTOR_TYPE_STORAGE_BUFFER;
    writes[i].pImageInfo = is_image ? &image : nullptr;
    writes[i].pBufferInfo = is_image ? nullptr : &buffers[i];
  }
  device_.fn().UpdateDescriptorSets(device_.handle(), writes.size(), writes.data(), 0, nullptr);
  device_.fn().CmdBindPipeline(commands_, VK_PIPELINE_BIND_POINT_COMPUTE,
                               kernels_.pipeline(kernel));
  device_.fn().CmdBindDescriptorSets(commands_, VK_PIPELINE_BIND_POINT_COMPUTE,
                                     kernels_.layout(kernel), 0, 1, &set, 0, nullptr);
  return {};
}

void Work::push(Kernel kernel, const void* constants, std::uint32_t bytes, std::int32_t columns,
                std::int32_t rows) {
  const auto groups = [](std::int32_t invocations) {
    return static_cast<std::uint32_t>((invocations + kGroupSide - 1) / kGroupSide);
  };
  device_.fn().CmdPushConstants(commands_, kernels_.layout(kernel), VK_SHADER_STAGE_COMPUTE_BIT, 0,
                                bytes, constants);
  device_.fn().CmdDispatch(commands_, groups(columns), groups(rows), 1);
}

void Work::barrier(VkPipelineStageFlags stage, VkAccessFlags access) {
  VkMemoryBarrier all{};
  all.sType = VK_STRUCTURE_TYPE_MEMORY_BARRIER;
  all.srcAccessMask = VK_ACCESS_SHADER_READ_BIT | VK_ACCESS_SHADER_WRITE_BIT;
  all.dstAccessMask = access;
  device_.fn().CmdPipelineBarrier(commands_, VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT, stage, 0, 1,
                                  &all, 0, nullptr, 0, nullptr);
}

Result<Work::Room> Work::upload(VkDeviceSize bytes) { return reserve(uploads_, bytes); }
Result<Work::Room> Work::read_back(VkDeviceSize bytes) { return reserve(read_backs_, bytes); }

Result<Work::Room> Work::reserve(Arena& arena, VkDeviceSize bytes) {
  const VkDeviceSize align =
      std::max<VkDeviceSize>(device_.limits().minStorageBufferOffsetAlignment, 16);
  const VkDeviceSize needed = round_up(bytes, align);
  if (needed > kMostArenaBytes || needed > device_.limits().maxStorageBufferRange) {
    return fail(ErrorCode::kUnsupported, "more pixels than are handed to the device at a time");
  }
  if (arena.buffer == nullptr || arena.buffer->bytes() - arena.used < needed) {
    const VkDeviceSize before = arena.buffer == nullptr ? 0 : arena.buffer->bytes();
    const VkDeviceSize wanted =
        std::clamp(std::bit_ceil(before + needed), kFirstArenaBytes, kMostArenaBytes);
    RP_ASSIGN(auto larger, Buffer::create(device_, wanted, arena.use));
    if (arena.buffer != nullptr) resources_.push_back(std::move(arena.buffer));
    arena.buffer = std::move(larger);
    arena.used = 0;
  }
  const Room room{arena.buffer->map() + arena.used,
                  {arena.buffer->handle(), arena.used, needed, VK_NULL_HANDLE}};
  arena.used += needed;
  return room;
}

Status Work::wait_for(UniqueFd sync_file) {
  if (waits_used_ == waits_.size()) {
    RP_ASSIGN(VkSemaphore made, make_semaphore(false));
    waits_.push_back(made);
    wait_stages_.push_back(VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT);
  }
  VkImportSemaphoreFdInfoKHR info{};
  info.sType = VK_STRUCTURE_TYPE_IMPORT_SEMAPHORE_FD_INFO_KHR;
  info.semaphore = waits_[waits_used_];
  info.flags = VK_SEMAPHORE_IMPORT_TEMPORARY_BIT;
  info.handleType = VK_EXTERNAL_SEMAPHORE_HANDLE_TYPE_SYNC_FD_BIT;
  info.fd = sync_file.get();
  RP_VK_TRY(device_.fn().ImportSemaphoreFdKHR(device_.handle(), &info), "import a fence");
  (void)sync_file.release();  // the device's now
  ++waits_used_;
  return {};
}

Status Work::submit(TimePoint now) {
  RP_VK_TRY(device_.fn().EndCommandBuffer(commands_), "end commands");
  VkSubmitInfo info{};
  info.sType = VK_STRUCTURE_TYPE_SUBMIT_INFO;
  info.waitSemaphoreCount = static_cast<std::uint32_t>(waits_used_);
  info.pWaitSemaphores = waits_.data();
  info.pWaitDstStageMask = wait_stages_.data();
  info.commandBufferCount = 1;
  info.pCommandBuffers = &commands_;
  info.signalSemaphoreCount = signal_ != VK_NULL_HANDLE ? 1 : 0;
  info.pSignalSemaphores = &signal_;
  RP_VK_TRY(device_.fn().QueueSubmit(device_.queue(), 1, &info, fence_), "submit to the device");
  in_flight_ = true;
  submitted_at_ = now;
  return {};
}

UniqueFd Work::export_fence() {
  if (signal_ == VK_NULL_HANDLE) return {};
  VkSemaphoreGetFdInfoKHR info{};
  info.sType = VK_STRUCTURE_TYPE_SEMAPHORE_GET_FD_INFO_KHR;
  info.semaphore = signal_;
  info.handleType = VK_EXTERNAL_SEMAPHORE_HANDLE_TYPE_SYNC_FD_BIT;
  int fd = -1;
  // -1 stands for a fence that has signalled.
  if (device_.fn().GetSemaphoreFdKHR(device_.handle(), &info, &fd) != VK_SUCCESS) return {};
  return UniqueFd(fd);
}

Status Work::finish(std::chrono::nanoseconds limit) {
  if (in_flight_) {
    const VkResult result =
        device_.fn().WaitForFences(device_.handle(), 1, &fence_, VK_TRUE,
                                   static_cast<std::uint64_t>(std::max(limit.count(), 0L)));
    if (result == VK_TIMEOUT) return fail(ErrorCode::kWouldBlock, "the device is still at work");
    RP_VK_TRY(result, "wait for the device");
    RP_VK_TRY(device_.fn().ResetFences(device_.handle(), 1, &fence_), "reset a fence");
  }
  done();
  return {};
}

void Work::done() {
  in_flight_ = false;
  waits_used_ = 0;
  sets_used_ = 0;
  uploads_.used = 0;
  read_backs_.used = 0;
  resources_.clear();
  held_.clear();
  device_.note_completion(number_);
}

}  // namespace rp::vulkan
