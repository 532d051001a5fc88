// What every encoder driver needs to know of H.264 and of rates before it opens a codec: whether
// settings are sane, the level they need, the room one picture may take on the link.
// Thread rule: plain functions.
#pragma once

#include <cstdint>

#include "engine/encode/encoder.h"

namespace rp {

// kInvalid naming the first field that is outside its bounds (engine/base/limits.h for the sides).
[[nodiscard]] Status check_settings(const EncoderSettings& settings);
// The same for drivers that have other codecs than H.264 too.
[[nodiscard]] Status check_bounds(const EncoderSettings& settings);

// `rate` with zero fields taken from `current`, the rest brought inside the bounds check_settings
// holds.
[[nodiscard]] EncoderRate bounded(EncoderRate rate, EncoderRate current);

// Lowest level_idc (ITU-T H.264, table A-1: 31 is level 3.1) for pictures of `size` at `framerate`
// and `bitrate_kbps` in baseline or main profile; 62, the highest, when none has the room.
[[nodiscard]] int h264_level(Size size, std::uint32_t framerate, std::uint32_t bitrate_kbps);

// The most bits a second the level of h264_level() allows.
[[nodiscard]] std::uint32_t h264_max_bitrate_kbps(int level_idc);

// Size of the model buffer: what the link carries in vbv_ms, but never less than one frame's share.
[[nodiscard]] std::uint32_t vbv_kbit(EncoderRate rate, std::uint32_t vbv_ms);

}  // namespace rp
