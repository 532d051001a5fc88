// What this driver knows of V4L2's formats: which coded format a Codec is, which raw formats a
// picture can be given in, and the layout of one raw buffer. Thread rule: plain values.
//
// A raw buffer as V4L2 lays it out (kernel documentation, "YUV formats"), `stride` and `rows` as
// the device chose them, both at least the picture's:
//
//   one memory plane     NV12: y stride×rows | uv stride×rows/2
//                        YU12: y stride×rows | u stride/2×rows/2 | v stride/2×rows/2
//   several (NM12, YM12) the same parts, each in memory of its own
#pragma once

#include <linux/videodev2.h>

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "engine/encode/encoder.h"
#include "engine/frame/picture_memory.h"

namespace rp::v4l2 {

// The wanted codec's fourcc (V4L2_PIX_FMT_H264, …).
[[nodiscard]] std::uint32_t coded_format(Codec codec);
// Only the coded formats a Codec names.
[[nodiscard]] std::optional<Codec> codec_of(std::uint32_t fourcc);
[[nodiscard]] std::string_view codec_name(Codec codec);  // "H.264"
// "NV12": the four letters; what is no letter is shown as '?'.
[[nodiscard]] std::string fourcc_name(std::uint32_t fourcc);

struct RawFormat {
  std::uint32_t fourcc = 0;
  PictureLayout layout = PictureLayout::kNv12;
  int memory_planes = 1;
};

// Raw formats a picture can be handed over in, the best first: pairs of chroma before planes (what
// hardware reads), one piece of memory before several (what a single dma-buf can be).
[[nodiscard]] std::span<const RawFormat> raw_formats();

// One queue's format as the device set it.
struct QueueFormat {
  std::uint32_t fourcc = 0;
  Size size;  // of the buffer: the picture's, aligned as the device needs it
  int planes = 1;
  std::array<std::uint32_t, 3> stride_bytes{};
  std::array<std::uint32_t, 3> size_bytes{};
};

// Where the parts of a picture lie in a buffer of `format`: which memory plane, from which byte on.
struct BufferLayout {
  struct Part {
    int plane = 0;
    std::uint32_t offset = 0;
    std::uint32_t stride = 0;
    std::uint32_t rows = 0;
  };
  RawFormat raw;
  Part y;
  Part u;  // kNv12: of the pairs
  Part v;  // kNv12: unused
};

// kInvalid when the device's numbers do not hold a picture of `coded`: nothing is written past
// what the device says its buffers are.
[[nodiscard]] Result<BufferLayout> buffer_layout(const RawFormat& raw, const QueueFormat& format,
                                                 Size coded);

// Whether the device reads the picture where it lies: one dma-buf, laid out exactly so.
[[nodiscard]] bool importable(const PicturePlanes& picture, const BufferLayout& layout);

}  // namespace rp::v4l2
