// Goal: a page that scrolls is found, however far, with things beside it that stand still; what
// only looks alike is not. Method: pictures as columns of row numbers, hashed as they are.
#include "engine/tiles/moved.h"

#include <functional>

#include <gtest/gtest.h>

namespace rp {
namespace {

constexpr Size kSize{256, 400};  // four columns

CellHashes picture(const std::function<std::uint64_t(int column, int row)>& content) {
  CellHashes cells;
  cells.reset(kSize);
  for (int c = 0; c < cells.columns(); ++c) {
    for (int y = 0; y < cells.rows(); ++y) cells.set(c, y, content(c, y));
  }
  return cells;
}

std::uint64_t text(int column, int row) {
  // Lines of 20 rows with 8 blank ones between them.
  const bool blank = (row % 20 + 20) % 20 >= 12;
  return blank ? 1 : static_cast<std::uint64_t>(1'000 + row * 8 + column);
}

// What a row holds that is like no other.
std::uint64_t row(std::uint64_t first, int y) { return first + static_cast<std::uint64_t>(y); }

Moves find(const CellHashes& before, const CellHashes& now, Rect changed) {
  MoveFinder finder;
  Moves moves;
  finder.find(before, now, changed, moves);
  return moves;
}

TEST(MoveFinder, PageThatScrolledUp) {
  const auto before = picture([](int c, int y) { return text(c, y); });
  const auto now = picture([](int c, int y) { return text(c, y + 37); });
  const Moves moves = find(before, now, {0, 0, 256, 400});
  EXPECT_EQ(moves.distance, 37);
  ASSERT_EQ(moves.blocks.size(), 1U);
  EXPECT_EQ(moves.blocks[0], (CellBlock{0, 4, 0, 363}));
}

TEST(MoveFinder, PageThatScrolledDownIsCopiedFromTheBottomUp) {
  const auto bar = [](int y) { return y >= 200 && y < 216; };
  const auto before = picture([&](int c, int y) { return bar(y) ? row(7'000, y) : text(c, y); });
  const auto now = picture([&](int c, int y) { return bar(y) ? row(7'000, y) : text(c, y - 50); });
  const Moves moves = find(before, now, {0, 0, 256, 400});
  EXPECT_EQ(moves.distance, -50);
  ASSERT_GE(moves.blocks.size(), 2U);
  EXPECT_GT(moves.blocks[0].top, moves.blocks[1].top);
}

TEST(MoveFinder, WhatStandsBesideThePageIsLeft) {
  // The last column is a scroll bar whose rows all differ from before.
  const auto before = picture([](int c, int y) { return c == 3 ? row(9'000'000, y) : text(c, y); });
  const auto now =
      picture([](int c, int y) { return c == 3 ? row(5'000'000, y) : text(c, y + 6); });
  const Moves moves = find(before, now, {0, 0, 256, 400});
  EXPECT_EQ(moves.distance, 6);
  ASSERT_EQ(moves.blocks.size(), 1U);
  EXPECT_EQ(moves.blocks[0].last, 3);
}

TEST(MoveFinder, AnotherPageIsNoMove) {
  const auto before = picture([](int c, int y) { return text(c, y); });
  const auto now = picture([](int c, int y) { return text(c, y) + 50'000'000; });
  EXPECT_TRUE(find(before, now, {0, 0, 256, 400}).blocks.empty());
}

TEST(MoveFinder, RowsThatAreAllAlikeAreNoMove) {
  const auto before = picture([](int, int y) { return row(1, y % 2); });
  const auto now = picture([](int, int y) { return row(1, (y + 1) % 2); });
  EXPECT_TRUE(find(before, now, {0, 0, 256, 400}).blocks.empty());
}

TEST(MoveFinder, UnknownCellsAreNeverTheSame) {
  const auto before = picture([](int, int) { return CellHashes::kUnknown; });
  const auto now = picture([](int c, int y) { return text(c, y); });
  EXPECT_TRUE(find(before, now, {0, 0, 256, 400}).blocks.empty());
}

TEST(CollectBlocks, JoinsAlikeColumnsAndGivesUpOnTooMany) {
  CellHashes grid;
  grid.reset(kSize);
  std::vector<CellBlock> blocks;
  EXPECT_TRUE(collect_blocks(
      grid, {0, 0, 256, 400}, [](int c, int y) { return c > 0 && y >= 10 && y < 30; }, blocks));
  ASSERT_EQ(blocks.size(), 1U);
  EXPECT_EQ(blocks[0], (CellBlock{1, 4, 10, 30}));
  blocks.clear();
  EXPECT_FALSE(collect_blocks(
      grid, {0, 0, 256, 400}, [](int c, int y) { return (y + c) % 2 == 0; }, blocks));
}

}  // namespace
}  // namespace rp
