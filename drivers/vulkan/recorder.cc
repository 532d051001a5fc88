#include "drivers/vulkan/recorder.h"

#include <drm_fourcc.h>

#include <array>

namespace rp::vulkan {
namespace {

constexpr VkPipelineStageFlags kCompute = VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT;
constexpr VkAccessFlags kReadWrite = VK_ACCESS_SHADER_READ_BIT | VK_ACCESS_SHADER_WRITE_BIT;

std::uint32_t draw_format(FourCc format) {
  switch (static_cast<std::uint32_t>(format)) {
    case DRM_FORMAT_XBGR8888:
    case DRM_FORMAT_ABGR8888:
      return kDrawRgba;
    case DRM_FORMAT_RGB565:
      return kDrawRgb565;
    case DRM_FORMAT_XRGB2101010:
      return kDrawBgr30;
    case DRM_FORMAT_XBGR2101010:
      return kDrawRgb30;
    case DRM_FORMAT_NV12:
    case DRM_FORMAT_NV21:
    case DRM_FORMAT_YUV420:
    case DRM_FORMAT_YVU420:
      return kDrawYuv;
    default:
      return kDrawBgra;
  }
}

std::array<std::uint32_t, 4> words_of(const Axis& axis) {
  const auto start = static_cast<std::uint64_t>(axis.start);
  const auto step = static_cast<std::uint64_t>(axis.step);
  return {static_cast<std::uint32_t>(start), static_cast<std::uint32_t>(start >> 32U),
          static_cast<std::uint32_t>(step), static_cast<std::uint32_t>(step >> 32U)};
}

std::array<std::int32_t, 4> numbers(Rect r) { return {r.x, r.y, r.width, r.height}; }

// Where the upright image's pixels lie in the buffer: a transform is linear, so three tell.
void set_turn(Transform transform, Size upright, DrawConstants& draw) {
  const auto at = [&](std::int32_t x, std::int32_t y) {
    return transformed(Rect{x, y, 1, 1}, upright, inverted(transform));
  };
  const Rect origin = at(0, 0);
  const Rect right = at(1, 0);
  const Rect below = at(0, 1);
  draw.origin = {origin.x, origin.y};
  draw.turn = {right.x - origin.x, right.y - origin.y, below.x - origin.x, below.y - origin.y};
}

struct Factors {
  std::array<std::int32_t, 4> luma, blue, red;
};

// Limited range, in 256ths; the last adds the offset (16 and half a step, 128), as libyuv does.
constexpr Factors factors_of(ColourMatrix matrix) {
  if (matrix == ColourMatrix::kBt601) {
    return {{66, 129, 25, 0x1080}, {-38, -74, 112, 0x8000}, {112, -94, -18, 0x8000}};
  }
  return {{47, 157, 16, 0x1080}, {-26, -86, 112, 0x8000}, {112, -102, -10, 0x8000}};
}

class Recorder {
 public:
  explicit Recorder(const Recording& r) : r_(r) {}

  Status run() {
    pass_memory(true);
    RP_TRY(draw_black());
    for (std::size_t i = 0; i < r_.plan.entries().size(); ++i) RP_TRY(draw_layer(i));
    RP_TRY(convert());
    pass_memory(false);
    return {};
  }

 private:
  [[nodiscard]] Work::Bound scratch() const { return {.buffer = r_.scratch}; }

  // Of boxes no layer fills.
  Status draw_black() {
    bool bound = false;
    for (std::size_t box = 0; box < r_.plan.boxes().size(); ++box) {
      if (r_.plan.covered(box)) continue;
      if (!bound) RP_TRY(r_.work.bind(Kernel::kDrawBuffer, scratch(), scratch()));
      bound = true;
      DrawConstants draw;
      const Rect area = r_.plan.area(box);
      draw.box = numbers(area);
      draw.format = kDrawBlack;
      draw.scratch_stride_px = r_.picture.size.width;
      r_.work.dispatch(Kernel::kDrawBuffer, draw, area.width, area.height);
    }
    if (bound) r_.work.barrier(kCompute, kReadWrite);
    return {};
  }

  Status draw_layer(std::size_t entry) {
    const Source& source = r_.sources[entry];
    bool bound = false;
    for (std::size_t box = 0; box < r_.plan.boxes().size(); ++box) {
      const Rect part = r_.plan.part(entry, box);
      if (part.empty()) continue;
      if (!bound) RP_TRY(r_.work.bind(source.kernel, source.bound, scratch()));
      bound = true;
      const DrawConstants draw = constants_of(entry, part);
      r_.work.dispatch(source.kernel, draw, part.width, part.height);
    }
    if (bound) r_.work.barrier(kCompute, kReadWrite);
    return {};
  }

  [[nodiscard]] DrawConstants constants_of(std::size_t entry, Rect part) const {
    const Layer& layer = *r_.plan.entries()[entry].layer;
    const ReadPlan& read = r_.reads[entry];
    const Source& source = r_.sources[entry];
    DrawConstants draw;
    draw.box = numbers(part);
    draw.columns = words_of(read.columns);
    draw.rows = words_of(read.rows);
    draw.bounds = {read.columns.lowest, read.columns.highest, read.rows.lowest, read.rows.highest};
    set_turn(layer.transform, read.upright, draw);
    draw.first = {read.first_x, read.first_y};
    draw.base_bytes = source.base_bytes;
    draw.stride_bytes = source.stride_bytes;
    draw.u_bytes = source.chroma.u_bytes;
    draw.v_bytes = source.chroma.v_bytes;
    draw.chroma_stride_bytes = source.chroma.stride_bytes;
    draw.chroma_step_bytes = source.chroma.step_bytes;
    draw.format = draw_format(layer.buffer->format());
    if (!r_.plan.opaque(entry, part)) draw.format |= kDrawBlend;
    draw.scratch_stride_px = r_.picture.size.width;
    return draw;
  }

  Status convert() {
    RP_TRY(r_.work.bind(Kernel::kConvert, scratch(), r_.target.bound));
    const PicturePlanes& planes = r_.target.planes;
    const Factors factors = factors_of(r_.matrix);
    ConvertConstants convert;
    convert.size = {r_.picture.size.width, r_.picture.size.height};
    convert.scratch_stride_px = r_.picture.size.width;
    convert.chroma_step_bytes = planes.layout == PictureLayout::kNv12 ? 2 : 1;
    convert.place = {planes.offset_y, planes.offset_u, planes.offset_v,
                     static_cast<std::uint32_t>(planes.stride_y)};
    convert.luma = factors.luma;
    convert.blue = factors.blue;
    convert.red = factors.red;
    convert.chroma_stride_bytes = static_cast<std::uint32_t>(planes.stride_uv);
    for (const Rect& box : r_.plan.boxes()) {
      convert.box = numbers(box);
      r_.work.dispatch(Kernel::kConvert, convert, box.width / 2, box.height / 2);
    }
    // For the next picture's use of the scratch, and for whoever reads this one.
    r_.work.barrier(kCompute | VK_PIPELINE_STAGE_HOST_BIT, kReadWrite | VK_ACCESS_HOST_READ_BIT);
    return {};
  }

  // To us (`ours`) or back.
  void pass_memory(bool ours) {
    for (std::size_t i = 0; i < r_.plan.entries().size(); ++i) {
      const Source& source = r_.sources[i];
      if (r_.plan.entries()[i].format == nullptr || passed_before(i)) continue;
      if (source.image != nullptr) pass_image(*source.image, ours);
      if (source.outside != VK_NULL_HANDLE) {
        pass_buffer(source.outside, VK_ACCESS_SHADER_READ_BIT, ours);
      }
    }
    if (r_.target.outside != VK_NULL_HANDLE) {
      pass_buffer(r_.target.outside, VK_ACCESS_SHADER_WRITE_BIT, ours);
    }
  }

  // Two layers may show the same buffer.
  [[nodiscard]] bool passed_before(std::size_t entry) const {
    for (std::size_t i = 0; i < entry; ++i) {
      if (r_.sources[i].image == r_.sources[entry].image &&
          r_.sources[i].outside == r_.sources[entry].outside) {
        return true;
      }
    }
    return false;
  }

  void pass_buffer(VkBuffer buffer, VkAccessFlags access, bool ours) {
    VkBufferMemoryBarrier barrier{};
    barrier.sType = VK_STRUCTURE_TYPE_BUFFER_MEMORY_BARRIER;
    barrier.srcAccessMask = ours ? 0 : access;
    barrier.dstAccessMask = ours ? access : 0;
    barrier.srcQueueFamilyIndex = ours ? r_.device.outside_family() : r_.device.queue_family();
    barrier.dstQueueFamilyIndex = ours ? r_.device.queue_family() : r_.device.outside_family();
    barrier.buffer = buffer;
    barrier.size = VK_WHOLE_SIZE;
    r_.device.fn().CmdPipelineBarrier(r_.work.commands(), from(ours), to(ours), 0, 0, nullptr, 1,
                                      &barrier, 0, nullptr);
  }

  void pass_image(Image& image, bool ours) {
    VkImageMemoryBarrier barrier{};
    barrier.sType = VK_STRUCTURE_TYPE_IMAGE_MEMORY_BARRIER;
    barrier.srcAccessMask = ours ? 0 : VK_ACCESS_SHADER_READ_BIT;
    barrier.dstAccessMask = ours ? VK_ACCESS_SHADER_READ_BIT : 0;
    barrier.oldLayout = ours && image.fresh ? VK_IMAGE_LAYOUT_UNDEFINED : VK_IMAGE_LAYOUT_GENERAL;
    barrier.newLayout = VK_IMAGE_LAYOUT_GENERAL;
    barrier.srcQueueFamilyIndex = ours ? r_.device.outside_family() : r_.device.queue_family();
    barrier.dstQueueFamilyIndex = ours ? r_.device.queue_family() : r_.device.outside_family();
    barrier.image = image.handle();
    barrier.subresourceRange = {VK_IMAGE_ASPECT_COLOR_BIT, 0, 1, 0, 1};
    r_.device.fn().CmdPipelineBarrier(r_.work.commands(), from(ours), to(ours), 0, 0, nullptr, 0,
                                      nullptr, 1, &barrier);
    image.fresh = false;
  }

  static VkPipelineStageFlags from(bool ours) {
    return ours ? VkPipelineStageFlags{VK_PIPELINE_STAGE_TOP_OF_PIPE_BIT} : kCompute;
  }
  static VkPipelineStageFlags to(bool ours) {
    return ours ? kCompute : VkPipelineStageFlags{VK_PIPELINE_STAGE_BOTTOM_OF_PIPE_BIT};
  }

  const Recording& r_;
};

}  // namespace

Status record(const Recording& recording) { return Recorder(recording).run(); }

}  // namespace rp::vulkan
