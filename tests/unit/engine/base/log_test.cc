// Goal: a log line is one valid JSON object whatever its fields hold, and floods are cut.
// Method: the escape function on known and hostile bytes; standard error captured by GoogleTest.
#include "engine/base/log.h"

#include <algorithm>

#include <gtest/gtest.h>

namespace rp {
namespace {

std::string escaped(std::string_view text) {
  std::string out;
  append_json_escaped(out, text);
  return out;
}

TEST(JsonEscape, LeavesPlainAndUtf8TextAlone) {
  EXPECT_EQ(escaped("plain"), "plain");
  EXPECT_EQ(escaped("\xC3\xA4 \xE2\x82\xAC \xF0\x9F\x98\x80"),
            "\xC3\xA4 \xE2\x82\xAC \xF0\x9F\x98\x80");
}

TEST(JsonEscape, EscapesWhatJsonRequires) {
  EXPECT_EQ(escaped("a\"b\\c\n\x01"), "a\\\"b\\\\c\\u000a\\u0001");
  EXPECT_EQ(escaped(std::string_view("\0", 1)), "\\u0000");
}

TEST(JsonEscape, ReplacesBytesThatAreNotUtf8) {
  const std::string replacement = "\xEF\xBF\xBD";
  EXPECT_EQ(escaped("\xFF"), replacement);
  EXPECT_EQ(escaped("\xC3"), replacement);                                      // cut off
  EXPECT_EQ(escaped("\xC0\xAF"), replacement + replacement);                    // overlong
  EXPECT_EQ(escaped("\xED\xA0\x80"), replacement + replacement + replacement);  // surrogate
}

TEST(Log, WritesOneJsonObjectALine) {
  testing::internal::CaptureStderr();
  log_info("test.event", {{"text", "a\"b"}, {"number", 7}, {"flag", true}, {"ratio", 0.5}});
  const std::string line = testing::internal::GetCapturedStderr();
  EXPECT_NE(
      line.find(
          R"("level":"info","event":"test.event","text":"a\"b","number":7,"flag":true,"ratio":0.5)"),
      std::string::npos)
      << line;
  EXPECT_EQ(line.back(), '\n');
  EXPECT_EQ(std::count(line.begin(), line.end(), '\n'), 1);
}

TEST(Log, LevelHoldsBackLowerLines) {
  testing::internal::CaptureStderr();
  set_log_level(LogLevel::kError);
  log_info("test.hidden");
  log_error("test.shown");
  set_log_level(LogLevel::kInfo);
  const std::string lines = testing::internal::GetCapturedStderr();
  EXPECT_EQ(lines.find("hidden"), std::string::npos);
  EXPECT_NE(lines.find("shown"), std::string::npos);
}

TEST(Log, FloodOfOneEventIsCut) {
  testing::internal::CaptureStderr();
  for (int i = 0; i < 1000; ++i) log_limited(LogLevel::kWarning, "test.flood");
  const std::string lines = testing::internal::GetCapturedStderr();
  EXPECT_LE(std::count(lines.begin(), lines.end(), '\n'), 20);
  EXPECT_GE(std::count(lines.begin(), lines.end(), '\n'), 10);
}

TEST(Log, LevelNamesAreParsed) {
  EXPECT_EQ(*parse_log_level("debug"), LogLevel::kDebug);
  const auto bad = parse_log_level("loud");
  ASSERT_FALSE(bad);
  EXPECT_NE(bad.error().message().find("'loud'"), std::string::npos);
}

}  // namespace
}  // namespace rp
