#include "engine/encode/settings.h"

#include <algorithm>
#include <array>

#include "engine/base/limits.h"

namespace rp {
namespace {

constexpr std::uint32_t kMinBitrate_kbps = 50;
constexpr std::uint32_t kMaxBitrate_kbps = 500'000;
constexpr std::uint32_t kMaxFramerate = 240;
constexpr std::uint32_t kMinVbv_ms = 10;
constexpr std::uint32_t kMaxVbv_ms = 10'000;

struct Level {
  int idc;
  std::int64_t max_macroblocks_per_s;
  std::int64_t max_macroblocks;
  std::uint32_t max_bitrate_kbps;
};

// ITU-T H.264 (08/2021), table A-1, from the level a 64-pixel picture may use upwards.
constexpr std::array kLevels = {
    Level{10, 1'485, 99, 64},
    Level{11, 3'000, 396, 192},
    Level{12, 6'000, 396, 384},
    Level{13, 11'880, 396, 768},
    Level{20, 11'880, 396, 2'000},
    Level{21, 19'800, 792, 4'000},
    Level{22, 20'250, 1'620, 4'000},
    Level{30, 40'500, 1'620, 10'000},
    Level{31, 108'000, 3'600, 14'000},
    Level{32, 216'000, 5'120, 20'000},
    Level{40, 245'760, 8'192, 20'000},
    Level{41, 245'760, 8'192, 50'000},
    Level{42, 522'240, 8'704, 50'000},
    Level{50, 589'824, 22'080, 135'000},
    Level{51, 983'040, 36'864, 240'000},
    Level{52, 2'073'600, 36'864, 240'000},
    Level{60, 4'177'920, 139'264, 240'000},
    Level{61, 8'355'840, 139'264, 480'000},
    Level{62, 16'711'680, 139'264, 800'000},
};

}  // namespace

Status check_settings(const EncoderSettings& s) {
  if (s.codec != Codec::kH264) return fail(ErrorCode::kUnsupported, "codec must be H.264");
  return check_bounds(s);
}

Status check_bounds(const EncoderSettings& s) {
  const auto outside = [](std::int32_t side) {
    return side < limits::kMinOutputSide_px || side > limits::kMaxOutputSide_px;
  };
  if (outside(s.size.width)) return fail(ErrorCode::kInvalid, "width must be 64 to 4096");
  if (outside(s.size.height)) return fail(ErrorCode::kInvalid, "height must be 64 to 4096");
  if (s.bitrate_kbps < kMinBitrate_kbps || s.bitrate_kbps > kMaxBitrate_kbps) {
    return fail(ErrorCode::kInvalid, "bitrate_kbps must be 50 to 500000");
  }
  if (s.framerate < 1 || s.framerate > kMaxFramerate) {
    return fail(ErrorCode::kInvalid, "framerate must be 1 to 240");
  }
  if (s.vbv_ms < kMinVbv_ms || s.vbv_ms > kMaxVbv_ms) {
    return fail(ErrorCode::kInvalid, "vbv_ms must be 10 to 10000");
  }
  return {};
}

EncoderRate bounded(EncoderRate rate, EncoderRate current) {
  if (rate.bitrate_kbps == 0) rate.bitrate_kbps = current.bitrate_kbps;
  if (rate.framerate == 0) rate.framerate = current.framerate;
  rate.bitrate_kbps = std::clamp(rate.bitrate_kbps, kMinBitrate_kbps, kMaxBitrate_kbps);
  rate.framerate = std::clamp(rate.framerate, 1U, kMaxFramerate);
  return rate;
}

int h264_level(Size size, std::uint32_t framerate, std::uint32_t bitrate_kbps) {
  const std::int64_t wide = (size.width + 15) / 16;
  const std::int64_t high = (size.height + 15) / 16;
  const std::int64_t macroblocks = wide * high;
  for (const Level& level : kLevels) {
    // No side may be longer than sqrt(8 × MaxFS) macroblocks (A.3.1, items f and g).
    const std::int64_t side_squared = 8 * level.max_macroblocks;
    if (macroblocks <= level.max_macroblocks && wide * wide <= side_squared &&
        high * high <= side_squared && macroblocks * framerate <= level.max_macroblocks_per_s &&
        bitrate_kbps <= level.max_bitrate_kbps) {
      return level.idc;
    }
  }
  return kLevels.back().idc;
}

std::uint32_t h264_max_bitrate_kbps(int level_idc) {
  for (const Level& level : kLevels) {
    if (level.idc == level_idc) return level.max_bitrate_kbps;
  }
  return kLevels.front().max_bitrate_kbps;
}

std::uint32_t vbv_kbit(EncoderRate rate, std::uint32_t vbv_ms) {
  const auto in_buffer = static_cast<std::uint64_t>(rate.bitrate_kbps) * vbv_ms / 1000;
  const std::uint64_t one_frame = rate.bitrate_kbps / rate.framerate + 1;
  return static_cast<std::uint32_t>(std::max(in_buffer, one_frame));
}

}  // namespace rp
