// What changed between two pictures, and what of it only moved up or down: pages that scroll.
// Method: cells (CellHashes) that stand once in the old picture vote for the distance at which the
// new picture has them; the winner is then checked cell by cell. Thread rule: a plain object with
// scratch memory; one thread.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "engine/frame/geometry.h"
#include "engine/tiles/cell_hashes.h"

namespace rp {

// Rows [top, bottom) of columns [first, last).
struct CellBlock {
  std::int32_t first = 0;
  std::int32_t last = 0;
  std::int32_t top = 0;
  std::int32_t bottom = 0;
  friend bool operator==(const CellBlock&, const CellBlock&) = default;
};

struct Moves {
  std::int32_t distance = 0;  // rows: what is at y now was at y + distance
  // Where it is now, in the order in which copying one after the other reads only what has not been
  // overwritten yet. Empty: nothing moved.
  std::vector<CellBlock> blocks;
};

class MoveFinder {
 public:
  // Cells of `now` inside `changed` that differ from `before` and were elsewhere in their column of
  // `before`. `changed` in pixels, whole cells.
  void find(const CellHashes& before, const CellHashes& now, Rect changed, Moves& out);

 private:
  [[nodiscard]] std::int32_t vote(const CellHashes& before, const CellHashes& now, Rect changed);
  void vote_column(const CellHashes& before, const CellHashes& now, std::int32_t column,
                   Rect changed);

  struct Slot {
    std::uint64_t hash = 0;
    std::int32_t row = 0;
    bool twice = false;
    std::uint32_t stamp = 0;  // of the column it was filled for
  };
  std::vector<Slot> table_;
  std::uint32_t stamp_ = 0;
  std::vector<std::int32_t> votes_;  // by distance + rows
};

inline constexpr std::size_t kMostBlocks = 256;

// The blocks of cells inside `area` for which `wanted(column, row)` holds: runs down each column,
// joined sideways where they are alike. False when they are more than kMostBlocks; `out` is then
// incomplete.
template <typename Wanted>
[[nodiscard]] bool collect_blocks(const CellHashes& grid, Rect area, Wanted wanted,
                                  std::vector<CellBlock>& out) {
  const std::int32_t first = area.x / CellHashes::kCellWidth_px;
  const std::int32_t last =
      (area.x + area.width + CellHashes::kCellWidth_px - 1) / CellHashes::kCellWidth_px;
  const std::int32_t bottom = std::min(area.y + area.height, grid.rows());
  for (std::int32_t c = first; c < last; ++c) {
    for (std::int32_t y = area.y; y < bottom; ++y) {
      if (!wanted(c, y)) continue;
      CellBlock run{c, c + 1, y, y + 1};
      while (run.bottom < bottom && wanted(c, run.bottom)) ++run.bottom;
      y = run.bottom;
      bool joined = false;
      for (CellBlock& block : out) {
        joined = block.last == c && block.top == run.top && block.bottom == run.bottom;
        if (!joined) continue;
        ++block.last;
        break;
      }
      if (joined) continue;
      if (out.size() == kMostBlocks) return false;
      out.push_back(run);
    }
  }
  return true;
}

}  // namespace rp
