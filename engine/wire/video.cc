#include "engine/wire/video.h"

#include <cstring>

#include "engine/base/limits.h"
#include "engine/wire/bytes.h"
#include "engine/wire/tiles.h"

namespace rp::wire {

namespace {

// The layouts of docs/wire_format.md as they lie in memory on the little-endian machines we build
// for.
struct [[gnu::packed]] RawFrame {
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
};
struct [[gnu::packed]] RawVideo {
  RawFrame frame;
  std::uint8_t codec;
  std::array<std::uint8_t, 3> reserved;
  std::array<std::uint16_t, 4> shown;  // x, y, width, height
  std::array<std::uint16_t, 4> coded;
};
struct [[gnu::packed]] RawTiles {
  RawFrame frame;
  std::uint16_t operations;
  std::uint16_t reserved;
};
static_assert(sizeof(RawVideo) == kVideoHeaderBytes);
static_assert(sizeof(RawTiles) == kTilesHeaderBytes);
static_assert(offsetof(RawFrame, capture_time_us) == kHeaderBytes + 8);
static_assert(offsetof(RawVideo, codec) == kHeaderBytes + 36);
static_assert(offsetof(RawVideo, shown) == kHeaderBytes + 40);
static_assert(offsetof(RawVideo, coded) == kHeaderBytes + 48);

void read_frame(ByteReader& in, const MessageView& message, Frame& frame) {
  frame.after_drop = (message.flags & kVideoAfterDrop) != 0;
  frame.at_rest = (message.flags & kVideoAtRest) != 0;
  frame.sequence = in.integer<std::uint32_t>("sequence");
  frame.input_sequence = in.integer<std::uint32_t>("input_sequence");
  frame.capture_time_us = in.integer<std::uint64_t>("capture_time_us");
  frame.capture_us = in.integer<std::uint32_t>("capture_us");
  frame.compose_us = in.integer<std::uint32_t>("compose_us");
  frame.encode_us = in.integer<std::uint32_t>("encode_us");
  frame.send_us = in.integer<std::uint32_t>("send_us");
  frame.width_px = in.integer<std::uint16_t>("width_px", 1, limits::kMaxOutputSide_px);
  frame.height_px = in.integer<std::uint16_t>("height_px", 1, limits::kMaxOutputSide_px);
}

Area read_area(ByteReader& in) {
  Area area;
  area.x = in.integer<std::uint16_t>("x");
  area.y = in.integer<std::uint16_t>("y");
  area.width = in.integer<std::uint16_t>("width", 1, limits::kMaxOutputSide_px);
  area.height = in.integer<std::uint16_t>("height", 1, limits::kMaxOutputSide_px);
  return area;
}

bool contains(const Area& outer, const Area& inner) {
  return inner.x >= outer.x && inner.y >= outer.y &&
         inner.x + inner.width <= outer.x + outer.width &&
         inner.y + inner.height <= outer.y + outer.height;
}

RawFrame raw_of(MessageType type, unsigned flags, const Frame& frame, std::size_t body_bytes) {
  flags |= (frame.after_drop ? kVideoAfterDrop : 0U) | (frame.at_rest ? kVideoAtRest : 0U);
  return {.type = static_cast<std::uint8_t>(type),
          .flags = static_cast<std::uint8_t>(flags),
          .stream = 0,
          .body_bytes = static_cast<std::uint32_t>(body_bytes),
          .sequence = frame.sequence,
          .input_sequence = frame.input_sequence,
          .capture_time_us = frame.capture_time_us,
          .capture_us = frame.capture_us,
          .compose_us = frame.compose_us,
          .encode_us = frame.encode_us,
          .send_us = frame.send_us,
          .width_px = frame.width_px,
          .height_px = frame.height_px};
}

}  // namespace

Result<ParsedVideo> parse_video(const MessageView& message) {
  ByteReader in("VIDEO", message.body);
  Video video;
  video.key_frame = (message.flags & kVideoKeyFrame) != 0;
  read_frame(in, message, video);
  video.codec = in.integer<std::uint8_t>("codec");
  in.skip(3);
  video.shown = read_area(in);
  video.coded = read_area(in);
  const Area all{0, 0, video.width_px, video.height_px};
  if (!in.failed() && !contains(all, video.coded)) {
    in.fail_field("coded", "reaches outside the picture");
  }
  if (!in.failed() && !contains(video.coded, video.shown)) {
    in.fail_field("shown", "reaches outside what is coded");
  }
  RP_TRY(in.finish());
  return ParsedVideo{video, in.rest()};
}

Result<ParsedTiles> parse_tiles(const MessageView& message) {
  ByteReader in("TILES", message.body);
  Tiles tiles;
  read_frame(in, message, tiles);
  tiles.operations = in.integer<std::uint16_t>("operations", 1, kMaxOperations);
  in.skip(2);
  RP_TRY(in.finish());
  OperationReader operations(in.rest(), tiles.width_px, tiles.height_px);
  for (int i = 0; i < tiles.operations; ++i) {
    RP_TRY(operations.next());
  }
  return ParsedTiles{tiles, in.rest()};
}

std::array<std::uint8_t, kVideoHeaderBytes> serialise(const Video& video, std::size_t data_bytes) {
  const unsigned flags = video.key_frame ? kVideoKeyFrame : 0U;
  const RawVideo raw{
      .frame = raw_of(MessageType::kVideo, flags, video, kVideoFieldBytes + data_bytes),
      .codec = video.codec,
      .reserved = {},
      .shown = {video.shown.x, video.shown.y, video.shown.width, video.shown.height},
      .coded = {video.coded.x, video.coded.y, video.coded.width, video.coded.height}};
  std::array<std::uint8_t, kVideoHeaderBytes> bytes;
  std::memcpy(bytes.data(), &raw, sizeof raw);
  return bytes;
}

std::array<std::uint8_t, kTilesHeaderBytes> serialise(const Tiles& tiles, std::size_t data_bytes) {
  const RawTiles raw{.frame = raw_of(MessageType::kTiles, 0, tiles, kTilesFieldBytes + data_bytes),
                     .operations = tiles.operations,
                     .reserved = 0};
  std::array<std::uint8_t, kTilesHeaderBytes> bytes;
  std::memcpy(bytes.data(), &raw, sizeof raw);
  return bytes;
}

}  // namespace rp::wire
