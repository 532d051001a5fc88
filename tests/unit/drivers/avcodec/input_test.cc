// Goal: what a device is given is the picture, wherever it lies; a picture that cannot be read is
// refused. Method: pictures in memory and behind a descriptor; the descriptor's is imported as DRM
// PRIME and mapped back, as a device's driver would map it. VA-API itself needs a GPU.
#include "drivers/avcodec/input.h"

#include <sys/mman.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "tests/support/shared_pictures.h"

namespace rp::avcodec {
namespace {

constexpr Size kSize{66, 64};

class AvcodecInput : public testing::Test {
 protected:
  void SetUp() override {
    if (!library()) GTEST_SKIP() << library().error().message();
    lib_ = library().value();
    frame_ = Frame(lib_->av_frame_alloc(), Free{lib_});
  }
  PictureRef picture(PictureAllocator& memory) {
    pool_ = PicturePool::create(kSize, 1, {}, memory).value();
    PictureRef ref = pool_->acquire();
    for (int y = 0; y < kSize.height; ++y) {
      for (int x = 0; x < kSize.width; ++x) ref->y[y * ref->stride_y + x] = luma(x, y);
    }
    const int step = ref->layout == PictureLayout::kNv12 ? 2 : 1;
    for (int y = 0; y < kSize.height / 2; ++y) {
      for (int x = 0; x < kSize.width / 2; ++x) {
        ref->u[y * ref->stride_uv + x * step] = static_cast<std::uint8_t>(100 + x);
        ref->v[y * ref->stride_uv + x * step] = static_cast<std::uint8_t>(200 - y);
      }
    }
    return ref;
  }
  static std::uint8_t luma(int x, int y) { return static_cast<std::uint8_t>(x * 3 + y * 5); }
  void expect_the_picture() {
    ASSERT_EQ(frame_->width, kSize.width);
    ASSERT_EQ(frame_->height, kSize.height);
    const bool pairs = frame_->format == AV_PIX_FMT_NV12;
    const std::uint8_t* u = frame_->data[1];
    const std::uint8_t* v = pairs ? u + 1 : frame_->data[2];
    for (const auto& [x, y] : {std::pair{0, 0}, {65, 0}, {0, 63}, {65, 63}, {40, 20}}) {
      EXPECT_EQ(frame_->data[0][y * frame_->linesize[0] + x], luma(x, y)) << x << ',' << y;
      const int at = y / 2 * frame_->linesize[1] + x / 2 * (pairs ? 2 : 1);
      EXPECT_EQ(u[at], 100 + x / 2) << x << ',' << y;
      EXPECT_EQ(v[at], 200 - y / 2) << x << ',' << y;
    }
  }

  const Library* lib_ = nullptr;
  Frame frame_;
  std::shared_ptr<PicturePool> pool_;
  SharedPictures shared_;
};

TEST_F(AvcodecInput, MemoryIsReadWhereItLies) {
  const PictureRef plain = picture(plain_memory());
  const auto input = make_memory_input(*lib_, PictureLayout::kI420);
  ASSERT_TRUE(input->take(*plain, *frame_));
  EXPECT_EQ(frame_->data[0], plain->y);
  expect_the_picture();
}

TEST_F(AvcodecInput, AnotherLayoutIsConverted) {
  const PictureRef plain = picture(plain_memory());
  ASSERT_TRUE(make_memory_input(*lib_, PictureLayout::kNv12)->take(*plain, *frame_) &&
              frame_->format == AV_PIX_FMT_NV12);
  lib_->av_frame_unref(frame_.get());
  const auto to_nv12 = make_memory_input(*lib_, PictureLayout::kNv12);
  ASSERT_TRUE(to_nv12->take(*plain, *frame_));
  expect_the_picture();
  lib_->av_frame_unref(frame_.get());
  const PictureRef pairs = picture(shared_);
  const auto to_i420 = make_memory_input(*lib_, PictureLayout::kI420);
  ASSERT_TRUE(to_i420->take(*pairs, *frame_));
  EXPECT_EQ(frame_->format, AV_PIX_FMT_YUV420P);
  expect_the_picture();
}

TEST_F(AvcodecInput, ADevicesMemoryIsMappedOnceTheCpuHasToReadIt) {
  const PictureRef pairs = picture(shared_);
  pairs->y = pairs->u = pairs->v = nullptr;
  pairs->mappable_bytes = static_cast<std::size_t>(::lseek(pairs->dmabuf, 0, SEEK_END));
  const std::uint64_t before = cpu_pixel_bytes(CpuPlace::kEncoderCopy);
  const auto input = make_memory_input(*lib_, PictureLayout::kNv12);
  ASSERT_TRUE(input->take(*pairs, *frame_));
  expect_the_picture();
  EXPECT_EQ(cpu_pixel_bytes(CpuPlace::kEncoderCopy) - before, picture_bytes(pairs->coded));
}

TEST_F(AvcodecInput, AnImportedPictureIsTheOneThatWasMeant) {
  const PictureRef pairs = picture(shared_);
  const auto input = make_mapped_input(*lib_, kSize);
  ASSERT_TRUE(input) << input.error().message();
  ASSERT_TRUE((*input)->take(*pairs, *frame_));
  EXPECT_NE(frame_->data[0], pairs->y) << "a mapping of its own";
  expect_the_picture();
  pairs->y[0] = 77;
  EXPECT_EQ(frame_->data[0][0], 77) << "the same memory";
}

TEST_F(AvcodecInput, WhatCannotBeReadIsRefused) {
  const PictureRef plain = picture(plain_memory());
  const auto mapped = make_mapped_input(*lib_, kSize).value();
  EXPECT_EQ(mapped->take(*plain, *frame_).error().code, ErrorCode::kUnsupported);
  const PictureRef pairs = picture(shared_);
  pairs->modifier = 1;
  EXPECT_FALSE(mapped->take(*pairs, *frame_)) << "tiled";
  pairs->modifier = kModifierLinear;
  std::uint8_t* y = pairs->y;
  pairs->y = nullptr;
  const auto memory = make_memory_input(*lib_, PictureLayout::kNv12);
  EXPECT_EQ(memory->take(*pairs, *frame_).error().code, ErrorCode::kUnsupported);
  pairs->y = y;
  ASSERT_EQ(::ftruncate(pairs->dmabuf, 4096), 0);
  EXPECT_EQ(mapped->take(*pairs, *frame_).error().code, ErrorCode::kInvalid) << "too small";
}

}  // namespace
}  // namespace rp::avcodec
