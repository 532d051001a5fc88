#include "drivers/vulkan/kernels.h"

#include <algorithm>

// Made of shaders/ by glslangValidator: arrays of SPIR-V words.
#include "shaders/convert.h"
#include "shaders/draw_buffer.h"
#include "shaders/draw_image.h"

namespace rp::vulkan {
namespace {

constexpr std::uint32_t kPushBytes = std::max(sizeof(DrawConstants), sizeof(ConvertConstants));
static_assert(kPushBytes <= 128);  // what every device has

}  // namespace

Result<std::unique_ptr<Kernels>> Kernels::create(Device& device) {
  std::unique_ptr<Kernels> made(new Kernels(device));
  RP_TRY(made->make_layout(VK_DESCRIPTOR_TYPE_STORAGE_BUFFER, made->buffer_sets_,
                           made->buffer_layout_));
  RP_TRY(made->make_pipeline(Kernel::kDrawBuffer, kDrawBufferWords, sizeof kDrawBufferWords));
  RP_TRY(made->make_pipeline(Kernel::kConvert, kConvertWords, sizeof kConvertWords));
  if (device.can().import_modifier) {
    RP_TRY(made->make_layout(VK_DESCRIPTOR_TYPE_SAMPLED_IMAGE, made->image_sets_,
                             made->image_layout_));
    RP_TRY(made->make_pipeline(Kernel::kDrawImage, kDrawImageWords, sizeof kDrawImageWords));
  }
  return made;
}

Status Kernels::make_layout(VkDescriptorType source, VkDescriptorSetLayout& sets,
                            VkPipelineLayout& layout) {
  std::array<VkDescriptorSetLayoutBinding, 2> bindings{};
  for (std::uint32_t i = 0; i < bindings.size(); ++i) {
    bindings[i].binding = i;
    bindings[i].descriptorType = i == 0 ? source : VK_DESCRIPTOR_TYPE_STORAGE_BUFFER;
    bindings[i].descriptorCount = 1;
    bindings[i].stageFlags = VK_SHADER_STAGE_COMPUTE_BIT;
  }
  VkDescriptorSetLayoutCreateInfo set_info{};
  set_info.sType = VK_STRUCTURE_TYPE_DESCRIPTOR_SET_LAYOUT_CREATE_INFO;
  set_info.bindingCount = bindings.size();
  set_info.pBindings = bindings.data();
  RP_VK_TRY(device_.fn().CreateDescriptorSetLayout(device_.handle(), &set_info, nullptr, &sets),
            "make a descriptor layout");
  const VkPushConstantRange push{VK_SHADER_STAGE_COMPUTE_BIT, 0, kPushBytes};
  VkPipelineLayoutCreateInfo info{};
  info.sType = VK_STRUCTURE_TYPE_PIPELINE_LAYOUT_CREATE_INFO;
  info.setLayoutCount = 1;
  info.pSetLayouts = &sets;
  info.pushConstantRangeCount = 1;
  info.pPushConstantRanges = &push;
  RP_VK_TRY(device_.fn().CreatePipelineLayout(device_.handle(), &info, nullptr, &layout),
            "make a pipeline layout");
  return {};
}

Status Kernels::make_pipeline(Kernel kernel, const std::uint32_t* words, std::size_t bytes) {
  VkShaderModuleCreateInfo module_info{};
  module_info.sType = VK_STRUCTURE_TYPE_SHADER_MODULE_CREATE_INFO;
  module_info.codeSize = bytes;
  module_info.pCode = words;
  VkShaderModule module = VK_NULL_HANDLE;
  RP_VK_TRY(device_.fn().CreateShaderModule(device_.handle(), &module_info, nullptr, &module),
            "make a shader");
  VkComputePipelineCreateInfo info{};
  info.sType = VK_STRUCTURE_TYPE_COMPUTE_PIPELINE_CREATE_INFO;
  info.stage.sType = VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_CREATE_INFO;
  info.stage.stage = VK_SHADER_STAGE_COMPUTE_BIT;
  info.stage.module = module;
  info.stage.pName = "main";
  info.layout = layout(kernel);
  const VkResult result = device_.fn().CreateComputePipelines(
      device_.handle(), VK_NULL_HANDLE, 1, &info, nullptr, &pipelines_[index(kernel)]);
  device_.fn().DestroyShaderModule(device_.handle(), module, nullptr);
  RP_VK_TRY(result, "make a compute pipeline");
  return {};
}

Kernels::~Kernels() {
  for (VkPipeline pipeline : pipelines_) {
    device_.fn().DestroyPipeline(device_.handle(), pipeline, nullptr);
  }
  for (VkPipelineLayout layout : {buffer_layout_, image_layout_}) {
    device_.fn().DestroyPipelineLayout(device_.handle(), layout, nullptr);
  }
  for (VkDescriptorSetLayout sets : {buffer_sets_, image_sets_}) {
    device_.fn().DestroyDescriptorSetLayout(device_.handle(), sets, nullptr);
  }
}

}  // namespace rp::vulkan
