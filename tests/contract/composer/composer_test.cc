// Goal: the composer's promises that have names: exactness where nothing is filtered, every
// transform, layers that cannot be read, hostile geometry, large buffers. Method: small scenes made
// by hand, compared with the reference composer or with known colours.
#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include "tests/contract/composer/implementations.h"
#include "tests/contract/composer/memory_buffer.h"
#include "tests/contract/composer/reference.h"

namespace rp {
namespace {

constexpr Size kOutput{96, 80};
constexpr Rgba kRed{1, 0, 0, 1};
constexpr Rgba kBlue{0, 0, 1, 1};
constexpr double kRedLuma = 81.5;
constexpr double kBlueLuma = 41;
constexpr double kBlackLuma = 16;

// Colours of video are turned into RGB and back.
double allowed(std::string_view format) {
  return find_pixel_layout(fourcc(format[0], format[1], format[2], format[3]))->plane_count > 1
             ? 2.0
             : 1.6;
}

class ComposerContract : public testing::TestWithParam<ComposerImplementation> {
 protected:
  void SetUp() override {
    auto made = GetParam().create();
    if (!made) GTEST_SKIP() << made.error().message();
    composer_ = std::move(*made);
  }

  static Layer layer_of(std::shared_ptr<MemoryBuffer> buffer, std::int32_t x = 0,
                        std::int32_t y = 0) {
    Layer layer;
    const Size size = buffer->size();
    layer.source = {0, 0, double(size.width), double(size.height)};
    layer.destination = {x, y, size.width, size.height};
    layer.buffer = std::move(buffer);
    return layer;
  }

  static std::shared_ptr<MemoryBuffer> plain(Rgba colour, Size size = kOutput,
                                             std::string_view format = "XR24") {
    auto buffer = std::make_shared<MemoryBuffer>(size, format);
    buffer->fill(colour);
    return buffer;
  }

  // A gradient with a different value in every pixel.
  static std::shared_ptr<MemoryBuffer> gradient(Size size, std::string_view format) {
    auto buffer = std::make_shared<MemoryBuffer>(size, format);
    for (int y = 0; y < size.height; ++y) {
      for (int x = 0; x < size.width; ++x) {
        buffer->set(x, y,
                    {double(x) / size.width, double(y) / size.height,
                     double((x * 7 + y * 13) % 64) / 64, 1});
      }
    }
    return buffer;
  }

  Status compose(std::vector<Layer> layers, Size output = kOutput) {
    scene_.output = output;
    scene_.layers = std::move(layers);
    const Region all({0, 0, output.width, output.height});
    pool_ = PicturePool::create(output, 1, all, GetParam().memory()).value();
    picture_ = pool_->acquire();
    const Status status = composer_->compose(scene_, *picture_);
    EXPECT_TRUE(wait_until_written(*picture_, kTestPatience));
    return status;
  }

  int luma(int x, int y) { return picture_->y[y * picture_->stride_y + x]; }
  double error() { return largest_difference(compose_reference(scene_), *picture_); }

  std::shared_ptr<Composer> composer_;
  Scene scene_;
  std::shared_ptr<PicturePool> pool_;
  PictureRef picture_;
};

TEST_P(ComposerContract, AnEmptySceneIsBlack) {
  ASSERT_TRUE(compose({}));
  EXPECT_LE(error(), 1.0);
  EXPECT_NEAR(luma(0, 0), kBlackLuma, 1);
}

TEST_P(ComposerContract, EveryFormatIsReadRight) {
  for (const std::string_view format :
       {"XR24", "AR24", "XB24", "AB24", "RG16", "XR30", "XB30", "NV12", "NV21", "YU12", "YV12"}) {
    for (const Size output : {kOutput, Size{97, 81}}) {
      ASSERT_TRUE(compose({layer_of(gradient(output, format))}, output)) << format;
      EXPECT_LE(error(), allowed(format)) << format << ' ' << output.width;
    }
  }
}

TEST_P(ComposerContract, EveryTransformTurnsTheRightWay) {
  for (int t = 0; t < 8; ++t) {
    for (const std::string_view format : {"XR24", "RG16", "NV12", "YV12"}) {
      const auto transform = static_cast<Transform>(t);
      Layer layer = layer_of(gradient(transformed(kOutput, transform), format));
      layer.transform = transform;
      layer.source = {0, 0, double(kOutput.width), double(kOutput.height)};
      layer.destination = {0, 0, kOutput.width, kOutput.height};
      ASSERT_TRUE(compose({layer}));
      EXPECT_LE(error(), allowed(format)) << "transform " << t << ' ' << format;
    }
  }
}

// Video in a window: cropped at odd places, scaled, over and under other layers.
TEST_P(ComposerContract, VideoIsCroppedAndScaledAsAnythingElse) {
  for (const std::string_view format : {"NV12", "YU12"}) {
    Layer video = layer_of(gradient({33, 27}, format), 5, 7);
    video.source = {3, 1, 21, 17};
    video.destination = {5, 7, 60, 40};
    ASSERT_TRUE(compose({layer_of(plain(kRed)), video, layer_of(plain(kBlue, {9, 9}), 31, 17)}));
    EXPECT_LE(error(), 2.0) << format;
    video.destination = {5, 7, 21, 17};
    ASSERT_TRUE(compose({video}));
    EXPECT_LE(error(), 2.0) << format;
  }
}

TEST_P(ComposerContract, WhatItAdvertisesItDraws) {
  const SourceFormats& formats = *composer_->source_formats();
  ASSERT_FALSE(formats.tranches.empty());
  for (const PixelLayout& layout : pixel_layouts()) {
    const SourceFormat* linear = formats.find(layout.code, kModifierLinear);
    ASSERT_NE(linear, nullptr);
    EXPECT_EQ(linear->plane_count, layout.plane_count);
  }
  EXPECT_EQ(formats.find(fourcc('N', 'V', '2', '4'), kModifierLinear), nullptr);
}

TEST_P(ComposerContract, PlanesThatAreMissingOrShortAreNotRead) {
  const auto is_left_out = [&](const std::shared_ptr<MemoryBuffer>& buffer) {
    const Status status = compose({layer_of(buffer)});
    return !status && status.error().code == ErrorCode::kInvalid && buffer->open_reads == 0;
  };
  auto buffer = gradient({64, 64}, "NV12");
  buffer->pretend_planes(1);
  EXPECT_TRUE(is_left_out(buffer));
  buffer = gradient({64, 64}, "NV12");
  buffer->pretend_stride(63, 1);
  EXPECT_TRUE(is_left_out(buffer));
  buffer = gradient({64, 64}, "XR24");
  buffer->pretend_planes(2);
  EXPECT_TRUE(is_left_out(buffer));
}

TEST_P(ComposerContract, LaterLayersLieOnTop) {
  ASSERT_TRUE(compose({layer_of(plain(kRed)), layer_of(plain(kBlue, {20, 20}), 31, 17)}));
  EXPECT_LE(error(), 1.6);
  EXPECT_NEAR(luma(31, 17), kBlueLuma, 1);
  EXPECT_NEAR(luma(30, 17), kRedLuma, 1);
  EXPECT_NEAR(luma(50, 36), kBlueLuma, 1);
  EXPECT_NEAR(luma(51, 36), kRedLuma, 1);
}

TEST_P(ComposerContract, AlphaIsPremultiplied) {
  const Layer glass = layer_of(plain({0, 0, 0.5, 0.5}, kOutput, "AR24"));
  ASSERT_TRUE(compose({layer_of(plain(kRed)), glass}));
  EXPECT_LE(error(), 2.0);
}

TEST_P(ComposerContract, AnOpaqueRegionHidesWhatLiesBeneath) {
  auto beneath = plain(kRed);
  beneath->mappable = false;  // would be an error, were it read
  Layer above = layer_of(plain(kBlue, kOutput, "AR24"));
  above.opaque = Region(above.destination);
  EXPECT_TRUE(compose({layer_of(beneath), above}));
  EXPECT_NEAR(luma(5, 5), kBlueLuma, 1);
}

TEST_P(ComposerContract, ALayerThatCannotBeMappedIsLeftOut) {
  auto broken = plain(kBlue, {30, 30});
  broken->mappable = false;
  const Status status = compose({layer_of(plain(kRed)), layer_of(broken, 10, 10)});
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, ErrorCode::kInvalid);
  EXPECT_NEAR(luma(15, 15), kRedLuma, 1);
  EXPECT_TRUE(picture_->stale.empty());
}

TEST_P(ComposerContract, ABufferThatShrinksIsLeftOut) {
  for (const Size size : {Size{30, 30}, kOutput}) {
    auto broken = plain(kBlue, size);
    broken->shrinks = true;
    const Status status = compose({layer_of(plain(kRed)), layer_of(broken)});
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().code, ErrorCode::kInvalid);
    EXPECT_NEAR(luma(15, 15), kRedLuma, 1);
    EXPECT_EQ(broken->open_reads, 0);
  }
}

TEST_P(ComposerContract, UnknownFormatsAndBadStridesAreLeftOut) {
  auto unknown = plain(kBlue);
  unknown->pretend_format(FourCc{0x3231564E});
  EXPECT_FALSE(compose({layer_of(plain(kRed)), layer_of(unknown)}));
  EXPECT_NEAR(luma(15, 15), kRedLuma, 1);
  for (const std::uint32_t stride : {0U, 96U * 4 - 1, 0x80000000U, 0xFFFFFFFFU}) {
    auto bad = plain(kBlue);
    bad->pretend_stride(stride);
    EXPECT_FALSE(compose({layer_of(plain(kRed)), layer_of(bad)})) << stride;
    EXPECT_NEAR(luma(15, 15), kRedLuma, 1);
  }
  Layer nothing = layer_of(plain(kBlue));
  nothing.buffer = nullptr;
  EXPECT_FALSE(compose({nothing}));
}

TEST_P(ComposerContract, HostileGeometryIsHarmless) {
  constexpr std::int32_t kMost = std::numeric_limits<std::int32_t>::max();
  constexpr std::int32_t kLeast = std::numeric_limits<std::int32_t>::min();
  const double nan = std::nan("");
  const auto base = [] { return layer_of(plain(kBlue, {40, 40})); };
  for (const Rect r : {Rect{kMost, kMost, kMost, kMost}, Rect{kLeast, kLeast, kMost, kMost},
                       Rect{kLeast, 0, 5, 5}, Rect{0, 0, -5, 5}, Rect{-5, -5, kMost, kMost},
                       Rect{-kMost / 2, -kMost / 2, kMost, kMost}, Rect{0, 0, 0, 0}}) {
    Layer layer = base();
    layer.destination = r;
    EXPECT_TRUE(compose({layer_of(plain(kRed)), layer})) << r.x << ' ' << r.width;
  }
  for (const RectF s : {RectF{nan, 0, 1, 1}, RectF{0, 0, nan, 1}, RectF{-1, 0, 5, 5},
                        RectF{0, 0, 40.5, 40}, RectF{39, 39, 2, 2}, RectF{0, 0, 0, 0},
                        RectF{0, 0, INFINITY, 1}, RectF{1e300, 1e300, 1e300, 1e300}}) {
    Layer layer = base();
    layer.source = s;
    EXPECT_FALSE(compose({layer_of(plain(kRed)), layer})) << s.x << ' ' << s.width;
    EXPECT_NEAR(luma(15, 15), kRedLuma, 1);
  }
}

TEST_P(ComposerContract, AnotherSizeThanThePicturesIsInvalid) {
  ASSERT_TRUE(compose({}));
  scene_.output = {kOutput.width + 2, kOutput.height};
  EXPECT_EQ(composer_->compose(scene_, *picture_).error().code, ErrorCode::kInvalid);
}

TEST_P(ComposerContract, OnePixelStretchesOverTheOutput) {
  Layer layer = layer_of(plain(kRed, {1, 1}, "AR24"));
  layer.destination = {0, 0, kOutput.width, kOutput.height};
  ASSERT_TRUE(compose({layer}));
  EXPECT_LE(error(), 1.6);
}

TEST_P(ComposerContract, TheWidestBufferIsScaledDown) {
  for (const Size size : {Size{8192, 3}, Size{3, 8192}}) {
    for (const auto transform : {Transform::kNormal, Transform::k90, Transform::kFlipped}) {
      Layer layer = layer_of(gradient(size, "XR24"));
      layer.transform = transform;
      const Size upright = transformed(size, transform);
      layer.source = {0, 0, double(upright.width), double(upright.height)};
      layer.destination = {0, 0, kOutput.width, kOutput.height};
      ASSERT_TRUE(compose({layer}));
      EXPECT_LE(error(), 3.0);
    }
  }
}

TEST_P(ComposerContract, ALargeOutputIsCutIntoStrips) {
  const Size output{1080, 700};
  ASSERT_TRUE(compose({layer_of(gradient(output, "XR30")),
                       layer_of(plain({0, 0.2, 0, 0.4}, {901, 333}, "AR24"), 77, 55)},
                      output));
  EXPECT_LE(error(), 2.0);
}

INSTANTIATE_TEST_SUITE_P(All, ComposerContract, all_composers(),
                         [](const auto& i) { return i.param.name; });

}  // namespace
}  // namespace rp
