// Goal: a device says what it lacks, is left alone for a while after it failed, and its codecs are
// opened anew only for changes that are worth a key frame.
// Method: made-up kinds of devices: none here, and one whose node is there and opens nothing.
#include "drivers/avcodec/device.h"

#include <array>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rp::avcodec {
namespace {

constexpr std::array kCodecs = {CodecSpec{"h264_vaapi", Codec::kH264, {}, false}};
constexpr EncoderSettings kUsual{.size = {720, 1280}};

DeviceKind kind(std::string_view node) {
  return {.name = "test",
          .node = node,
          .nothing = "nothing is there",
          .type = AV_HWDEVICE_TYPE_VAAPI,
          .open_by_node = true,
          .codecs = kCodecs,
          .imports = true};
}

TEST(AvcodecDevice, WithoutANodeItSaysSo) {
  const DeviceKind none = kind("/no/such/node");
  Device device(none);
  const Status match = device.match(kUsual);
  ASSERT_FALSE(match);
  EXPECT_EQ(match.error().code, ErrorCode::kUnsupported);
  EXPECT_EQ(match.error().operation, "nothing is there");
  EXPECT_FALSE(device.open(kUsual));
}

TEST(AvcodecDevice, ANodeThatIsNoGpuIsTriedAndNamed) {
  const DeviceKind null = kind("/dev/null");
  Device device(null);
  const Status match = device.match(kUsual);
  ASSERT_FALSE(match);
  EXPECT_EQ(match.error().code, ErrorCode::kUnsupported);
  EXPECT_THAT(match.error().operation,
              testing::HasSubstr(library() ? "open /dev/null" : "there is no libavcodec"));
}

TEST(AvcodecDevice, BadSettingsAndOtherCodecsAreRefusedFirst) {
  const DeviceKind none = kind("/no/such/node");
  Device device(none);
  EXPECT_EQ(device.match({.size = {1, 1}}).error().code, ErrorCode::kInvalid);
  EXPECT_THAT(device.match({.codec = Codec::kVp8, .size = {64, 64}}).error().operation,
              testing::HasSubstr("H.264"));
}

TEST(AvcodecDevice, WhatFailedIsRefusedForAWhile) {
  const DeviceKind none = kind("/no/such/node");
  Device device(none);
  const Device::Time start{};
  EXPECT_TRUE(device.refused(kUsual, start));
  device.refuse(kUsual, {ErrorCode::kUnavailable, 0, "it hangs"}, start);
  const Status refused = device.refused(kUsual, start + std::chrono::seconds(9));
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().operation, testing::HasSubstr("it hangs"));
  EXPECT_TRUE(device.refused({.size = {64, 64}}, start));
  EXPECT_TRUE(device.refused(kUsual, start + Device::kRefused));
  // However many sizes fail, the newest are remembered.
  for (int side = 64; side < 128; side += 2) {
    device.refuse({.size = {side, 64}}, {ErrorCode::kUnavailable, 0, "no"}, start);
  }
  EXPECT_TRUE(device.refused({.size = {64, 64}}, start));
  EXPECT_FALSE(device.refused({.size = {126, 64}}, start));
}

TEST(AvcodecDevice, NodesAreListedInOrder) {
  const auto nodes = nodes_of("/dev/nul");
  EXPECT_THAT(nodes, testing::Contains("/dev/null"));
  EXPECT_TRUE(std::ranges::is_sorted(nodes_of("/dev/t")));
  EXPECT_TRUE(nodes_of("/no/such/node").empty());
}

TEST(AvcodecCodec, OnlyLargeChangesAreWorthAKeyFrame) {
  EXPECT_FALSE(worth_reopening(4000, 4000));
  EXPECT_FALSE(worth_reopening(4000, 3600));
  EXPECT_TRUE(worth_reopening(4000, 3599));
  EXPECT_FALSE(worth_reopening(3000, 4000));
  EXPECT_TRUE(worth_reopening(3000, 4001));
}

}  // namespace
}  // namespace rp::avcodec
