// CellHashes: what the viewer's picture is made of, as one hash per cell: one row of pixels of a
// column 64 pixels wide. Two pictures are compared cell by cell without keeping their pixels, and a
// cell that moved is found again by its hash (XXH3, 64 bits; a guest that forges a collision
// deceives only itself). Thread rule: a plain object; one thread.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "engine/frame/geometry.h"

namespace rp {

class CellHashes {
 public:
  static constexpr std::int32_t kCellWidth_px = 64;
  static constexpr std::uint64_t kUnknown = 0;

  // All cells of a picture of `size` are unknown then.
  void reset(Size size);
  [[nodiscard]] Size size() const { return size_; }
  [[nodiscard]] std::int32_t columns() const { return columns_; }
  [[nodiscard]] std::int32_t rows() const { return size_.height; }

  [[nodiscard]] std::uint64_t at(std::int32_t column, std::int32_t row) const {
    return cells_[index(column, row)];
  }
  void set(std::int32_t column, std::int32_t row, std::uint64_t hash) {
    cells_[index(column, row)] = hash;
  }
  // Of the cells that `rect` touches.
  void forget(Rect rect);

  // The pixels of a cell: x and width inside the picture.
  [[nodiscard]] Rect area_of(std::int32_t column, std::int32_t row, std::int32_t rows = 1) const;
  // `rect` grown sideways to whole cells.
  [[nodiscard]] Rect whole_cells(Rect rect) const;
  [[nodiscard]] static std::uint64_t hash(std::span<const std::uint32_t> pixels);

 private:
  // Column by column, because moves are looked for down a column.
  [[nodiscard]] std::size_t index(std::int32_t column, std::int32_t row) const {
    return static_cast<std::size_t>(column) * static_cast<std::size_t>(size_.height) +
           static_cast<std::size_t>(row);
  }

  Size size_;
  std::int32_t columns_ = 0;
  std::vector<std::uint64_t> cells_;
};

}  // namespace rp
