// Goal: the product's table is what the documentation says it is, in every build.
// Method: reads the table; a driver that is left out says so.
#include "drivers/encoders.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/encode/choose.h"

namespace rp {
namespace {

TEST(EncoderTable, NamesEveryDriverInOrderOfPreference) {
  std::vector<std::string_view> names;
  for (const EncoderDriver& driver : encoder_drivers()) names.push_back(driver.name);
  EXPECT_THAT(names, testing::ElementsAre("v4l2", "x264", "openh264"));
}

TEST(EncoderTable, ADriverThatIsLeftOutSaysHowToGetIt) {
  const auto rows = match_encoders(encoder_drivers(), {.size = {720, 1280}});
  ASSERT_EQ(rows.size(), 3U);
  EXPECT_TRUE(rows[2].status);
  if (!rows[0].status) {
    EXPECT_THAT(rows[0].status.error().message(), testing::HasSubstr("/dev/video"));
  }
  if (rows[1].status) {
    EXPECT_TRUE(rows[0].chosen || rows[1].chosen);
    return;
  }
  EXPECT_TRUE(rows[0].chosen || rows[2].chosen);
  EXPECT_THAT(rows[1].status.error().message(), testing::HasSubstr("RP_X264"));
  EXPECT_FALSE(encoder_drivers()[1].create({.size = {720, 1280}}));
}

}  // namespace
}  // namespace rp
