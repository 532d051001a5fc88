// Goal: a modelled encoder keeps its device's pace and number of sessions, and what it makes is
// H.264 that a real decoder shows. Method: devices on a time the test moves; libavcodec decodes the
// placeholders. What every encoder promises is in tests/contract/encoder.
#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "drivers/encoders.h"
#include "drivers/fake/modelled/encoder.h"
#include "drivers/fake/modelled/placeholder.h"
#include "engine/encode/settings.h"
#include "tests/contract/encoder/decoder.h"

namespace rp {
namespace {

using testing::HasSubstr;

// Sleeping moves the clock.
struct TestTime final : ModelTime {
  [[nodiscard]] TimePoint now() override { return time; }
  void sleep_until(TimePoint until) override { time = until; }
  TimePoint time{1'000'000};
};

// 4,000 macroblocks a second: a picture of 160×160 takes 25 ms.
constexpr EncoderModel kSlow{"model:slow", "a slow device", 4000, Duration(0), 2};
constexpr EncoderModel kLate{"model:late", "with a pipeline", 4000, Duration(7000), 0};
constexpr EncoderModel kFast{"model:fast", "a fast device", 3'000'000, Duration(0), 0};
constexpr std::int64_t kPicture_us = 25'000;

struct Modelled : testing::Test {
  std::unique_ptr<BlockingEncoder> open(ModelledDevice& device) {
    auto encoder = create_modelled_encoder(settings, device, time);
    EXPECT_TRUE(encoder);
    return encoder ? std::move(*encoder) : nullptr;
  }
  void encode(BlockingEncoder& encoder, TimePoint composed = {}) {
    AccessUnit unit;
    unit.stamps.composed = composed;
    EXPECT_TRUE(encoder.encode(Picture{}, false, unit));
  }

  TestTime time;
  ModelledDevice slow{kSlow};
  EncoderSettings settings{.size = {160, 160}};
};

TEST_F(Modelled, APictureTakesItsShareOfTheThroughput) {
  const auto encoder = open(slow);
  const TimePoint begin = time.now();
  for (int i = 1; i <= 4; ++i) {
    encode(*encoder);
    EXPECT_EQ((time.now() - begin).count(), i * kPicture_us);
  }
  time.time = time.time + Duration(1'000'000);  // a rest is not saved up
  const TimePoint later = time.now();
  encode(*encoder);
  EXPECT_EQ((time.now() - later).count(), kPicture_us);
}

TEST_F(Modelled, SessionsShareTheDevice) {
  const auto one = open(slow);
  const auto two = open(slow);
  const TimePoint begin = time.now();
  encode(*one, begin);
  // Ready at the same moment, handed over when the first was done: it waited for the device only.
  encode(*two, begin);
  EXPECT_EQ((time.now() - begin).count(), 2 * kPicture_us);
}

TEST_F(Modelled, ALateThreadCostsTheDeviceNothing) {
  const auto encoder = open(slow);
  const TimePoint begin = time.now();
  encode(*encoder, begin);
  time.time = time.time + Duration(3'000);  // woken late, while the next picture waited
  encode(*encoder, begin);
  EXPECT_EQ((time.now() - begin).count(), 2 * kPicture_us);
}

TEST_F(Modelled, LatencyDelaysAPictureButNotTheNext) {
  ModelledDevice device(kLate);
  EXPECT_EQ(device.queue({0}, 100).us, kPicture_us + 7000);
  EXPECT_EQ(device.queue({0}, 100).us, 2 * kPicture_us + 7000);
}

TEST_F(Modelled, FractionsOfAMicrosecondAddUp) {
  ModelledDevice device(kFast);
  TimePoint done;
  for (int i = 0; i < 3'000'000; ++i) done = device.queue({0}, 1);  // a third of a µs each
  EXPECT_NEAR(static_cast<double>(done.us), 1e6, 1000);
}

TEST_F(Modelled, ASessionTooManyIsRefusedAndMayComeBack) {
  auto one = open(slow);
  const auto two = open(slow);
  const auto refused = create_modelled_encoder(settings, slow, time);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kUnavailable);
  EXPECT_THAT(refused.error().message(), HasSubstr("all 2 encoder sessions"));
  one.reset();
  EXPECT_TRUE(create_modelled_encoder(settings, slow, time));
}

TEST_F(Modelled, BadSettingsTakeNoSession) {
  for (int i = 0; i < 3; ++i) EXPECT_FALSE(create_modelled_encoder({.size = {1, 1}}, slow, time));
  const auto one = open(slow);
  const auto two = open(slow);
}

TEST(Placeholder, IsH264ThatADecoderShowsAtOnce) {
  for (const Size size : {Size{64, 64}, Size{721, 1279}, Size{1080, 2340}, Size{4096, 64}}) {
    PlaceholderStream stream(size, h264_level(size, 60, 8000));
    TestDecoder decoder;
    for (int i = 0; i < 40; ++i) {  // past the wrap of frame_num at 16
      const bool key = i == 0 || i == 20 || i == 21;
      std::vector<std::uint8_t> unit;
      stream.append(key, unit);
      const auto shown = decoder.decode(unit);
      ASSERT_TRUE(shown) << size.width << ": " << shown.error().message();
      EXPECT_EQ(shown->key, key) << i;
      EXPECT_EQ(shown->size, (Size{(size.width + 1) & ~1, (size.height + 1) & ~1}));
      EXPECT_TRUE(std::ranges::all_of(shown->y, [](std::uint8_t y) { return y == 128; }));
      EXPECT_EQ(shown->colour_matrix, 6);
      EXPECT_TRUE(key || unit.size() < 24) << unit.size();
    }
  }
}

TEST(Models, AreNamedAsModelsAndComplete) {
  const auto models = encoder_models();
  const auto rows = modelled_encoder_drivers();
  ASSERT_EQ(models.size(), rows.size());
  for (std::size_t i = 0; i < models.size(); ++i) {
    EXPECT_EQ(rows[i].name, models[i].name);
    EXPECT_TRUE(models[i].name.starts_with("model:"));
    EXPECT_FALSE(models[i].label.empty());
    EXPECT_GE(models[i].macroblocks_per_s, 100'000U);
    EXPECT_TRUE(rows[i].match({.size = {720, 1280}}));
  }
}

TEST(Models, AreChosenByNameOnly) {
  for (const EncoderDriver& driver : encoder_drivers()) {
    EXPECT_FALSE(driver.name.starts_with("model:"));
  }
  EXPECT_EQ(encoder_drivers_for("").data(), encoder_drivers().data());
  EXPECT_EQ(encoder_drivers_for("openh264").data(), encoder_drivers().data());
  EXPECT_TRUE(encoder_drivers_for("model:none").empty());
  const auto one = encoder_drivers_for("model:rk3588");
  ASSERT_EQ(one.size(), 1U);
  EXPECT_EQ(one[0].name, "model:rk3588");
}

TEST(Models, Rk3588Encodes8K30) {
  ASSERT_NE(find_encoder_model("model:rk3588"), nullptr);
  EXPECT_EQ(find_encoder_model("model:rk3588")->macroblocks_per_s, 480U * 270 * 30);
  EXPECT_EQ(find_encoder_model("x264"), nullptr);
}

}  // namespace
}  // namespace rp
