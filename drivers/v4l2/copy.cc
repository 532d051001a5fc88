#include "drivers/v4l2/copy.h"

#include <libyuv.h>

#include <cstring>

namespace rp::v4l2 {
namespace {

struct Target {
  std::uint8_t* bytes = nullptr;
  int stride = 0;
};

Target target(const BufferLayout::Part& part,
              const std::array<std::span<std::uint8_t>, 3>& planes) {
  return {planes[static_cast<std::size_t>(part.plane)].data() + part.offset,
          static_cast<int>(part.stride)};
}

// Widens rows of `width` elements to `buffer_width` and repeats the last row to `buffer_height`.
void pad(Target to, Size filled, Size buffer, int element_bytes) {
  const auto element = static_cast<std::size_t>(element_bytes);
  for (int y = 0; y < filled.height && buffer.width > filled.width; ++y) {
    std::uint8_t* row = to.bytes + static_cast<std::ptrdiff_t>(y) * to.stride;
    std::uint8_t* last = row + static_cast<std::ptrdiff_t>(filled.width - 1) * element_bytes;
    for (int x = filled.width; x < buffer.width; ++x) {
      std::memcpy(row + static_cast<std::ptrdiff_t>(x) * element_bytes, last, element);
    }
  }
  const std::uint8_t* last = to.bytes + static_cast<std::ptrdiff_t>(filled.height - 1) * to.stride;
  for (int y = filled.height; y < buffer.height; ++y) {
    std::memcpy(to.bytes + static_cast<std::ptrdiff_t>(y) * to.stride, last,
                static_cast<std::size_t>(buffer.width) * element);
  }
}

}  // namespace

void copy_picture(const Picture& p, const BufferLayout& layout, Size buffer,
                  const std::array<std::span<std::uint8_t>, 3>& planes) {
  const Target y = target(layout.y, planes);
  const Target u = target(layout.u, planes);
  const int width = p.coded.width;
  const int height = p.coded.height;
  const Size chroma{width / 2, height / 2};
  const Size chroma_buffer{buffer.width / 2, buffer.height / 2};
  if (layout.raw.layout == PictureLayout::kNv12) {
    if (p.layout == PictureLayout::kNv12) {
      libyuv::NV12Copy(p.y, p.stride_y, p.u, p.stride_uv, y.bytes, y.stride, u.bytes, u.stride,
                       width, height);
    } else {
      libyuv::I420ToNV12(p.y, p.stride_y, p.u, p.stride_uv, p.v, p.stride_uv, y.bytes, y.stride,
                         u.bytes, u.stride, width, height);
    }
    pad(u, chroma, chroma_buffer, 2);
  } else {
    const Target v = target(layout.v, planes);
    if (p.layout == PictureLayout::kNv12) {
      libyuv::NV12ToI420(p.y, p.stride_y, p.u, p.stride_uv, y.bytes, y.stride, u.bytes, u.stride,
                         v.bytes, v.stride, width, height);
    } else {
      libyuv::I420Copy(p.y, p.stride_y, p.u, p.stride_uv, p.v, p.stride_uv, y.bytes, y.stride,
                       u.bytes, u.stride, v.bytes, v.stride, width, height);
    }
    pad(u, chroma, chroma_buffer, 1);
    pad(v, chroma, chroma_buffer, 1);
  }
  pad(y, p.coded, buffer, 1);
}

}  // namespace rp::v4l2
