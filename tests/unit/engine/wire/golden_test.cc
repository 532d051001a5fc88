// Goal: the bytes on the wire are those of docs/wire_format.md, which the browser's tests hold too.
// Method: every file of golden/ gives field values and bytes written by hand from the page. The
// fields are serialised and compared; the bytes are parsed, serialised again and compared.

#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <string>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "engine/wire/tiles.h"
#include "tests/support/wire_echo.h"

namespace rp::wire {
namespace {

using nlohmann::json;
using Bytes = std::vector<std::uint8_t>;

Bytes from_hex(const std::string& hex) {
  Bytes bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    bytes.push_back(static_cast<std::uint8_t>(std::stoul(hex.substr(i, 2), nullptr, 16)));
  }
  return bytes;
}

std::string to_hex(const Bytes& bytes) {
  std::string hex;
  constexpr const char* kDigits = "0123456789abcdef";
  for (const std::uint8_t b : bytes) {
    hex += kDigits[b >> 4];
    hex += kDigits[b & 15];
  }
  return hex;
}

// Reads a field as the type it is assigned to, so that a misspelt or missing field fails the test.
struct Fields {
  const json& values;
  template <typename T>
  T get(const char* name) const {
    return values.at(name).get<T>();
  }
  std::uint8_t u8(const char* n) const { return get<std::uint8_t>(n); }
  std::uint16_t u16(const char* n) const { return get<std::uint16_t>(n); }
  std::uint32_t u32(const char* n) const { return get<std::uint32_t>(n); }
  std::uint64_t u64(const char* n) const { return get<std::uint64_t>(n); }
  std::int32_t i32(const char* n) const { return get<std::int32_t>(n); }
  std::int16_t i16(const char* n) const { return get<std::int16_t>(n); }
  const std::string& text(const char* n) const {
    return values.at(n).get_ref<const std::string&>();
  }
};

using Build = std::function<void(const Fields&, unsigned flags, Bytes& out)>;

const std::map<std::string, Build>& client_builders() {
  static const std::map<std::string, Build> builders = {
      {"HELLO",
       [](const Fields& f, unsigned, Bytes& out) {
         append(out, Hello{f.u16("version_min"), f.u16("version_max"), f.u32("codecs"),
                           f.u32("features"), f.u16("width_px"), f.u16("height_px"),
                           f.u16("scale_120"), f.u8("max_fps"), QualityMode{f.u8("quality")},
                           f.text("layout"), f.text("client")});
       }},
      {"RESIZE",
       [](const Fields& f, unsigned, Bytes& out) {
         append(out, Resize{f.u16("width_px"), f.u16("height_px"), f.u16("scale_120")});
       }},
      {"ROTATE",
       [](const Fields& f, unsigned, Bytes& out) { append(out, Rotate{f.u8("quarter_turns")}); }},
      {"QUALITY",
       [](const Fields& f, unsigned, Bytes& out) {
         append(out, Quality{QualityMode{f.u8("mode")}, f.u8("max_fps"), f.u32("max_kbps")});
       }},
      {"ACK",
       [](const Fields& f, unsigned flags, Bytes& out) {
         append(out, Ack{(flags & kAckDropped) != 0, f.u32("sequence"), f.u32("decode_us"),
                         f.u32("present_us"), f.u32("input_to_photon_us"), f.u16("queue")});
       }},
      {"PING",
       [](const Fields& f, unsigned, Bytes& out) { append(out, Ping{f.u64("client_time_us")}); }},
      {"KEY_REQUEST", [](const Fields&, unsigned, Bytes& out) { append(out, KeyRequest{}); }},
      {"VISIBILITY", [](const Fields& f, unsigned,
                        Bytes& out) { append(out, Visibility{f.u8("visible") != 0}); }},
      {"TOUCH",
       [](const Fields& f, unsigned, Bytes& out) {
         append(out, Touch{f.u32("input_sequence"), TouchAction{f.u8("action")}, f.u8("slot"),
                           f.u16("x"), f.u16("y")});
       }},
      {"POINTER",
       [](const Fields& f, unsigned, Bytes& out) {
         append(out, Pointer{f.u32("input_sequence"), PointerAction{f.u8("action")},
                             PointerButton{f.u8("button")}, f.u16("x"), f.u16("y")});
       }},
      {"WHEEL",
       [](const Fields& f, unsigned, Bytes& out) {
         append(out, Wheel{f.u32("input_sequence"), f.i32("dx_256"), f.i32("dy_256"),
                           WheelUnit{f.u8("unit")}});
       }},
      {"KEY",
       [](const Fields& f, unsigned, Bytes& out) {
         append(out, Key{f.u32("input_sequence"), f.u16("evdev_code"), f.u8("action") != 0});
       }},
      {"TEXT",
       [](const Fields& f, unsigned, Bytes& out) {
         append(out, Text{f.u32("input_sequence"), TextKind{f.u8("kind")}, f.u16("cursor"),
                          f.text("text")});
       }},
      {"CLIPBOARD", [](const Fields& f, unsigned,
                       Bytes& out) { append_client_clipboard(out, Clipboard{f.text("text")}); }},
  };
  return builders;
}

Frame frame_of(const Fields& f, unsigned flags) {
  return {(flags & kVideoAfterDrop) != 0,
          (flags & kVideoAtRest) != 0,
          f.u32("sequence"),
          f.u32("input_sequence"),
          f.u64("capture_time_us"),
          f.u32("capture_us"),
          f.u32("compose_us"),
          f.u32("encode_us"),
          f.u32("send_us"),
          f.u16("width_px"),
          f.u16("height_px")};
}

Area area_of(const Fields& f) { return {f.u16("x"), f.u16("y"), f.u16("width"), f.u16("height")}; }

void build_tiles(const Fields& f, unsigned flags, Bytes& out) {
  Bytes operations;
  for (const json& one : f.values.at("operations")) {
    const Fields op{one};
    if (op.text("kind") == "copy") {
      append_copy(operations, area_of(op), op.u16("to_x"), op.u16("to_y"));
      continue;
    }
    const std::size_t begin = begin_tile(operations, TileEncoding{op.u8("encoding")}, area_of(op));
    const Bytes data = from_hex(op.text("data"));
    operations.insert(operations.end(), data.begin(), data.end());
    end_tile(operations, begin);
  }
  const auto count = static_cast<std::uint16_t>(f.values.at("operations").size());
  const auto header = serialise(Tiles{frame_of(f, flags), count}, operations.size());
  out.assign(header.begin(), header.end());
  out.insert(out.end(), operations.begin(), operations.end());
}

void build_video(const Fields& f, unsigned flags, Bytes& out) {
  const Bytes data = from_hex(f.text("data"));
  const auto header =
      serialise(Video{frame_of(f, flags), (flags & kVideoKeyFrame) != 0, f.u8("codec"), area_of(f),
                      area_of(Fields{f.values.at("coded")})},
                data.size());
  out.assign(header.begin(), header.end());
  out.insert(out.end(), data.begin(), data.end());
}

void build_cursor(const Fields& f, unsigned flags, Bytes& out) {
  Cursor cursor{.hidden = (flags & kCursorHidden) != 0};
  Bytes rgba;
  if ((flags & kCursorShape) != 0) {
    cursor.shape = f.text("shape");
  } else if (!cursor.hidden) {
    rgba = from_hex(f.text("rgba"));
    cursor = Cursor{
        false, {}, f.u16("width_px"), f.u16("height_px"), f.i16("hotspot_x"), f.i16("hotspot_y"),
        rgba};
  }
  EXPECT_TRUE(append(out, cursor).has_value());
}

const std::map<std::string, Build>& server_builders() {
  static const std::map<std::string, Build> builders = {
      {"WELCOME",
       [](const Fields& f, unsigned, Bytes& out) {
         append(out, Welcome{f.u16("version"), f.u16("codec"), f.u32("features"),
                             f.u64("server_time_us"), f.text("phone"), f.text("session")});
       }},
      {"VIDEO", build_video},
      {"TILES", build_tiles},
      {"CURSOR", build_cursor},
      {"DISPLAY",
       [](const Fields& f, unsigned, Bytes& out) {
         append(out, DisplayShape{f.u16("width_px"), f.u16("height_px"), f.u16("scale_120"),
                                  f.u8("quarter_turns")});
       }},
      {"PONG",
       [](const Fields& f, unsigned, Bytes& out) {
         append(out, Pong{f.u64("client_time_us"), f.u64("server_time_us")});
       }},
      {"STATS",
       [](const Fields& f, unsigned, Bytes& out) {
         append(out, Stats{f.u32("bitrate_kbps"), f.u32("link_kbps"), f.u32("rtt_us"),
                           f.u32("dropped"), f.u16("fps_100")});
       }},
      {"TEXT_INPUT",
       [](const Fields& f, unsigned, Bytes& out) {
         append(out, TextInput{f.u8("active") != 0, f.u8("purpose"), f.i32("x"), f.i32("y"),
                               f.i32("width"), f.i32("height")});
       }},
      {"NOTICE",
       [](const Fields& f, unsigned, Bytes& out) {
         append(out, Notice{NoticeLevel{f.u8("level")}, f.text("code"), f.text("text")});
       }},
      {"CLIPBOARD", [](const Fields& f, unsigned,
                       Bytes& out) { append_phone_clipboard(out, Clipboard{f.text("text")}); }},
  };
  return builders;
}

void check_file(const std::filesystem::path& path) {
  SCOPED_TRACE(path.filename().string());
  const json golden = json::parse(std::ifstream(path));
  const std::string hex = golden.at("hex");
  const Bytes bytes = from_hex(hex);
  ASSERT_GE(bytes.size(), kHeaderBytes);
  const bool from_client = bytes[0] < 0x80;

  Bytes built;
  const auto& builders = from_client ? client_builders() : server_builders();
  builders.at(golden.at("message"))(Fields{golden.at("fields")}, golden.at("flags").get<unsigned>(),
                                    built);
  EXPECT_EQ(to_hex(built), hex);

  WireEcho echo;
  const Status parsed = from_client ? dispatch(bytes, static_cast<ClientMessages&>(echo))
                                    : dispatch(bytes, static_cast<ServerMessages&>(echo));
  ASSERT_TRUE(parsed.has_value()) << parsed.error().message();
  EXPECT_EQ(to_hex(echo.out), hex);
}

TEST(Golden, EveryFileHoldsBothWays) {
  std::map<std::string, int> seen;
  for (const auto& entry : std::filesystem::directory_iterator(RP_GOLDEN_DIR)) {
    if (entry.path().extension() != ".json") continue;
    check_file(entry.path());
    const json golden = json::parse(std::ifstream(entry.path()));
    ++seen[(golden.at("hex").get<std::string>()[0] < '8' ? "client " : "server ") +
           golden.at("message").get<std::string>()];
  }
  EXPECT_EQ(seen.size(), client_builders().size() + server_builders().size())
      << "each message has at least one file";
}

}  // namespace
}  // namespace rp::wire
