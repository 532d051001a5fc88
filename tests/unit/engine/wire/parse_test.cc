// Goal: every range the protocol states is held, and the error names message and field.
// Method: a good message, one byte of its body changed, and the text that must come; then every
// message cut short at every length.
#include <string>

#include <gtest/gtest.h>

#include "engine/base/limits.h"
#include "tests/support/wire_echo.h"

namespace rp::wire {
namespace {

using Bytes = std::vector<std::uint8_t>;

std::string error_of(const Bytes& bytes) {
  WireEcho echo;
  const Status status = bytes[0] < 0x80 ? dispatch(bytes, static_cast<ClientMessages&>(echo))
                                        : dispatch(bytes, static_cast<ServerMessages&>(echo));
  return status ? "" : status.error().message();
}

template <typename T>
Bytes bytes_of(const T& value) {
  Bytes bytes;
  append(bytes, value);
  return bytes;
}

// With the 16-bit little-endian value at `offset` of the body replaced.
template <typename T>
Bytes with_u16(const T& value, std::size_t offset, std::uint16_t v) {
  Bytes bytes = bytes_of(value);
  bytes.at(kHeaderBytes + offset) = static_cast<std::uint8_t>(v & 0xFF);
  bytes.at(kHeaderBytes + offset + 1) = static_cast<std::uint8_t>(v >> 8);
  return bytes;
}

template <typename T>
Bytes with_u8(const T& value, std::size_t offset, std::uint8_t v) {
  Bytes bytes = bytes_of(value);
  bytes.at(kHeaderBytes + offset) = v;
  return bytes;
}

const Hello kHello{.width_px = 720, .height_px = 1280, .layout = "de", .client = "test"};

TEST(Parse, HelloRanges) {
  EXPECT_EQ(error_of(bytes_of(kHello)), "");
  EXPECT_EQ(error_of(with_u16(kHello, 0, 0)), "HELLO version_min must be 1 to 65535");
  EXPECT_EQ(error_of(with_u16(kHello, 0, 2)), "HELLO version_max must not be below version_min");
  EXPECT_EQ(error_of(with_u16(kHello, 12, 63)), "HELLO width_px must be 64 to 4096");
  EXPECT_EQ(error_of(with_u16(kHello, 14, 4097)), "HELLO height_px must be 64 to 4096");
  EXPECT_EQ(error_of(with_u16(kHello, 16, 59)), "HELLO scale_120 must be 60 to 960");
  EXPECT_EQ(error_of(with_u8(kHello, 18, 0)), "HELLO max_fps must be 1 to 240");
  EXPECT_EQ(error_of(with_u8(kHello, 19, 3)), "HELLO quality must be 0 to 2");
  EXPECT_EQ(error_of(with_u8(kHello, 22, 0xFF)), "HELLO layout is not UTF-8");
  EXPECT_EQ(error_of(with_u8(kHello, 22, 0)), "HELLO layout holds U+0000");
}

TEST(Parse, HelloStringBounds) {
  Hello hello = kHello;
  const std::string layout(kMaxLayoutBytes + 1, 'x');
  hello.layout = layout;
  EXPECT_EQ(error_of(bytes_of(hello)), "HELLO layout must be at most 64 bytes");
  const std::string client(kMaxClientNameBytes + 1, 'x');
  hello = kHello;
  hello.client = client;
  EXPECT_EQ(error_of(bytes_of(hello)), "HELLO client must be at most 128 bytes");
}

TEST(Parse, ControlRanges) {
  const Resize resize{720, 1280, 240};
  EXPECT_EQ(error_of(with_u16(resize, 0, 0)), "RESIZE width_px must be 64 to 4096");
  EXPECT_EQ(error_of(with_u16(resize, 2, 65535)), "RESIZE height_px must be 64 to 4096");
  EXPECT_EQ(error_of(with_u16(resize, 4, 961)), "RESIZE scale_120 must be 60 to 960");
  EXPECT_EQ(error_of(with_u8(Quality{}, 0, 3)), "QUALITY mode must be 0 to 2");
  EXPECT_EQ(error_of(with_u8(Quality{}, 1, 241)), "QUALITY max_fps must be 0 to 240");
  EXPECT_EQ(error_of(with_u8(Visibility{}, 0, 2)), "VISIBILITY visible must be 0 to 1");
}

TEST(Parse, InputRanges) {
  EXPECT_EQ(error_of(with_u8(Touch{}, 4, 4)), "TOUCH action must be 0 to 3");
  EXPECT_EQ(error_of(with_u8(Touch{}, 5, 10)), "TOUCH slot must be 0 to 9");
  EXPECT_EQ(error_of(with_u8(Pointer{}, 4, 4)), "POINTER action must be 0 to 3");
  EXPECT_EQ(error_of(with_u8(Pointer{}, 5, 5)), "POINTER button must be 0 to 4");
  EXPECT_EQ(error_of(with_u8(Wheel{}, 7, 0x80)), "WHEEL dx_256 must be -16777216 to 16777216");
  EXPECT_EQ(error_of(with_u8(Wheel{}, 11, 0x7F)), "WHEEL dy_256 must be -16777216 to 16777216");
  EXPECT_EQ(error_of(with_u8(Wheel{}, 12, 2)), "WHEEL unit must be 0 to 1");
  EXPECT_EQ(error_of(bytes_of(Key{1, 0, true})), "KEY evdev_code must be 1 to 767");
  EXPECT_EQ(error_of(bytes_of(Key{1, 768, true})), "KEY evdev_code must be 1 to 767");
  EXPECT_EQ(error_of(with_u8(Key{1, 30, true}, 6, 2)), "KEY action must be 0 to 1");
}

TEST(Parse, TextRules) {
  EXPECT_EQ(error_of(bytes_of(Text{1, TextKind::kPreedit, 2, "é"})), "");
  EXPECT_EQ(error_of(bytes_of(Text{1, TextKind::kPreedit, 1, "é"})),
            "TEXT cursor must be on a character's boundary of the text");
  EXPECT_EQ(error_of(bytes_of(Text{1, TextKind::kPreedit, 3, "é"})),
            "TEXT cursor must be on a character's boundary of the text");
  const std::string most(limits::kMaxTextBytes, 'x');
  EXPECT_EQ(error_of(bytes_of(Text{1, TextKind::kCommit, 0, most})), "");
  EXPECT_EQ(error_of(bytes_of(Text{1, TextKind::kCommit, 0, most + "x"})),
            "TEXT text must be at most 4096 bytes");
}

TEST(Parse, ClipboardBounds) {
  const std::string most(limits::kMaxClipboardBytes, 'x');
  Bytes bytes;
  append_client_clipboard(bytes, Clipboard{most});
  EXPECT_EQ(error_of(bytes), "");
  EXPECT_LE(bytes.size(), limits::kMaxClientMessageBytes);
  bytes.clear();
  append_client_clipboard(bytes, Clipboard{most + "x"});
  EXPECT_EQ(error_of(bytes), "CLIPBOARD bytes must be 0 to 1048576");
  bytes.clear();
  append_client_clipboard(bytes, Clipboard{"\xFF"});
  EXPECT_EQ(error_of(bytes), "CLIPBOARD text is not UTF-8");
}

TEST(Parse, CursorBounds) {
  Bytes out;
  EXPECT_FALSE(append(out, Cursor{.width_px = 257, .height_px = 1}).has_value());
  EXPECT_FALSE(append(out, Cursor{.width_px = 1, .height_px = 1}).has_value());
  EXPECT_TRUE(out.empty());
  const Bytes pixel(4);
  ASSERT_TRUE(append(out, Cursor{.width_px = 1, .height_px = 1, .rgba = pixel}).has_value());
  out[kHeaderBytes] = 2;
  EXPECT_EQ(error_of(out), "CURSOR rgba is missing: body too short");
}

// Cuts the body of a message at every length, with a header that says so.
template <typename T>
void refuses_every_cut(const T& value, std::size_t fixed_bytes) {
  const Bytes whole = bytes_of(value);
  ASSERT_EQ(whole.size(), kHeaderBytes + fixed_bytes);
  for (std::size_t body = 0; body < fixed_bytes; ++body) {
    Bytes cut(whole.begin(), whole.begin() + static_cast<long>(kHeaderBytes + body));
    cut[4] = static_cast<std::uint8_t>(body);
    EXPECT_NE(error_of(cut), "") << "type " << int{whole[0]} << " body " << body;
  }
}

TEST(Parse, RefusesShortBodies) {
  refuses_every_cut(kHello, 20 + 2 + 2 + 2 + 4);
  refuses_every_cut(Resize{720, 1280, 240}, 8);
  refuses_every_cut(Rotate{}, 4);
  refuses_every_cut(Quality{}, 8);
  refuses_every_cut(Ack{}, 20);
  refuses_every_cut(Ping{}, 8);
  refuses_every_cut(Visibility{}, 4);
  refuses_every_cut(Touch{}, 12);
  refuses_every_cut(Pointer{}, 12);
  refuses_every_cut(Wheel{}, 16);
  refuses_every_cut(Key{1, 30, true}, 8);
  refuses_every_cut(Text{1, TextKind::kCommit, 0, "ab"}, 12);
  refuses_every_cut(Welcome{.phone = "p", .session = "s"}, 16 + 3 + 3);
  refuses_every_cut(DisplayShape{}, 8);
  refuses_every_cut(Pong{}, 16);
  refuses_every_cut(Stats{}, 20);
  refuses_every_cut(TextInput{}, 20);
  refuses_every_cut(Notice{.code = "c", .text = "t"}, 4 + 3 + 3);
}

}  // namespace
}  // namespace rp::wire
