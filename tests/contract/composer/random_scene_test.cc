// Goal: whatever the scene, every stale pixel equals the reference composer's and no other is
// touched. Method: random scenes (positions partly outside, all formats, transforms, scales,
// viewports, alpha, opaque regions, damage, odd sizes) from fixed seeds, compared plane by plane.
#include <algorithm>

#include <gtest/gtest.h>

#include "tests/contract/composer/implementations.h"
#include "tests/contract/composer/random_scenes.h"
#include "tests/contract/composer/reference.h"

namespace rp {
namespace {

constexpr std::uint8_t kUntouched = 0xEE;

class RandomScene : public testing::TestWithParam<ComposerImplementation>, protected RandomScenes {
 protected:
  void SetUp() override {
    auto made = GetParam().create();
    if (!made) GTEST_SKIP() << made.error().message();
    composer_ = std::move(*made);
  }

  PictureRef picture(Size size) {
    const Region all({0, 0, size.width, size.height});
    pool_ = PicturePool::create(size, 1, all, GetParam().memory()).value();
    PictureRef ref = pool_->acquire();
    const int chroma_rows =
        ref->layout == PictureLayout::kNv12 ? ref->coded.height / 2 : ref->coded.height;
    const auto bytes =
        static_cast<std::size_t>(ref->stride_y * ref->coded.height + ref->stride_uv * chroma_rows);
    std::fill_n(ref->y, bytes, kUntouched);
    return ref;
  }

  std::shared_ptr<PicturePool> pool_;
  std::shared_ptr<Composer> composer_;
};

TEST_P(RandomScene, FullPicturesEqualTheReference) {
  for (unsigned seed = 0; seed < 150; ++seed) {
    begin(seed);
    const Scene s = scene(pick(0, 5));
    PictureRef ref = picture(s.output);
    ASSERT_TRUE(composer_->compose(s, *ref));
    EXPECT_TRUE(wait_until_written(*ref, kTestPatience));
    EXPECT_TRUE(ref->stale.empty());
    // Each blend rounds once, each filter twice; 8 bits of fraction cost half a step an axis.
    EXPECT_LE(largest_difference(compose_reference(s), *ref), 4.0) << "seed " << seed;
  }
}

TEST_P(RandomScene, OnlyStalePixelsAreWritten) {
  for (unsigned seed = 1000; seed < 1080; ++seed) {
    begin(seed);
    const Scene s = scene(pick(1, 4));
    PictureRef ref = picture(s.output);
    ref->stale.clear();
    for (int i = pick(0, 4); i > 0; --i) {
      ref->stale.add(
          {pick(-10, s.output.width), pick(-10, s.output.height), pick(1, 60), pick(1, 60)});
    }
    // What may be written: the 2×2 blocks the stale pixels lie in.
    const Region stale = ref->stale;
    std::vector<bool> blocks;
    for (int y = 0; y < ref->coded.height; y += 2) {
      for (int x = 0; x < ref->coded.width; x += 2) {
        Region block(intersection({x, y, 2, 2}, {0, 0, s.output.width, s.output.height}));
        block.intersect(stale);
        blocks.push_back(!block.empty());
      }
    }
    ReferencePicture expected = compose_reference(s);
    for (int y = 0; y < ref->coded.height; ++y) {
      for (int x = 0; x < ref->coded.width; ++x) {
        const auto block = static_cast<std::size_t>(y / 2 * (ref->coded.width / 2) + x / 2);
        if (blocks[block]) continue;
        expected.y[static_cast<std::size_t>(y * ref->coded.width + x)] = kUntouched;
        expected.u[block] = kUntouched;
        expected.v[block] = kUntouched;
      }
    }
    ASSERT_TRUE(composer_->compose(s, *ref));
    EXPECT_TRUE(wait_until_written(*ref, kTestPatience));
    EXPECT_LE(largest_difference(expected, *ref), 4.0) << "seed " << seed;
  }
}

// Luma of BT.601 in limited range, as engine/frame/picture.h has it.
double luma_of(std::uint32_t pixel) {
  const auto part = [&](unsigned shift) { return static_cast<double>(pixel >> shift & 0xFF); };
  return 16 + (65.481 * part(16) + 128.553 * part(8) + 24.966 * part(0)) / 255;
}

TEST_P(RandomScene, RenderedPixelsEqualTheReference) {
  for (unsigned seed = 2000; seed < 2100; ++seed) {
    begin(seed);
    const Scene s = scene(pick(0, 5));
    std::vector<std::uint32_t> whole(static_cast<std::size_t>(s.output.width * s.output.height));
    ASSERT_TRUE(composer_->render(s, {0, 0, s.output.width, s.output.height}, whole));
    const ReferencePicture expected = compose_reference(s);
    double worst = 0;
    for (int y = 0; y < s.output.height; ++y) {
      for (int x = 0; x < s.output.width; ++x) {
        const std::uint32_t pixel = whole[static_cast<std::size_t>(y * s.output.width + x)];
        ASSERT_EQ(pixel >> 24, 0xFFU);
        worst = std::max(
            worst, std::abs(luma_of(pixel) -
                            expected.y[static_cast<std::size_t>(y * expected.coded.width + x)]));
      }
    }
    EXPECT_LE(worst, 4.0) << "seed " << seed;

    const int x = pick(0, s.output.width - 1);
    const int y = pick(0, s.output.height - 1);
    const Rect area{x, y, pick(1, s.output.width - x), pick(1, s.output.height - y)};
    std::vector<std::uint32_t> part(static_cast<std::size_t>(area.width * area.height));
    ASSERT_TRUE(composer_->render(s, area, part));
    for (int row = 0; row < area.height; ++row) {
      const auto from = whole.begin() + (y + row) * s.output.width + x;
      ASSERT_TRUE(std::equal(from, from + area.width, part.begin() + row * area.width))
          << "seed " << seed << " row " << row;
    }
    std::vector<std::uint32_t> scanned(part.size());
    ASSERT_TRUE(composer_->scan(s, area, [&](std::int32_t at, const std::uint32_t* pixels) {
      std::transform(pixels, pixels + area.width, scanned.begin() + (at - y) * area.width,
                     [](std::uint32_t pixel) { return pixel | 0xFF00'0000U; });
    }));
    ASSERT_EQ(scanned, part) << "seed " << seed;
  }
}

TEST_P(RandomScene, RenderingOutsideTheOutputIsRefused) {
  const Scene s = scene(1);
  std::vector<std::uint32_t> out(16);
  EXPECT_FALSE(composer_->render(s, {-1, 0, 2, 2}, out));
  EXPECT_FALSE(composer_->render(s, {s.output.width - 1, 0, 2, 2}, out));
  EXPECT_FALSE(composer_->render(s, {0, 0, 5, 5}, out));
}

INSTANTIATE_TEST_SUITE_P(All, RandomScene, all_composers(),
                         [](const auto& i) { return i.param.name; });

}  // namespace
}  // namespace rp
