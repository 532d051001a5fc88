// Goal: levels are those of the standard's table, rates stay inside their bounds.
// Method: known pictures and their levels (as x264 and hardware encoders label them), edges of
// bounds.
#include "engine/encode/settings.h"

#include <gtest/gtest.h>

namespace rp {
namespace {

TEST(H264Level, KnownPicturesHaveTheirKnownLevels) {
  EXPECT_EQ(h264_level({176, 144}, 15, 64), 10);
  EXPECT_EQ(h264_level({352, 288}, 30, 700), 13);
  EXPECT_EQ(h264_level({720, 1280}, 30, 8000), 31);
  EXPECT_EQ(h264_level({720, 1280}, 60, 8000), 32);
  EXPECT_EQ(h264_level({1920, 1080}, 30, 20'000), 40);
  EXPECT_EQ(h264_level({1920, 1080}, 60, 20'000), 42);
  EXPECT_EQ(h264_level({3840, 2160}, 60, 100'000), 52);
  EXPECT_EQ(h264_level({4096, 4096}, 60, 100'000), 60);
}

TEST(H264Level, BitrateAndLongSidesCount) {
  EXPECT_EQ(h264_level({720, 1280}, 30, 14'001), 32);
  EXPECT_EQ(h264_level({720, 1280}, 30, 50'000), 41);
  // 256 macroblocks in a row are more than sqrt(8 × 3600), though there are few of them.
  EXPECT_EQ(h264_level({4096, 64}, 10, 1000), 40);
}

TEST(H264Level, SaysItsBitrate) {
  EXPECT_EQ(h264_max_bitrate_kbps(31), 14'000U);
  EXPECT_EQ(h264_max_bitrate_kbps(h264_level({720, 1280}, 60, 20'000)), 20'000U);
}

TEST(Bounded, ZeroKeepsAndTheRestIsClamped) {
  constexpr EncoderRate kNow{8000, 60};
  EXPECT_EQ(bounded({0, 0}, kNow).bitrate_kbps, 8000U);
  EXPECT_EQ(bounded({0, 0}, kNow).framerate, 60U);
  EXPECT_EQ(bounded({1, 1000}, kNow).bitrate_kbps, 50U);
  EXPECT_EQ(bounded({1, 1000}, kNow).framerate, 240U);
  EXPECT_EQ(bounded({0xFFFFFFFF, 1}, kNow).bitrate_kbps, 500'000U);
}

TEST(VbvSize, HoldsTheTimeButAtLeastOneFrame) {
  EXPECT_EQ(vbv_kbit({8000, 60}, 100), 800U);
  EXPECT_GE(vbv_kbit({8000, 5}, 100), 1600U);
  EXPECT_GE(vbv_kbit({50, 240}, 10), 1U);
  EXPECT_EQ(vbv_kbit({500'000, 60}, 10'000), 5'000'000U);
}

}  // namespace
}  // namespace rp
