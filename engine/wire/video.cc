#include "engine/wire/video.h"

#include <cstring>

#include "engine/wire/bytes.h"

namespace rp::wire {

namespace {

// The layout of docs/wire_format.md as it lies in memory on the little-endian machines we build
// for.
struct [[gnu::packed]] RawVideo {
  std::uint8_t type;
  std::uint8_t flags;
  std::uint16_t stream;
  std::uint32_t body_bytes;
  std::uint32_t sequence;
  std::uint32_t input_sequence;
  std::uint64_t capture_time_us;
  std::uint32_t capture_us;
  std::uint32_t compose_us;
  std::uint32_t encode_us;
  std::uint32_t send_us;
  std::uint16_t width_px;
  std::uint16_t height_px;
  std::uint8_t codec;
  std::array<std::uint8_t, 3> reserved;
};
static_assert(sizeof(RawVideo) == kVideoHeaderBytes);
static_assert(offsetof(RawVideo, capture_time_us) == kHeaderBytes + 8);
static_assert(offsetof(RawVideo, codec) == kHeaderBytes + 36);

}  // namespace

Result<ParsedVideo> parse_video(const MessageView& message) {
  ByteReader in("VIDEO", message.body);
  Video video;
  video.key_frame = (message.flags & kVideoKeyFrame) != 0;
  video.after_drop = (message.flags & kVideoAfterDrop) != 0;
  video.at_rest = (message.flags & kVideoAtRest) != 0;
  video.sequence = in.integer<std::uint32_t>("sequence");
  video.input_sequence = in.integer<std::uint32_t>("input_sequence");
  video.capture_time_us = in.integer<std::uint64_t>("capture_time_us");
  video.capture_us = in.integer<std::uint32_t>("capture_us");
  video.compose_us = in.integer<std::uint32_t>("compose_us");
  video.encode_us = in.integer<std::uint32_t>("encode_us");
  video.send_us = in.integer<std::uint32_t>("send_us");
  video.width_px = in.integer<std::uint16_t>("width_px");
  video.height_px = in.integer<std::uint16_t>("height_px");
  video.codec = in.integer<std::uint8_t>("codec");
  in.skip(3);
  RP_TRY(in.finish());
  return ParsedVideo{video, in.rest()};
}

std::array<std::uint8_t, kVideoHeaderBytes> serialise(const Video& video, std::size_t data_bytes) {
  const unsigned flags = (video.key_frame ? kVideoKeyFrame : 0U) |
                         (video.after_drop ? kVideoAfterDrop : 0U) |
                         (video.at_rest ? kVideoAtRest : 0U);
  const RawVideo raw{.type = static_cast<std::uint8_t>(MessageType::kVideo),
                     .flags = static_cast<std::uint8_t>(flags),
                     .stream = 0,
                     .body_bytes = static_cast<std::uint32_t>(kVideoFieldBytes + data_bytes),
                     .sequence = video.sequence,
                     .input_sequence = video.input_sequence,
                     .capture_time_us = video.capture_time_us,
                     .capture_us = video.capture_us,
                     .compose_us = video.compose_us,
                     .encode_us = video.encode_us,
                     .send_us = video.send_us,
                     .width_px = video.width_px,
                     .height_px = video.height_px,
                     .codec = video.codec,
                     .reserved = {}};
  std::array<std::uint8_t, kVideoHeaderBytes> bytes;
  std::memcpy(bytes.data(), &raw, sizeof raw);
  return bytes;
}

}  // namespace rp::wire
