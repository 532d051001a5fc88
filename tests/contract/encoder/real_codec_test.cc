// Goal: what the real codecs make is a stream any decoder shows at once, close to what went in, and
// inside the rate it was given.
// Method: encode drawn text and noise, decode with libavcodec, compare luma by PSNR, count bytes.
#include <algorithm>
#include <array>
#include <cstdint>

#include <gtest/gtest.h>

#include "drivers/encoders.h"
#include "tests/contract/encoder/content.h"
#include "tests/contract/encoder/decoder.h"
#include "tests/contract/encoder/rig.h"
#ifdef RP_HAVE_AVCODEC
#include "tests/contract/encoder/avcodec_cases.h"
#endif

namespace rp {
namespace {

std::vector<EncoderDriver> real_drivers() {
  std::vector<EncoderDriver> all;
  for (const EncoderDriver& driver : encoder_drivers()) {
    if (driver.match({.size = {64, 64}})) all.push_back(driver);
  }
#ifdef RP_HAVE_AVCODEC
  for (const EncoderCase& one : avcodec_cases()) all.push_back(one);
#endif
  return all;
}

class RealCodec : public testing::TestWithParam<EncoderDriver> {
 protected:
  // A picture the test keeps, to compare with.
  struct Original {
    explicit Original(Size size)
        : pool(PicturePool::create(size, 1).value()), ref(pool->acquire()) {}
    std::shared_ptr<PicturePool> pool;
    PictureRef ref;
  };

  // Mean bytes a frame over `frames` pictures, each another page of text: nothing to predict from.
  double page_bytes(int frames) {
    std::size_t sum = 0;
    for (int i = 0; i < frames; ++i) {
      const auto unit = rig_.encode([&](Picture& p) { draw_text(p, 5000 * next_page_++); });
      EXPECT_TRUE(unit) << unit.error().message();
      if (unit) sum += unit->bytes.size();
    }
    return static_cast<double>(sum) / frames;
  }

  EncoderRig rig_;
  int next_page_ = 1;
};

TEST_P(RealCodec, DecodesAtOnceAndCloseToTheOriginal) {
  constexpr std::array kSizes = {Size{64, 64}, Size{201, 99}, Size{360, 641}, Size{720, 1280}};
  for (const Size size : kSizes) {
    // Room enough that the rate control is not what is tested.
    rig_.open(GetParam(), {.size = size, .bitrate_kbps = 20'000, .vbv_ms = 1000});
    TestDecoder decoder;
    Original original(size);
    for (int i = 0; i < 12; ++i) {
      const auto draw = [&](Picture& p) { draw_text(p, i * 5); };
      draw(*original.ref);
      const auto unit = rig_.encode(draw, i == 8);
      ASSERT_TRUE(unit) << unit.error().message();
      const auto shown = decoder.decode(unit->bytes);
      ASSERT_TRUE(shown) << i << ": " << shown.error().message();
      EXPECT_EQ(shown->key, unit->key);
      EXPECT_EQ(shown->size, original.ref->coded);
      EXPECT_GT(luma_psnr_db(*original.ref, shown->y.data(), shown->size.width), 28)
          << size.width << 'x' << size.height << " picture " << i << ", " << unit->bytes.size()
          << " bytes";
    }
  }
}

TEST_P(RealCodec, SaysItsColours) {
  rig_.open(GetParam(), {.size = {320, 240}});
  const auto unit = rig_.encode([](Picture& p) { draw_text(p, 0); });
  ASSERT_TRUE(unit);
  TestDecoder decoder;
  const auto shown = decoder.decode(unit->bytes);
  ASSERT_TRUE(shown);
  EXPECT_EQ(shown->colour_matrix, 6);
  EXPECT_EQ(shown->colour_transfer, 13);
  EXPECT_FALSE(shown->full_range);
}

// A viewer that joins late starts with the key frame: it must carry all it needs.
TEST_P(RealCodec, AKeyFrameStandsAlone) {
  rig_.open(GetParam(), {.size = {320, 240}});
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(rig_.encode([&](Picture& p) { draw_text(p, i); }));
  const auto key = rig_.encode([](Picture& p) { draw_text(p, 9); }, true);
  ASSERT_TRUE(key);
  TestDecoder decoder;
  EXPECT_TRUE(decoder.decode(key->bytes));
  // Annex B: a start code, then a sequence parameter set (type 7) of baseline or main profile.
  ASSERT_GT(key->bytes.size(), 8U);
  EXPECT_EQ(key->bytes[3], 1);
  EXPECT_EQ(key->bytes[4] & 0x1F, 7);
  EXPECT_TRUE(key->bytes[5] == 66 || key->bytes[5] == 77) << int(key->bytes[5]);
}

TEST_P(RealCodec, AStillPictureCostsNextToNothing) {
  rig_.open(GetParam(), {.size = {720, 1280}});
  const auto still = [](Picture& p) { draw_text(p, 0); };
  for (int i = 0; i < 30; ++i) ASSERT_TRUE(rig_.encode(still));
  const auto unit = rig_.encode(still);
  ASSERT_TRUE(unit);
  EXPECT_LT(unit->bytes.size(), 2000U);
}

void copy_plane(const std::uint8_t* from, int from_stride, std::uint8_t* to, int to_stride,
                Rect area) {
  for (int y = area.y; y < area.y + area.height; ++y) {
    std::copy_n(from + static_cast<std::ptrdiff_t>(y) * from_stride + area.x, area.width,
                to + static_cast<std::ptrdiff_t>(y) * to_stride + area.x);
  }
}

void copy_picture(const Picture& from, Picture& to, Rect area) {
  const Rect chroma{area.x / 2, area.y / 2, area.width / 2, area.height / 2};
  copy_plane(from.y, from.stride_y, to.y, to.stride_y, area);
  copy_plane(from.u, from.stride_uv, to.u, to.stride_uv, chroma);
  copy_plane(from.v, from.stride_uv, to.v, to.stride_uv, chroma);
}

// What the request shows must be right whatever the codec leaves out elsewhere.
TEST_P(RealCodec, ThePartThatIsShownIsRight) {
  constexpr Size kSize{320, 480};
  constexpr Rect kAll{0, 0, kSize.width, kSize.height};
  rig_.open(GetParam(), {.size = kSize, .bitrate_kbps = 20'000, .vbv_ms = 1000});
  Original screen(kSize);
  Original page(kSize);
  draw_text(*screen.ref, 0);
  TestDecoder decoder;
  for (int i = 0; i < 60; ++i) {
    Rect shown{2 * (i * 37 % 100), 2 * (i * 53 % 150), 20 + 2 * (i * 11 % 50),
               40 + 2 * (i * 7 % 70)};
    if (i % 9 == 0) shown = kAll;
    draw_text(*page.ref, 5000 + 31 * i);
    copy_picture(*page.ref, *screen.ref, shown);
    const auto unit =
        rig_.encode([&](Picture& p) { copy_picture(*screen.ref, p, kAll); }, i == 0, shown);
    ASSERT_TRUE(unit);
    EXPECT_EQ(unit->shown, shown);
    const auto picture = decoder.decode(unit->bytes);
    ASSERT_TRUE(picture);
    double sum = 0;
    for (int y = shown.y; y < shown.y + shown.height; ++y) {
      for (int x = shown.x; x < shown.x + shown.width; ++x) {
        const double d = static_cast<double>(screen.ref->y[y * screen.ref->stride_y + x]) -
                         picture->y[static_cast<std::size_t>(y * kSize.width + x)];
        sum += d * d;
      }
    }
    EXPECT_LT(sum / (shown.width * shown.height), 65.0) << "picture " << i;  // 30 dB
  }
}

// The rates lie where both codecs' quantisers have room either way for this content.
TEST_P(RealCodec, BitrateChangesTakeEffect) {
  rig_.open(GetParam(), {.size = {320, 240}, .bitrate_kbps = 4000, .framerate = 30});
  (void)page_bytes(30);
  const double at_4000 = page_bytes(30);
  rig_.encoder->set_rate({.bitrate_kbps = 2700, .framerate = 0});
  (void)page_bytes(30);
  const double at_2700 = page_bytes(30);
  rig_.encoder->set_rate({.bitrate_kbps = 4000, .framerate = 0});
  (void)page_bytes(30);
  const double again = page_bytes(30);
  EXPECT_LT(at_2700, at_4000 * 0.75);
  EXPECT_GT(again, at_2700 * 1.3);
  EXPECT_LT(at_4000, 4000e3 / 8 / 30 * 1.2);
  RecordProperty("bytes_at_4000", static_cast<int>(at_4000));
  RecordProperty("bytes_at_2700", static_cast<int>(at_2700));
}

TEST_P(RealCodec, FramerateChangesTakeEffect) {
  rig_.open(GetParam(), {.size = {320, 240}, .bitrate_kbps = 4000, .framerate = 40});
  (void)page_bytes(30);
  const double at_40 = page_bytes(30);
  rig_.encoder->set_rate({.bitrate_kbps = 0, .framerate = 24});
  (void)page_bytes(30);
  EXPECT_GT(page_bytes(30), at_40 * 1.3);
}

// Noise is more than any link carries. It must not end the stream, nor spoil what follows a key
// frame.
TEST_P(RealCodec, OutlivesNoise) {
  rig_.open(GetParam(), {.size = {320, 240}, .bitrate_kbps = 20'000, .vbv_ms = 1000});
  TestDecoder decoder;
  for (std::uint32_t i = 0; i < 10; ++i) {
    const auto unit = rig_.encode([&](Picture& p) { draw_noise(p, i); });
    ASSERT_TRUE(unit) << unit.error().message();
    EXPECT_TRUE(decoder.decode(unit->bytes));
  }
  Original original({320, 240});
  draw_text(*original.ref, 0);
  Result<DecodedPicture> shown = fail(ErrorCode::kNotFound, "nothing yet");
  for (int i = 0; i < 10; ++i) {
    const auto unit = rig_.encode([](Picture& p) { draw_text(p, 0); }, i == 0);
    ASSERT_TRUE(unit) << unit.error().message();
    shown = decoder.decode(unit->bytes);
    ASSERT_TRUE(shown);
  }
  EXPECT_GT(luma_psnr_db(*original.ref, shown->y.data(), shown->size.width), 30);
}

// The point of the VBV: after a rest, no frame may hold the link for much longer than vbv_ms.
TEST_P(RealCodec, OneHardFrameFitsTheModelBuffer) {
  constexpr EncoderSettings kSlow{
      .size = {720, 1280}, .bitrate_kbps = 4000, .framerate = 30, .vbv_ms = 200};
  rig_.open(GetParam(), kSlow);
  std::size_t largest = 0;
  for (int i = 0; i < 60; ++i) {
    // A page of text turns into another every ten frames.
    const auto unit = rig_.encode([&](Picture& p) { draw_text(p, i / 10 * 5000); });
    ASSERT_TRUE(unit);
    if (i > 0) largest = std::max(largest, unit->bytes.size());
  }
  const double budget_bytes = 4000e3 / 8 * 0.2;
  // OpenH264 has no model buffer: its quantiser follows the last pictures, so one that is suddenly
  // hard overshoots. That is why x264 stands before it in the table.
  const double slack = GetParam().name == "openh264" ? 3.5 : 1.2;
  RecordProperty("largest_bytes", static_cast<int>(largest));
  EXPECT_LT(static_cast<double>(largest), budget_bytes * slack);
}

INSTANTIATE_TEST_SUITE_P(All, RealCodec, testing::ValuesIn(real_drivers()),
                         [](const auto& driver) { return std::string(driver.param.name); });

}  // namespace
}  // namespace rp
