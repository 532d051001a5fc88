// The stream's control messages: shape of the display, quality, acknowledgement, signs of life,
// figures and notices. Offsets are of the body. Thread rule: plain values; text points into the
// parsed bytes.
//
//   RESIZE      0 width_px  2 height_px  4 scale_120  6 reserved                                8
//   bytes ROTATE      0 quarter_turns  1 reserved (3) 4 QUALITY     0 mode  1 max_fps  2 reserved
//   4 max_kbps                                       8 ACK         0 sequence  4 decode_us  8
//   present_us  12 input_to_photon_us  16 queue  18 –   20 PING        0 client_time_us 8
//   VISIBILITY  0 visible  1 reserved (3)                                                       4
//   DISPLAY     0 width_px  2 height_px  4 scale_120  6 quarter_turns  7 reserved               8
//   PONG        0 client_time_us  8 server_time_us                                             16
//   STATS       0 bitrate_kbps  4 link_kbps  8 rtt_us  12 dropped  16 fps_100  18 reserved     20
//   NOTICE      0 level  1 reserved (3)  4 code (string)  … text (string)
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "engine/wire/hello.h"
#include "engine/wire/message.h"

namespace rp::wire {

struct Resize {
  std::uint16_t width_px = 0;
  std::uint16_t height_px = 0;
  std::uint16_t scale_120 = 120;
  friend bool operator==(const Resize&, const Resize&) = default;
};
[[nodiscard]] Result<Resize> parse_resize(const MessageView& message);
void append(std::vector<std::uint8_t>& out, const Resize& resize);

struct Rotate {
  std::uint8_t quarter_turns = 0;
  friend bool operator==(const Rotate&, const Rotate&) = default;
};
[[nodiscard]] Result<Rotate> parse_rotate(const MessageView& message);
void append(std::vector<std::uint8_t>& out, const Rotate& rotate);

struct Quality {
  QualityMode mode = QualityMode::kAutomatic;
  std::uint8_t max_fps = 0;    // 0: no cap
  std::uint32_t max_kbps = 0;  // 0: no cap
  friend bool operator==(const Quality&, const Quality&) = default;
};
[[nodiscard]] Result<Quality> parse_quality(const MessageView& message);
void append(std::vector<std::uint8_t>& out, const Quality& quality);

inline constexpr std::uint8_t kAckDropped = 1U << 0;

struct Ack {
  bool dropped = false;
  std::uint32_t sequence = 0;
  std::uint32_t decode_us = 0;
  std::uint32_t present_us = 0;
  std::uint32_t input_to_photon_us = 0;  // 0: none
  std::uint16_t queue = 0;
  friend bool operator==(const Ack&, const Ack&) = default;
};
[[nodiscard]] Result<Ack> parse_ack(const MessageView& message);
void append(std::vector<std::uint8_t>& out, const Ack& ack);

struct Ping {
  std::uint64_t client_time_us = 0;
  friend bool operator==(const Ping&, const Ping&) = default;
};
[[nodiscard]] Result<Ping> parse_ping(const MessageView& message);
void append(std::vector<std::uint8_t>& out, const Ping& ping);

// Empty: whatever its body holds is ignored.
struct KeyRequest {
  friend bool operator==(const KeyRequest&, const KeyRequest&) = default;
};
void append(std::vector<std::uint8_t>& out, const KeyRequest& request);

struct Visibility {
  bool visible = true;
  friend bool operator==(const Visibility&, const Visibility&) = default;
};
[[nodiscard]] Result<Visibility> parse_visibility(const MessageView& message);
void append(std::vector<std::uint8_t>& out, const Visibility& visibility);

// Of the phone: named apart from capture's Display.
struct DisplayShape {
  std::uint16_t width_px = 0;
  std::uint16_t height_px = 0;
  std::uint16_t scale_120 = 120;
  std::uint8_t quarter_turns = 0;
  friend bool operator==(const DisplayShape&, const DisplayShape&) = default;
};
[[nodiscard]] Result<DisplayShape> parse_display(const MessageView& message);
void append(std::vector<std::uint8_t>& out, const DisplayShape& shape);

struct Pong {
  std::uint64_t client_time_us = 0;
  std::uint64_t server_time_us = 0;
  friend bool operator==(const Pong&, const Pong&) = default;
};
[[nodiscard]] Result<Pong> parse_pong(const MessageView& message);
void append(std::vector<std::uint8_t>& out, const Pong& pong);

struct Stats {
  std::uint32_t bitrate_kbps = 0;
  std::uint32_t link_kbps = 0;
  std::uint32_t rtt_us = 0;
  std::uint32_t dropped = 0;
  std::uint16_t fps_100 = 0;
  friend bool operator==(const Stats&, const Stats&) = default;
};
[[nodiscard]] Result<Stats> parse_stats(const MessageView& message);
void append(std::vector<std::uint8_t>& out, const Stats& stats);

enum class NoticeLevel : std::uint8_t { kInfo = 0, kWarning = 1 };

struct Notice {
  NoticeLevel level = NoticeLevel::kInfo;
  std::string_view code = {};  // stable, for translation: "phone.starting"
  std::string_view text = {};  // English
  friend bool operator==(const Notice&, const Notice&) = default;
};
[[nodiscard]] Result<Notice> parse_notice(const MessageView& message);
void append(std::vector<std::uint8_t>& out, const Notice& notice);

}  // namespace rp::wire
