// Goal: the parts read bytes and numbers of devices without trusting them.
// Method: hand-written streams and formats.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "drivers/v4l2/copy.h"
#include "drivers/v4l2/discovery.h"
#include "drivers/v4l2/format.h"
#include "engine/encode/bitstream.h"
#include "engine/frame/picture.h"
#include "tests/unit/drivers/v4l2/fake_device.h"

namespace rp::v4l2 {
namespace {

using Bytes = std::vector<std::uint8_t>;

TEST(V4l2Bitstream, H264KeysHeadersAndSlices) {
  const Bytes key = {0, 0, 0, 1, 0x67, 1, 0, 0, 1, 0x68, 2, 0, 0, 1, 0x65, 3};
  BufferContent content = inspect(Codec::kH264, key);
  EXPECT_TRUE(content.key && content.headers && content.picture);
  content = inspect(Codec::kH264, std::span(key).first(12));
  EXPECT_TRUE(content.headers);
  EXPECT_FALSE(content.picture || content.key);
  content = inspect(Codec::kH264, Bytes{0, 0, 1, 0x41, 0x9a});
  EXPECT_TRUE(content.picture);
  EXPECT_FALSE(content.key || content.headers);
}

TEST(V4l2Bitstream, HevcVp8AndFwht) {
  EXPECT_TRUE(inspect(Codec::kHevc, Bytes{0, 0, 1, 19 << 1, 1}).key);
  EXPECT_FALSE(inspect(Codec::kHevc, Bytes{0, 0, 1, 1 << 1, 1}).key);
  const Bytes headers = {0, 0, 1, 32 << 1, 1, 0, 0, 1, 33 << 1, 1, 0, 0, 1, 34 << 1, 1};
  EXPECT_TRUE(inspect(Codec::kHevc, headers).headers);
  EXPECT_TRUE(inspect(Codec::kVp8, Bytes{0x10, 0, 0}).key);
  EXPECT_FALSE(inspect(Codec::kVp8, Bytes{0x11, 0, 0}).key);
  Bytes frame(44);
  frame[0] = 0x4f;
  frame[4] = 0xff;
  EXPECT_TRUE(inspect(Codec::kFwht, frame).picture);
  EXPECT_FALSE(inspect(Codec::kFwht, frame).key);
  frame[22] = 4;
  EXPECT_TRUE(inspect(Codec::kFwht, frame).key);
}

// The fuzzer's: the unit after an empty one was passed over.
TEST(V4l2Bitstream, AnEmptyUnitHidesNothing) {
  EXPECT_TRUE(inspect(Codec::kH264, Bytes{0, 0, 1, 0, 0, 1, 0x65, 3}).key);
  EXPECT_TRUE(inspect(Codec::kHevc, Bytes{0, 0, 1, 0, 0, 1, 19 << 1, 1}).key);
  EXPECT_FALSE(inspect(Codec::kH264, Bytes{0, 0, 1, 0, 0, 1}).picture);
}

TEST(V4l2Bitstream, NothingIsReadPastTheEnd) {
  const Bytes start = {0, 0, 1, 0x65};
  for (const Codec codec : {Codec::kH264, Codec::kHevc, Codec::kVp8, Codec::kFwht}) {
    for (std::size_t length = 0; length < start.size(); ++length) {
      // Exactly as long as it says: a read past the end is seen by the address sanitizer.
      const Bytes part(start.begin(), start.begin() + static_cast<std::ptrdiff_t>(length));
      EXPECT_FALSE(inspect(codec, part).headers && length < 3);
    }
  }
}

QueueFormat nv12(std::int32_t width, std::int32_t height, std::uint32_t stride,
                 std::uint32_t bytes) {
  QueueFormat format;
  format.fourcc = V4L2_PIX_FMT_NV12;
  format.size = {width, height};
  format.stride_bytes[0] = stride;
  format.size_bytes[0] = bytes;
  return format;
}

TEST(V4l2Format, NumbersThatDoNotHoldThePictureAreRefused) {
  const RawFormat raw = raw_formats()[0];
  EXPECT_TRUE(buffer_layout(raw, nv12(64, 64, 64, 64 * 96), {64, 64}));
  EXPECT_FALSE(buffer_layout(raw, nv12(64, 64, 64, 64 * 96 - 1), {64, 64}));
  EXPECT_FALSE(buffer_layout(raw, nv12(64, 64, 63, 64 * 96), {64, 64}));
  EXPECT_FALSE(buffer_layout(raw, nv12(62, 64, 64, 64 * 96), {64, 64}));
  EXPECT_FALSE(buffer_layout(raw, nv12(65'536, 64, 0xffff'ffff, 0xffff'ffff), {64, 64}));
  // A buffer wider than its rows would have its padding written past the end.
  EXPECT_FALSE(buffer_layout(raw, nv12(128, 64, 64, 128 * 96), {64, 64}));
}

TEST(V4l2Format, OnlyOneDmaBufOfExactlyThatLayoutIsImported) {
  const BufferLayout layout =
      buffer_layout(raw_formats()[0], nv12(64, 64, 80, 80 * 96), {64, 64}).value();
  PicturePlanes planes;
  planes.layout = PictureLayout::kNv12;
  planes.stride_y = planes.stride_uv = 80;
  planes.offset_u = 80 * 64;
  EXPECT_FALSE(importable(planes, layout));
  planes.dmabuf = 0;
  EXPECT_TRUE(importable(planes, layout));
  for (const auto& change :
       {+[](PicturePlanes& p) { p.offset_y = 16; }, +[](PicturePlanes& p) { p.offset_u += 80; },
        +[](PicturePlanes& p) { p.stride_y = 64; }, +[](PicturePlanes& p) { p.modifier = 1; },
        +[](PicturePlanes& p) { p.layout = PictureLayout::kI420; }}) {
    PicturePlanes other = planes;
    change(other);
    EXPECT_FALSE(importable(other, layout));
  }
}

TEST(V4l2Copy, EveryLayoutArrivesAndThePaddingRepeatsTheEdge) {
  const auto pool = PicturePool::create({66, 66}, 1).value();
  const PictureRef picture = pool->acquire();
  Picture& p = *picture;
  for (int y = 0; y < 66; ++y) std::fill_n(p.y + y * p.stride_y, 66, std::uint8_t(y));
  for (int y = 0; y < 33; ++y) {
    std::fill_n(p.u + y * p.stride_uv, 33, std::uint8_t(100 + y));
    std::fill_n(p.v + y * p.stride_uv, 33, std::uint8_t(200));
  }
  for (const RawFormat& raw : raw_formats().first(2)) {
    QueueFormat format = nv12(80, 80, 96, 96 * 120);
    format.fourcc = raw.fourcc;
    const BufferLayout layout = buffer_layout(raw, format, {66, 66}).value();
    Bytes bytes(format.size_bytes[0], 1);
    copy_picture(p, layout, format.size, {std::span(bytes), {}, {}});
    EXPECT_EQ(bytes[10 * 96 + 79], 10);
    EXPECT_EQ(bytes[79 * 96 + 79], 65);
    EXPECT_EQ(bytes[10 * 96 + 80], 1);  // outside of the buffer's width
    const int step = raw.layout == PictureLayout::kNv12 ? 2 : 1;
    EXPECT_EQ(bytes[layout.u.offset + layout.u.stride * 4 + 39U * static_cast<unsigned>(step)],
              104);
    EXPECT_EQ(bytes[layout.u.offset + layout.u.stride * 39], 132);
  }
}

TEST(V4l2Discovery, AFolderWithoutNodesHasNoEncoders) {
  EXPECT_TRUE(find_encoders("/no/such/folder", open_device).empty());
}

TEST(V4l2Discovery, SizesAreHeldToTheDevicesRange) {
  SizeRange range{{96, 96}, {1920, 1088}, {}};
  EXPECT_TRUE(range.holds({720, 1080}));
  EXPECT_FALSE(range.holds({720, 1280}));
  EXPECT_FALSE(range.holds({64, 64}));
  range.discrete = {{640, 480}};
  EXPECT_TRUE(range.holds({640, 480}));
  EXPECT_FALSE(range.holds({720, 1080}));
}

}  // namespace
}  // namespace rp::v4l2
