// Goal: UTF-8 is recognised exactly, and reading past a body is an error that sticks.
// Method: well-formed and ill-formed sequences of Unicode's table 3-7; short bodies.
#include "engine/wire/bytes.h"

#include <array>

#include <gtest/gtest.h>

namespace rp::wire {
namespace {

TEST(Utf8, AcceptsEveryWidth) {
  EXPECT_TRUE(is_utf8(""));
  EXPECT_TRUE(is_utf8("a\x7F"));
  EXPECT_TRUE(is_utf8("\xC2\x80\xDF\xBF"));
  EXPECT_TRUE(is_utf8("\xE0\xA0\x80\xED\x9F\xBF\xEE\x80\x80\xEF\xBF\xBF"));
  EXPECT_TRUE(is_utf8("\xF0\x90\x80\x80\xF4\x8F\xBF\xBF"));
}

TEST(Utf8, RefusesWhatIsIllFormed) {
  for (const char* text : {"\x80", "\xC0\x80", "\xC1\xBF", "\xC2", "\xC2\x41", "\xE0\x9F\xBF",
                           "\xED\xA0\x80", "\xE2\x82", "\xF0\x8F\xBF\xBF", "\xF4\x90\x80\x80",
                           "\xF5\x80\x80\x80", "\xFF", "ok\xF0\x9F\x91"}) {
    EXPECT_FALSE(is_utf8(text)) << testing::PrintToString(text);
  }
}

TEST(ByteReader, KeepsTheFirstError) {
  const std::array<std::uint8_t, 3> body = {1, 2, 3};
  ByteReader in("THING", body);
  EXPECT_EQ(in.integer<std::uint16_t>("first"), 0x0201);
  EXPECT_EQ(in.integer<std::uint32_t>("second"), 0U);
  EXPECT_EQ(in.integer<std::uint8_t>("third", 9, 9), 3);
  ASSERT_FALSE(in.finish().has_value());
  EXPECT_EQ(in.finish().error().message(), "THING second is missing: body too short");
  EXPECT_EQ(in.finish().error().code, ErrorCode::kInvalid);
}

TEST(ByteWriter, CutsALongStringAtACharacter) {
  std::string text(65'534, 'a');
  text += "\xE2\x82\xAC";  // would end at byte 65,537
  std::vector<std::uint8_t> out;
  ByteWriter(out, MessageType::kNotice).string(text);
  EXPECT_EQ(out.size(), kHeaderBytes + 2 + 65'534);
}

TEST(ByteWriter, AllocatesNothingWhenThereIsRoom) {
  std::vector<std::uint8_t> out;
  out.reserve(64);
  const auto* before = out.data();
  ByteWriter(out, MessageType::kPong).integer(std::uint64_t{1}).integer(std::uint64_t{2});
  EXPECT_EQ(out.data(), before);
}

}  // namespace
}  // namespace rp::wire
