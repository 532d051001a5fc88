// Goal: the first driver that can serve is taken, and everyone else's reason is told.
// Method: tables of made-up drivers around the fake encoder.
#include "engine/encode/choose.h"

#include <array>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "drivers/fake/encoder/encoder.h"

namespace rp {
namespace {

Status never(const EncoderSettings&) { return fail(ErrorCode::kUnsupported, "not built in"); }
Status always(const EncoderSettings&) { return {}; }
Result<std::unique_ptr<BlockingEncoder>> breaks(const EncoderSettings&) {
  return fail(ErrorCode::kExhausted, "device is busy");
}

class Choose : public testing::Test {
 protected:
  static Result<OpenCodec> create(std::span<const EncoderDriver> table,
                                  std::string_view preferred = {},
                                  EncoderSettings settings = {.size = {64, 64}}) {
    return open_codec(table, preferred, settings);
  }

  EncoderDriver fake_ = fake_encoder_driver();
};

TEST_F(Choose, TakesTheFirstThatMatchesAndOpens) {
  const std::array table = {EncoderDriver{"absent", never, breaks},
                            EncoderDriver{"broken", always, breaks}, fake_};
  const auto encoder = create(table);
  ASSERT_TRUE(encoder) << encoder.error().message();
  EXPECT_EQ(encoder->driver, "fake");
  // Without opening, the one that only says it could.
  EXPECT_EQ(choose_encoder(table, {}, {.size = {64, 64}}).value(), "broken");
}

TEST_F(Choose, TellsEveryReasonWhenNoneServes) {
  const std::array table = {EncoderDriver{"absent", never, breaks},
                            EncoderDriver{"broken", always, breaks}};
  const auto encoder = create(table);
  ASSERT_FALSE(encoder);
  EXPECT_EQ(encoder.error().code, ErrorCode::kUnsupported);
  EXPECT_THAT(encoder.error().message(), testing::HasSubstr("absent: not built in"));
  EXPECT_THAT(encoder.error().message(), testing::HasSubstr("broken: device is busy"));
}

TEST_F(Choose, APreferredNameIsTheOnlyOneTried) {
  const std::array table = {fake_, EncoderDriver{"absent", never, breaks}};
  EXPECT_EQ(create(table, "absent").error().code, ErrorCode::kUnsupported);
  EXPECT_EQ(create(table, "typo").error().code, ErrorCode::kNotFound);
  EXPECT_TRUE(create(table, "fake"));
}

TEST_F(Choose, BadSettingsAreSaidBeforeAnyDriverIsAsked) {
  const std::array table = {EncoderDriver{"absent", never, breaks}};
  EXPECT_EQ(create(table, {}, {.size = {1, 1}}).error().code, ErrorCode::kInvalid);
}

TEST_F(Choose, ListsEachRowAndMarksTheChosen) {
  const std::array table = {EncoderDriver{"absent", never, breaks}, fake_,
                            EncoderDriver{"spare", always, breaks}};
  const auto rows = match_encoders(table, {.size = {64, 64}});
  ASSERT_EQ(rows.size(), 3U);
  EXPECT_FALSE(rows[0].status);
  EXPECT_FALSE(rows[0].chosen);
  EXPECT_TRUE(rows[1].chosen);
  EXPECT_TRUE(rows[2].status);
  EXPECT_FALSE(rows[2].chosen);
}

}  // namespace
}  // namespace rp
