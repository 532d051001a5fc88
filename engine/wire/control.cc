#include "engine/wire/control.h"

#include "engine/base/limits.h"
#include "engine/wire/bytes.h"

namespace rp::wire {

Result<Resize> parse_resize(const MessageView& message) {
  ByteReader in("RESIZE", message.body);
  Resize resize;
  resize.width_px =
      in.integer<std::uint16_t>("width_px", limits::kMinOutputSide_px, limits::kMaxOutputSide_px);
  resize.height_px =
      in.integer<std::uint16_t>("height_px", limits::kMinOutputSide_px, limits::kMaxOutputSide_px);
  resize.scale_120 = in.integer<std::uint16_t>("scale_120", kMinScale_120, kMaxScale_120);
  in.skip(2);
  RP_TRY(in.finish());
  return resize;
}

void append(std::vector<std::uint8_t>& out, const Resize& resize) {
  ByteWriter(out, MessageType::kResize)
      .integer(resize.width_px)
      .integer(resize.height_px)
      .integer(resize.scale_120)
      .reserved(2);
}

Result<Rotate> parse_rotate(const MessageView& message) {
  ByteReader in("ROTATE", message.body);
  const Rotate rotate{in.integer<std::uint8_t>("quarter_turns", 0, 3)};
  in.skip(3);
  RP_TRY(in.finish());
  return rotate;
}

void append(std::vector<std::uint8_t>& out, const Rotate& rotate) {
  ByteWriter(out, MessageType::kRotate).integer(rotate.quarter_turns).reserved(3);
}

Result<Quality> parse_quality(const MessageView& message) {
  ByteReader in("QUALITY", message.body);
  Quality quality;
  quality.mode = static_cast<QualityMode>(in.integer<std::uint8_t>("mode", 0, 2));
  quality.max_fps = in.integer<std::uint8_t>("max_fps", 0, kMaxFps);
  in.skip(2);
  quality.max_kbps = in.integer<std::uint32_t>("max_kbps");
  RP_TRY(in.finish());
  return quality;
}

void append(std::vector<std::uint8_t>& out, const Quality& quality) {
  ByteWriter(out, MessageType::kQuality)
      .integer(static_cast<std::uint8_t>(quality.mode))
      .integer(quality.max_fps)
      .reserved(2)
      .integer(quality.max_kbps);
}

Result<Ack> parse_ack(const MessageView& message) {
  ByteReader in("ACK", message.body);
  Ack ack;
  ack.dropped = (message.flags & kAckDropped) != 0;
  ack.sequence = in.integer<std::uint32_t>("sequence");
  ack.decode_us = in.integer<std::uint32_t>("decode_us");
  ack.present_us = in.integer<std::uint32_t>("present_us");
  ack.input_to_photon_us = in.integer<std::uint32_t>("input_to_photon_us");
  ack.queue = in.integer<std::uint16_t>("queue");
  in.skip(2);
  RP_TRY(in.finish());
  return ack;
}

void append(std::vector<std::uint8_t>& out, const Ack& ack) {
  ByteWriter(out, MessageType::kAck, ack.dropped ? kAckDropped : std::uint8_t{0})
      .integer(ack.sequence)
      .integer(ack.decode_us)
      .integer(ack.present_us)
      .integer(ack.input_to_photon_us)
      .integer(ack.queue)
      .reserved(2);
}

Result<Ping> parse_ping(const MessageView& message) {
  ByteReader in("PING", message.body);
  const Ping ping{in.integer<std::uint64_t>("client_time_us")};
  RP_TRY(in.finish());
  return ping;
}

void append(std::vector<std::uint8_t>& out, const Ping& ping) {
  ByteWriter(out, MessageType::kPing).integer(ping.client_time_us);
}

void append(std::vector<std::uint8_t>& out, const KeyRequest&) {
  ByteWriter(out, MessageType::kKeyRequest);
}

Result<Visibility> parse_visibility(const MessageView& message) {
  ByteReader in("VISIBILITY", message.body);
  const Visibility visibility{in.integer<std::uint8_t>("visible", 0, 1) != 0};
  in.skip(3);
  RP_TRY(in.finish());
  return visibility;
}

void append(std::vector<std::uint8_t>& out, const Visibility& visibility) {
  ByteWriter(out, MessageType::kVisibility)
      .integer(static_cast<std::uint8_t>(visibility.visible ? 1 : 0))
      .reserved(3);
}

Result<DisplayShape> parse_display(const MessageView& message) {
  ByteReader in("DISPLAY", message.body);
  DisplayShape shape;
  shape.width_px = in.integer<std::uint16_t>("width_px");
  shape.height_px = in.integer<std::uint16_t>("height_px");
  shape.scale_120 = in.integer<std::uint16_t>("scale_120");
  shape.quarter_turns = in.integer<std::uint8_t>("quarter_turns", 0, 3);
  in.skip(1);
  RP_TRY(in.finish());
  return shape;
}

void append(std::vector<std::uint8_t>& out, const DisplayShape& shape) {
  ByteWriter(out, MessageType::kDisplay)
      .integer(shape.width_px)
      .integer(shape.height_px)
      .integer(shape.scale_120)
      .integer(shape.quarter_turns)
      .reserved(1);
}

Result<Pong> parse_pong(const MessageView& message) {
  ByteReader in("PONG", message.body);
  Pong pong;
  pong.client_time_us = in.integer<std::uint64_t>("client_time_us");
  pong.server_time_us = in.integer<std::uint64_t>("server_time_us");
  RP_TRY(in.finish());
  return pong;
}

void append(std::vector<std::uint8_t>& out, const Pong& pong) {
  ByteWriter(out, MessageType::kPong).integer(pong.client_time_us).integer(pong.server_time_us);
}

Result<Stats> parse_stats(const MessageView& message) {
  ByteReader in("STATS", message.body);
  Stats stats;
  stats.bitrate_kbps = in.integer<std::uint32_t>("bitrate_kbps");
  stats.link_kbps = in.integer<std::uint32_t>("link_kbps");
  stats.rtt_us = in.integer<std::uint32_t>("rtt_us");
  stats.dropped = in.integer<std::uint32_t>("dropped");
  stats.fps_100 = in.integer<std::uint16_t>("fps_100");
  in.skip(2);
  RP_TRY(in.finish());
  return stats;
}

void append(std::vector<std::uint8_t>& out, const Stats& stats) {
  ByteWriter(out, MessageType::kStats)
      .integer(stats.bitrate_kbps)
      .integer(stats.link_kbps)
      .integer(stats.rtt_us)
      .integer(stats.dropped)
      .integer(stats.fps_100)
      .reserved(2);
}

Result<Notice> parse_notice(const MessageView& message) {
  ByteReader in("NOTICE", message.body);
  Notice notice;
  notice.level = static_cast<NoticeLevel>(in.integer<std::uint8_t>("level", 0, 1));
  in.skip(3);
  notice.code = in.string("code", UINT16_MAX);
  notice.text = in.string("text", UINT16_MAX);
  RP_TRY(in.finish());
  return notice;
}

void append(std::vector<std::uint8_t>& out, const Notice& notice) {
  ByteWriter(out, MessageType::kNotice)
      .integer(static_cast<std::uint8_t>(notice.level))
      .reserved(3)
      .string(notice.code)
      .string(notice.text);
}

}  // namespace rp::wire
