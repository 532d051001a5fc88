// Goal: a picture's stale region is exactly what changed since it was last written, whatever the
// order of use. Method: a model keeps, per picture, the version of every cell; damage bumps the
// scene's version.
#include "engine/frame/picture.h"

#include <map>
#include <random>
#include <vector>

#include <gtest/gtest.h>

namespace rp {
namespace {

constexpr Size kSize{128, 96};

TEST(PicturePool, RejectsSizesOutsideTheLimits) {
  EXPECT_FALSE(PicturePool::create({63, 100}, 2));
  EXPECT_FALSE(PicturePool::create({100, 4097}, 2));
  EXPECT_FALSE(PicturePool::create({-1, 100}, 2));
  EXPECT_TRUE(PicturePool::create({64, 4096}, 2));
}

TEST(PicturePool, PlanesDoNotOverlapAndOddSizesArePadded) {
  auto pool = *PicturePool::create({101, 75}, 2);
  const PictureRef a = pool->acquire();
  ASSERT_TRUE(a);
  EXPECT_EQ(a->coded, (Size{102, 76}));
  EXPECT_GE(a->u - a->y, a->stride_y * a->coded.height);
  EXPECT_GE(a->v - a->u, a->stride_uv * a->coded.height / 2);
  EXPECT_EQ(a->stride_y % 64, 0);
}

TEST(PicturePool, EmptyWhenAllAreInFlight) {
  auto pool = *PicturePool::create(kSize, 2);
  PictureRef a = pool->acquire();
  const PictureRef b = pool->acquire();
  EXPECT_FALSE(pool->acquire());
  a.reset();
  EXPECT_TRUE(pool->acquire());
}

TEST(PicturePool, PicturesOutliveThePoolsOwner) {
  auto pool = *PicturePool::create(kSize, 2);
  const PictureRef a = pool->acquire();
  pool.reset();
  a->y[0] = 7;
  EXPECT_EQ(a->y[0], 7);
}

TEST(PicturePool, StaleRegionTracksEveryPictureUnderRandomUse) {
  auto pool = *PicturePool::create(kSize, 3);
  std::mt19937 random(11);
  std::map<const Picture*, std::vector<bool>> truth;  // true: the cell is out of date
  const auto cells = static_cast<std::size_t>(kSize.width) * static_cast<std::size_t>(kSize.height);
  std::vector<PictureRef> held;
  std::vector<const Picture*> all;
  while (PictureRef ref = pool->acquire()) {
    all.push_back(&*ref);
    truth[&*ref] = std::vector<bool>(cells, true);
    held.push_back(std::move(ref));
  }
  held.clear();
  for (int step = 0; step < 200; ++step) {
    const Rect r{static_cast<int>(random() % 100), static_cast<int>(random() % 80), 8, 8};
    pool->add_damage(Region(r));
    for (const Picture* picture : all) {
      for (int y = r.y; y < r.y + r.height; ++y) {
        for (int x = r.x; x < r.x + r.width; ++x) {
          truth[picture][static_cast<std::size_t>(y * kSize.width + x)] = true;
        }
      }
    }
    if (random() % 2 == 0 && !held.empty()) held.erase(held.begin());
    if (PictureRef ref = pool->acquire()) {
      auto& model = truth[&*ref];
      for (int y = 0; y < kSize.height; ++y) {
        for (int x = 0; x < kSize.width; ++x) {
          if (model[static_cast<std::size_t>(y * kSize.width + x)]) {
            ASSERT_TRUE(ref->stale.contains(x, y));
          }
        }
      }
      ref->stale.clear();
      std::fill(model.begin(), model.end(), false);
      held.push_back(std::move(ref));
    }
  }
}

}  // namespace
}  // namespace rp
