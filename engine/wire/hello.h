// HELLO and WELCOME: what each side of a stream can do. docs/wire_format.md has the meaning of
// every field; offsets are of the body. Thread rule: plain values; text points into the parsed
// bytes.
//
//   HELLO    0 version_min  2 version_max  4 codecs  8 features  12 width  14 height  16 scale_120
//            18 max_fps  19 quality  20 layout (string)  … client (string)
//   WELCOME  0 version  2 codec  4 features  8 server_time_us  16 phone (string)  … session
//   (string)
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "engine/wire/message.h"

namespace rp::wire {

// Bits of Hello::codecs.
inline constexpr std::uint32_t kCodecH264 = 1U << 0;
inline constexpr std::uint32_t kCodecH264Yuv444 = 1U << 1;
inline constexpr std::uint32_t kCodecVp9 = 1U << 2;
inline constexpr std::uint32_t kCodecAv1 = 1U << 3;
inline constexpr std::uint32_t kCodecHevc = 1U << 4;
// Of the kernel's test device; no browser asks for it (docs/adr/0014-devices-alone.md).
inline constexpr std::uint32_t kCodecFwht = 1U << 31;

// Bits of Hello::features and Welcome::features.
inline constexpr std::uint32_t kFeatureLosslessTiles = 1U << 0;
inline constexpr std::uint32_t kFeatureAudio = 1U << 1;
inline constexpr std::uint32_t kFeatureCamera = 1U << 2;
inline constexpr std::uint32_t kFeatureCursorImages = 1U << 3;
inline constexpr std::uint32_t kFeatureClipboard = 1U << 4;
inline constexpr std::uint32_t kFeatureTouchScreen = 1U << 5;
inline constexpr std::uint32_t kFeatureHardwareDecoder = 1U << 6;

inline constexpr std::uint16_t kMinScale_120 = 60;
inline constexpr std::uint16_t kMaxScale_120 = 960;
inline constexpr std::uint8_t kMaxFps = 240;
inline constexpr std::size_t kMaxLayoutBytes = 64;
inline constexpr std::size_t kMaxClientNameBytes = 128;

enum class QualityMode : std::uint8_t { kAutomatic = 0, kQualityFirst = 1, kSpeedFirst = 2 };

struct Hello {
  std::uint16_t version_min = kProtocolVersion;
  std::uint16_t version_max = kProtocolVersion;
  std::uint32_t codecs = kCodecH264;
  std::uint32_t features = 0;
  std::uint16_t width_px = 0;
  std::uint16_t height_px = 0;
  std::uint16_t scale_120 = 120;
  std::uint8_t max_fps = 60;
  QualityMode quality = QualityMode::kAutomatic;
  std::string_view layout = {};
  std::string_view client = {};
  friend bool operator==(const Hello&, const Hello&) = default;
};
[[nodiscard]] Result<Hello> parse_hello(const MessageView& message);
void append(std::vector<std::uint8_t>& out, const Hello& hello);

struct Welcome {
  std::uint16_t version = kProtocolVersion;
  std::uint16_t codec = 1;
  std::uint32_t features = 0;
  std::uint64_t server_time_us = 0;
  std::string_view phone = {};
  std::string_view session = {};
  friend bool operator==(const Welcome&, const Welcome&) = default;
};
[[nodiscard]] Result<Welcome> parse_welcome(const MessageView& message);
void append(std::vector<std::uint8_t>& out, const Welcome& welcome);

}  // namespace rp::wire
