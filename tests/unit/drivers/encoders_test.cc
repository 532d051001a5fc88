// Goal: the product's table is what the documentation says it is, in every build.
// Method: reads the table; a driver that is left out says so.
#include "drivers/encoders.h"

#include <algorithm>
#include <array>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/encode/choose.h"

namespace rp {
namespace {

TEST(EncoderTable, NamesEveryDriverInOrderOfPreference) {
  std::vector<std::string_view> names;
  for (const EncoderDriver& driver : encoder_drivers()) names.push_back(driver.name);
  EXPECT_THAT(names, testing::ElementsAre("v4l2", "vaapi", "nvenc", "x264", "openh264"));
}

TEST(EncoderTable, ADriverThatIsLeftOutSaysHowToGetIt) {
  const auto rows = match_encoders(encoder_drivers(), {.size = {720, 1280}});
  ASSERT_EQ(rows.size(), 5U);
  EXPECT_TRUE(rows[4].status);
  constexpr std::array kReasons = {"/dev/video", "/dev/dri/renderD", "/dev/nvidiactl"};
  for (std::size_t i = 0; i < kReasons.size(); ++i) {
    if (rows[i].status) continue;
    EXPECT_THAT(rows[i].status.error().message(),
                testing::AnyOf(testing::HasSubstr(kReasons.at(i)), testing::HasSubstr("_vaapi"),
                               testing::HasSubstr("RP_AVCODEC")));
  }
  EXPECT_EQ(std::ranges::count_if(rows, &EncoderMatch::chosen), 1);
  if (rows[3].status) return;
  EXPECT_THAT(rows[3].status.error().message(), testing::HasSubstr("RP_X264"));
  EXPECT_FALSE(encoder_drivers()[3].create({.size = {720, 1280}}));
}

}  // namespace
}  // namespace rp
