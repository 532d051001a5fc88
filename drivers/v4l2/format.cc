#include "drivers/v4l2/format.h"

#include <algorithm>

namespace rp::v4l2 {
namespace {

struct CodecRow {
  Codec codec;
  std::uint32_t fourcc;
  std::string_view name;
};

constexpr std::array kCodecs = {
    CodecRow{Codec::kH264, V4L2_PIX_FMT_H264, "H.264"},
    CodecRow{Codec::kHevc, V4L2_PIX_FMT_HEVC, "HEVC"},
    CodecRow{Codec::kVp8, V4L2_PIX_FMT_VP8, "VP8"},
    CodecRow{Codec::kFwht, V4L2_PIX_FMT_FWHT, "FWHT"},
};

constexpr std::array kRawFormats = {
    RawFormat{V4L2_PIX_FMT_NV12, PictureLayout::kNv12, 1},
    RawFormat{V4L2_PIX_FMT_YUV420, PictureLayout::kI420, 1},
    RawFormat{V4L2_PIX_FMT_NV12M, PictureLayout::kNv12, 2},
    RawFormat{V4L2_PIX_FMT_YUV420M, PictureLayout::kI420, 3},
};

// Widest stride taken from a device: far beyond any picture, far from overflow.
constexpr std::uint32_t kMaxStride_bytes = 1U << 16;

std::uint64_t end_of(const BufferLayout::Part& part) {
  return part.offset + std::uint64_t{part.stride} * part.rows;
}

}  // namespace

std::uint32_t coded_format(Codec codec) {
  return std::ranges::find(kCodecs, codec, &CodecRow::codec)->fourcc;
}

std::optional<Codec> codec_of(std::uint32_t fourcc) {
  const auto* row = std::ranges::find(kCodecs, fourcc, &CodecRow::fourcc);
  if (row == kCodecs.end()) return std::nullopt;
  return row->codec;
}

std::string_view codec_name(Codec codec) {
  return std::ranges::find(kCodecs, codec, &CodecRow::codec)->name;
}

std::string fourcc_name(std::uint32_t fourcc) {
  std::string name;
  for (int shift = 0; shift < 32; shift += 8) {
    const char letter = static_cast<char>((fourcc >> shift) & 0x7fU);
    name += letter > ' ' && letter < 0x7f ? letter : '?';
  }
  return name;
}

std::span<const RawFormat> raw_formats() { return kRawFormats; }

Result<BufferLayout> buffer_layout(const RawFormat& raw, const QueueFormat& format, Size coded) {
  const bool pairs = raw.layout == PictureLayout::kNv12;
  const std::uint32_t stride = format.stride_bytes[0];
  const auto rows = static_cast<std::uint32_t>(format.size.height);
  const auto fits = [&](std::uint32_t stride_bytes, std::int32_t width) {
    return stride_bytes >= static_cast<std::uint32_t>(width) && stride_bytes <= kMaxStride_bytes;
  };
  const bool sane = format.fourcc == raw.fourcc && format.planes == raw.memory_planes &&
                    format.size.width >= coded.width && format.size.height >= coded.height &&
                    rows <= kMaxStride_bytes && rows % 2 == 0 && format.size.width % 2 == 0 &&
                    fits(stride, format.size.width);
  if (!sane) return fail(ErrorCode::kInvalid, "the device's raw format is too small");
  BufferLayout layout{raw, {0, 0, stride, rows}, {}, {}};
  const std::uint32_t uv_stride = pairs ? stride : stride / 2;
  if (raw.memory_planes == 1) {
    layout.u = {0, stride * rows, uv_stride, rows / 2};
    layout.v = {0, layout.u.offset + uv_stride * (rows / 2), uv_stride, rows / 2};
  } else {
    layout.u = {1, 0, format.stride_bytes[1], rows / 2};
    layout.v = {2, 0, pairs ? uv_stride : format.stride_bytes[2], rows / 2};
  }
  const std::int32_t uv_width = pairs ? format.size.width : format.size.width / 2;
  bool holds = fits(layout.u.stride, uv_width) && (pairs || fits(layout.v.stride, uv_width));
  for (const auto* part : {&layout.y, &layout.u, &layout.v}) {
    if (pairs && part == &layout.v) continue;
    holds = holds && end_of(*part) <= format.size_bytes[static_cast<std::size_t>(part->plane)];
  }
  if (!holds) return fail(ErrorCode::kInvalid, "the device's raw buffers are too small");
  return layout;
}

bool importable(const PicturePlanes& picture, const BufferLayout& layout) {
  if (picture.dmabuf < 0 || picture.modifier != kModifierLinear) return false;
  if (layout.raw.memory_planes != 1 || picture.layout != layout.raw.layout) return false;
  const bool pairs = picture.layout == PictureLayout::kNv12;
  return picture.offset_y == 0 && picture.offset_u == layout.u.offset &&
         (pairs || picture.offset_v == layout.v.offset) &&
         static_cast<std::uint32_t>(picture.stride_y) == layout.y.stride &&
         static_cast<std::uint32_t>(picture.stride_uv) == layout.u.stride;
}

}  // namespace rp::v4l2
