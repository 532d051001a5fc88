// Goal: transforms agree with wl_output.transform, regions stay exact or bounded as promised.
// Method: single pixels followed through all eight transforms against matrices; random sets against
// a bitmap.
#include "engine/frame/geometry.h"

#include <array>
#include <random>
#include <vector>

#include <gtest/gtest.h>

#include "engine/base/limits.h"

namespace rp {
namespace {

constexpr std::array kAll = {Transform::kNormal,     Transform::k90,        Transform::k180,
                             Transform::k270,        Transform::kFlipped,   Transform::kFlipped90,
                             Transform::kFlipped180, Transform::kFlipped270};

// Where a client that draws with transform t puts surface pixel (x, y): flipped about the vertical
// axis first (4 and up), then turned counter-clockwise by quarter turns, as wl_output.transform
// says.
std::pair<int, int> drawn_at(int x, int y, Size surface, Transform t) {
  const auto value = static_cast<unsigned>(t);
  if (value >= 4) x = surface.width - 1 - x;
  for (unsigned i = 0; i < value % 4; ++i) {
    const int turned_x = y;
    const int turned_y = surface.width - 1 - x;
    x = turned_x;
    y = turned_y;
    surface = {surface.height, surface.width};
  }
  return {x, y};
}

TEST(Transform, InverseUndoesEveryTransform) {
  const Size size{7, 5};
  for (const Transform t : kAll) {
    const Rect r{1, 2, 3, 1};
    const Rect there = transformed(r, size, t);
    EXPECT_EQ(transformed(there, transformed(size, t), inverted(t)), r) << static_cast<int>(t);
  }
}

TEST(Transform, EachIsADifferentPermutationOfPixelsInsideTheSpace) {
  const Size size{4, 3};
  std::vector<std::vector<std::pair<int, int>>> seen;
  for (const Transform t : kAll) {
    std::vector<std::pair<int, int>> image;
    const Size after = transformed(size, t);
    for (int y = 0; y < size.height; ++y) {
      for (int x = 0; x < size.width; ++x) {
        const Rect p = transformed(Rect{x, y, 1, 1}, size, t);
        EXPECT_TRUE(p.x >= 0 && p.y >= 0 && p.x < after.width && p.y < after.height);
        image.emplace_back(p.x, p.y);
      }
    }
    for (const auto& other : seen) EXPECT_NE(image, other);
    seen.push_back(std::move(image));
  }
}

TEST(Transform, BringsEveryPixelOfABufferBackUpright) {
  const Size surface{7, 5};
  for (const Transform t : kAll) {
    const Size buffer = transformed(surface, t);
    for (int y = 0; y < surface.height; ++y) {
      for (int x = 0; x < surface.width; ++x) {
        const auto [bx, by] = drawn_at(x, y, surface, t);
        EXPECT_EQ(transformed(Rect{bx, by, 1, 1}, buffer, t), (Rect{x, y, 1, 1}))
            << static_cast<int>(t);
      }
    }
  }
}

TEST(Region, MatchesABitmapUnderRandomOperations) {
  constexpr int kSide = 48;
  std::mt19937 random(7);
  const auto pick = [&](int below) {
    return static_cast<int>(random() % static_cast<unsigned>(below));
  };
  Region region;
  std::array<std::array<bool, kSide>, kSide> bitmap{};
  for (int step = 0; step < 40; ++step) {
    const Rect r{pick(kSide), pick(kSide), 1 + pick(8), 1 + pick(8)};
    const Rect inside = intersection(r, {0, 0, kSide, kSide});
    const bool adding = step % 3 != 0;
    if (adding) {
      ASSERT_TRUE(region.add_exact(inside));
    } else {
      region.subtract(Region(inside));
    }
    for (int y = inside.y; y < inside.y + inside.height; ++y) {
      for (int x = inside.x; x < inside.x + inside.width; ++x) {
        bitmap[static_cast<std::size_t>(y)][static_cast<std::size_t>(x)] = adding;
      }
    }
  }
  std::int64_t area = 0;
  for (int y = 0; y < kSide; ++y) {
    for (int x = 0; x < kSide; ++x) {
      const bool set = bitmap[static_cast<std::size_t>(y)][static_cast<std::size_t>(x)];
      EXPECT_EQ(region.contains(x, y), set);
      area += set ? 1 : 0;
    }
  }
  EXPECT_EQ(region.area(), area);
}

TEST(Region, DamageCollapsesToItsBoundsInsteadOfGrowing) {
  Region region;
  for (int i = 0; i < 1000; ++i) region.add(Rect{i * 4, i * 4, 2, 2});
  EXPECT_LE(region.boxes().size(), limits::kMaxDamageRects);
  EXPECT_EQ(region.bounds(), (Rect{0, 0, 3998, 3998}));
}

TEST(Region, ExactRegionsRefuseInsteadOfGrowing) {
  Region region;
  std::size_t taken = 0;
  while (region.add_exact(Rect{static_cast<int>(taken) * 4, static_cast<int>(taken) * 4, 2, 2}))
    ++taken;
  EXPECT_EQ(taken, limits::kMaxExactRects);
}

TEST(Region, HostileSizesDoNotOverflow) {
  Region region;
  region.add(Rect{INT32_MIN, INT32_MIN, INT32_MAX, INT32_MAX});
  region.add(Rect{INT32_MAX, INT32_MAX, INT32_MAX, INT32_MAX});
  region.add(Rect{0, 0, INT32_MAX, INT32_MAX});
  region.intersect(Rect{0, 0, 100, 100});
  EXPECT_EQ(region.bounds(), (Rect{0, 0, 100, 100}));
}

}  // namespace
}  // namespace rp
