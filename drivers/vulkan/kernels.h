// Kernels: the driver's three compute pipelines and what they are given.
//
//   draw    a layer's pixels (a buffer's, or an image's) ─► the scratch, a word 0xFFRRGGBB a pixel
//   convert the scratch ─► a picture in NV12 or I420
//
// The scratch is output.width words a row. Thread rule: the shard's.
#pragma once

#include <array>
#include <cstdint>

#include "drivers/vulkan/device.h"

namespace rp::vulkan {

// Push constants of shaders/draw.comp.
struct DrawConstants {
  std::array<std::int32_t, 4> box{};
  std::array<std::uint32_t, 4> columns{};
  std::array<std::uint32_t, 4> rows{};
  std::array<std::int32_t, 4> bounds{};
  std::array<std::int32_t, 4> turn{};
  std::array<std::int32_t, 2> origin{};
  std::array<std::int32_t, 2> first{};
  std::uint32_t base_bytes = 0;
  std::uint32_t stride_bytes = 0;
  std::uint32_t format = 0;  // one of DrawFormat, and kDrawBlend
  std::int32_t scratch_stride_px = 0;
  // Of kDrawYuv: the first samples of U and V, then as for the picture.
  std::uint32_t u_bytes = 0;
  std::uint32_t v_bytes = 0;
  std::uint32_t chroma_stride_bytes = 0;
  std::uint32_t chroma_step_bytes = 0;
};
static_assert(sizeof(DrawConstants) == 128);  // what every device has room for

enum DrawFormat : std::uint32_t {  // as in draw.comp
  kDrawBgra = 0,
  kDrawRgba = 1,
  kDrawRgb565 = 2,
  kDrawBgr30 = 3,
  kDrawRgb30 = 4,
  kDrawBlack = 5,
  kDrawYuv = 6,
};
inline constexpr std::uint32_t kDrawBlend = 0x100;

// Push constants of shaders/convert.comp.
struct ConvertConstants {
  std::array<std::int32_t, 4> box{};
  std::array<std::int32_t, 2> size{};
  std::int32_t scratch_stride_px = 0;
  std::uint32_t chroma_step_bytes = 0;
  std::array<std::uint32_t, 4> place{};  // y, u, v, bytes a row of luma
  std::array<std::int32_t, 4> luma{};
  std::array<std::int32_t, 4> blue{};
  std::array<std::int32_t, 4> red{};
  std::uint32_t chroma_stride_bytes = 0;
};
static_assert(sizeof(ConvertConstants) == 100);

enum class Kernel : std::uint8_t { kDrawBuffer, kDrawImage, kConvert };

class Kernels {
 public:
  [[nodiscard]] static Result<std::unique_ptr<Kernels>> create(Device& device);
  Kernels(const Kernels&) = delete;
  Kernels& operator=(const Kernels&) = delete;
  ~Kernels();

  [[nodiscard]] VkPipeline pipeline(Kernel kernel) const { return pipelines_[index(kernel)]; }
  [[nodiscard]] VkPipelineLayout layout(Kernel kernel) const {
    return kernel == Kernel::kDrawImage ? image_layout_ : buffer_layout_;
  }
  [[nodiscard]] VkDescriptorSetLayout sets(Kernel kernel) const {
    return kernel == Kernel::kDrawImage ? image_sets_ : buffer_sets_;
  }

 private:
  explicit Kernels(Device& device) : device_(device) {}
  static std::size_t index(Kernel kernel) { return static_cast<std::size_t>(kernel); }
  [[nodiscard]] Status make_layout(VkDescriptorType source, VkDescriptorSetLayout& sets,
                                   VkPipelineLayout& layout);
  [[nodiscard]] Status make_pipeline(Kernel kernel, const std::uint32_t* words, std::size_t bytes);

  Device& device_;
  VkDescriptorSetLayout buffer_sets_ = VK_NULL_HANDLE;
  VkDescriptorSetLayout image_sets_ = VK_NULL_HANDLE;
  VkPipelineLayout buffer_layout_ = VK_NULL_HANDLE;
  VkPipelineLayout image_layout_ = VK_NULL_HANDLE;
  std::array<VkPipeline, 3> pipelines_{};
};

}  // namespace rp::vulkan
