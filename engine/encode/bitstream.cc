#include "engine/encode/bitstream.h"

#include <cstddef>

namespace rp {
namespace {

// Calls `visit(its bytes and all behind them)` for each NAL unit; stops when it returns false.
// Where a unit is empty the next start code is visited as one: no codec's header looks like it.
template <typename Visit>
void each_nal_unit(std::span<const std::uint8_t> bytes, Visit&& visit) {
  for (std::size_t i = 0; i + 3 < bytes.size(); ++i) {
    if (bytes[i] != 0 || bytes[i + 1] != 0 || bytes[i + 2] != 1) continue;
    if (!visit(bytes.subspan(i + 3))) return;
    i += 2;
  }
}

// nal_unit_type, ITU-T H.264 table 7-1.
BufferContent inspect_h264(std::span<const std::uint8_t> bytes) {
  BufferContent content;
  bool sps = false;
  bool pps = false;
  each_nal_unit(bytes, [&](std::span<const std::uint8_t> unit) {
    const int type = unit[0] & 0x1f;
    sps = sps || type == 7;
    pps = pps || type == 8;
    content.picture = type == 1 || type == 5;
    content.key = type == 5;
    return !content.picture;  // headers come before the first slice
  });
  content.headers = sps && pps;
  return content;
}

// nal_unit_type, ITU-T H.265 table 7-1: 0–31 are slices, 16–23 of pictures that stand alone. The
// header has two bytes; the lowest bits of the second are never 0 (7.4.2.2).
BufferContent inspect_hevc(std::span<const std::uint8_t> bytes) {
  BufferContent content;
  bool vps = false;
  bool sps = false;
  bool pps = false;
  each_nal_unit(bytes, [&](std::span<const std::uint8_t> unit) {
    if (unit.size() < 2 || (unit[1] & 7) == 0) return true;
    const int type = (unit[0] >> 1) & 0x3f;
    vps = vps || type == 32;
    sps = sps || type == 33;
    pps = pps || type == 34;
    content.picture = type < 32;
    content.key = type >= 16 && type <= 23;
    return !content.picture;
  });
  content.headers = vps && sps && pps;
  return content;
}

// The first bit of a frame's tag is 0 for a key frame; the headers are in the frame.
BufferContent inspect_vp8(std::span<const std::uint8_t> bytes) {
  if (bytes.size() < 3) return {};
  const bool key = (bytes[0] & 1) == 0;
  return {.picture = true, .key = key, .headers = key};
}

//   0  magic1, magic2  8 version  12 width  16 height  20 flags, all big endian after the magic
BufferContent inspect_fwht(std::span<const std::uint8_t> bytes) {
  constexpr std::size_t kHeaderBytes = 44;
  constexpr std::size_t kFlags = 20;
  constexpr std::uint8_t kIFrame = 0x04;  // V4L2_FWHT_FL_I_FRAME, bit 10 of the 32
  if (bytes.size() < kHeaderBytes || bytes[0] != 0x4f || bytes[4] != 0xff) return {};
  const bool key = (bytes[kFlags + 2] & kIFrame) != 0;
  return {.picture = true, .key = key, .headers = key};
}

}  // namespace

BufferContent inspect(Codec codec, std::span<const std::uint8_t> bytes) {
  switch (codec) {
    case Codec::kH264:
      return inspect_h264(bytes);
    case Codec::kHevc:
      return inspect_hevc(bytes);
    case Codec::kVp8:
      return inspect_vp8(bytes);
    case Codec::kFwht:
      return inspect_fwht(bytes);
  }
  return {};
}

}  // namespace rp
