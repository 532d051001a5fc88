// Goal: a picture in a real dma-buf of the kernel's heap goes through libavutil's DRM PRIME frames
// and is encoded from there. Method: the pictures VA-API's row makes (HeapPictures), imported and
// mapped back, then through libavcodec's libx264; VA-API itself needs a GPU.
#include <array>

#include <gtest/gtest.h>

#include "drivers/avcodec/codec.h"
#include "drivers/avcodec/heap_pictures.h"
#include "tests/contract/encoder/content.h"

namespace rp::avcodec {
namespace {

constexpr std::array kOptions = {Option{"preset", "ultrafast"}, Option{"tune", "zerolatency"},
                                 Option{"forced-idr", "1"}};
constexpr CodecSpec kX264{"libx264", Codec::kH264, kOptions, true};

TEST(Prime, APictureOfTheHeapIsImportedAndEncoded) {
  if (!library()) GTEST_SKIP() << library().error().message();
  const Library& lib = *library().value();
  if (lib.avcodec_find_encoder_by_name("libx264") == nullptr) GTEST_SKIP() << "no libx264";
  constexpr Size kSize{322, 240};
  HeapPictures memory;
  const auto pool = PicturePool::create(kSize, 2, {}, memory).value();
  const PictureRef picture = pool->acquire();
  ASSERT_GE(picture->dmabuf, 0) << "the lab has /dev/dma_heap/system";
  ASSERT_TRUE(importable(*picture));
  ASSERT_EQ(picture->y, nullptr) << "no CPU has to reach it";
  ASSERT_TRUE(map_for_cpu(*picture));
  draw_text(*picture, 0);
  auto input = make_mapped_input(lib, kSize);
  ASSERT_TRUE(input) << input.error().message();
  const Frame frame(lib.av_frame_alloc(), Free{&lib});
  ASSERT_TRUE((*input)->take(*picture, *frame));
  EXPECT_EQ(luma_psnr_db(*picture, frame->data[0], frame->linesize[0]), 100) << "equal";
  lib.av_frame_unref(frame.get());

  auto encoder = create_codec(lib, kX264, {.size = kSize}, std::move(*input));
  ASSERT_TRUE(encoder) << encoder.error().message();
  for (int i = 0; i < 3; ++i) {
    AccessUnit unit;
    ASSERT_TRUE((*encoder)->encode(*picture, false, unit));
    EXPECT_EQ(unit.key, i == 0);
    EXPECT_FALSE(unit.bytes.empty());
  }
}

}  // namespace
}  // namespace rp::avcodec
