// VIDEO and TILES: one picture with its stage times, as coded video or as changes without loss. The
// headers are serialised apart from the data, so that a frame's bytes are never copied
// (Sender::send_frame). Thread rule: plain values.
//
//   message header (8)
//   0 sequence           4 input_sequence
//   8 capture_time_us (u64)
//   16 capture_us        20 compose_us
//   24 encode_us         28 send_us
//   32 width_px  34 height_px
//   VIDEO:  36 codec  37 reserved (3)  40 shown: x  42 y  44 width  46 height
//           48 coded: x  50 y  52 width  54 height  56 data: Annex B
//   TILES:  36 operations  38 reserved (2)  40 operations (see engine/wire/tiles.h)
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "engine/wire/message.h"

namespace rp::wire {

inline constexpr std::uint8_t kVideoKeyFrame = 1U << 0;
inline constexpr std::uint8_t kVideoAfterDrop = 1U << 1;
inline constexpr std::uint8_t kVideoAtRest = 1U << 2;

inline constexpr std::size_t kVideoFieldBytes = 56;
inline constexpr std::size_t kVideoHeaderBytes = kHeaderBytes + kVideoFieldBytes;
inline constexpr std::size_t kTilesFieldBytes = 40;
inline constexpr std::size_t kTilesHeaderBytes = kHeaderBytes + kTilesFieldBytes;

// A part of the shown picture, in its pixels.
struct Area {
  std::uint16_t x = 0;
  std::uint16_t y = 0;
  std::uint16_t width = 0;
  std::uint16_t height = 0;
  friend bool operator==(const Area&, const Area&) = default;
};

// What both messages say of their picture.
struct Frame {
  bool after_drop = false;  // frames were dropped before this one
  bool at_rest = false;     // the picture before, made finer
  std::uint32_t sequence = 0;
  std::uint32_t input_sequence = 0;
  std::uint64_t capture_time_us = 0;
  std::uint32_t capture_us = 0;
  std::uint32_t compose_us = 0;
  std::uint32_t encode_us = 0;
  std::uint32_t send_us = 0;
  std::uint16_t width_px = 0;
  std::uint16_t height_px = 0;
  friend bool operator==(const Frame&, const Frame&) = default;
};

struct Video : Frame {
  bool key_frame = false;
  std::uint8_t codec = 1;
  Area shown;  // what of the picture this is to change, inside `coded`
  Area coded;  // where in the picture the decoded one lies
  friend bool operator==(const Video&, const Video&) = default;
};

struct ParsedVideo {
  Video video;
  std::span<const std::uint8_t> data = {};  // borrowed from the message
};

struct Tiles : Frame {
  std::uint16_t operations = 0;
  friend bool operator==(const Tiles&, const Tiles&) = default;
};

struct ParsedTiles {
  Tiles tiles;
  std::span<const std::uint8_t> data = {};  // borrowed; every operation has been checked
};

[[nodiscard]] Result<ParsedVideo> parse_video(const MessageView& message);
[[nodiscard]] Result<ParsedTiles> parse_tiles(const MessageView& message);
// Header of a message whose data of `data_bytes` follows it.
[[nodiscard]] std::array<std::uint8_t, kVideoHeaderBytes> serialise(const Video& video,
                                                                    std::size_t data_bytes);
[[nodiscard]] std::array<std::uint8_t, kTilesHeaderBytes> serialise(const Tiles& tiles,
                                                                    std::size_t data_bytes);

}  // namespace rp::wire
