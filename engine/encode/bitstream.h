// What a coded buffer holds, read from its bytes: devices differ in what their flags say, and the
// session's decisions (what is a key frame, are the headers with it) must be right. Bytes come from
// a device: every read is bounded. Thread rule: plain functions.
#pragma once

#include <cstdint>
#include <span>

#include "engine/encode/encoder.h"

namespace rp {

struct BufferContent {
  bool picture = false;  // coded pixels, not only headers
  bool key = false;      // decodable without what came before
  bool headers = false;  // holds its stream's headers (SPS and PPS; VPS too for HEVC)
};

// H.264, HEVC: an Annex B byte stream (ITU-T H.264 annex B, H.265 annex B). VP8: one frame (RFC
// 6386, 9.1). FWHT: one frame (struct fwht_cframe_hdr of the kernel's codec-fwht.h).
[[nodiscard]] BufferContent inspect(Codec codec, std::span<const std::uint8_t> bytes);

}  // namespace rp
