#include "engine/wire/hello.h"

#include "engine/base/limits.h"
#include "engine/wire/bytes.h"

namespace rp::wire {

Result<Hello> parse_hello(const MessageView& message) {
  ByteReader in("HELLO", message.body);
  Hello hello;
  hello.version_min = in.integer<std::uint16_t>("version_min", 1, UINT16_MAX);
  hello.version_max = in.integer<std::uint16_t>("version_max");
  if (hello.version_max < hello.version_min) {
    in.fail_field("version_max", "must not be below version_min");
  }
  hello.codecs = in.integer<std::uint32_t>("codecs");
  hello.features = in.integer<std::uint32_t>("features");
  hello.width_px =
      in.integer<std::uint16_t>("width_px", limits::kMinOutputSide_px, limits::kMaxOutputSide_px);
  hello.height_px =
      in.integer<std::uint16_t>("height_px", limits::kMinOutputSide_px, limits::kMaxOutputSide_px);
  hello.scale_120 = in.integer<std::uint16_t>("scale_120", kMinScale_120, kMaxScale_120);
  hello.max_fps = in.integer<std::uint8_t>("max_fps", 1, kMaxFps);
  hello.quality = static_cast<QualityMode>(in.integer<std::uint8_t>("quality", 0, 2));
  hello.layout = in.string("layout", kMaxLayoutBytes);
  hello.client = in.string("client", kMaxClientNameBytes);
  RP_TRY(in.finish());
  return hello;
}

void append(std::vector<std::uint8_t>& out, const Hello& hello) {
  ByteWriter(out, MessageType::kHello)
      .integer(hello.version_min)
      .integer(hello.version_max)
      .integer(hello.codecs)
      .integer(hello.features)
      .integer(hello.width_px)
      .integer(hello.height_px)
      .integer(hello.scale_120)
      .integer(hello.max_fps)
      .integer(static_cast<std::uint8_t>(hello.quality))
      .string(hello.layout)
      .string(hello.client);
}

Result<Welcome> parse_welcome(const MessageView& message) {
  ByteReader in("WELCOME", message.body);
  Welcome welcome;
  welcome.version = in.integer<std::uint16_t>("version");
  welcome.codec = in.integer<std::uint16_t>("codec");
  welcome.features = in.integer<std::uint32_t>("features");
  welcome.server_time_us = in.integer<std::uint64_t>("server_time_us");
  welcome.phone = in.string("phone", UINT16_MAX);
  welcome.session = in.string("session", UINT16_MAX);
  RP_TRY(in.finish());
  return welcome;
}

void append(std::vector<std::uint8_t>& out, const Welcome& welcome) {
  ByteWriter(out, MessageType::kWelcome)
      .integer(welcome.version)
      .integer(welcome.codec)
      .integer(welcome.features)
      .integer(welcome.server_time_us)
      .string(welcome.phone)
      .string(welcome.session);
}

}  // namespace rp::wire
