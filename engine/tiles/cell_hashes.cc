#include "engine/tiles/cell_hashes.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>

namespace rp {

void CellHashes::reset(Size size) {
  size_ = size;
  columns_ = (size.width + kCellWidth_px - 1) / kCellWidth_px;
  cells_.assign(static_cast<std::size_t>(columns_) * static_cast<std::size_t>(size.height),
                kUnknown);
}

void CellHashes::forget(Rect rect) {
  const Rect part = intersection(whole_cells(rect), {0, 0, size_.width, size_.height});
  if (part.empty()) return;
  for (std::int32_t c = part.x / kCellWidth_px; c * kCellWidth_px < part.x + part.width; ++c) {
    const auto first = cells_.begin() + static_cast<std::ptrdiff_t>(index(c, part.y));
    std::fill_n(first, part.height, kUnknown);
  }
}

Rect CellHashes::area_of(std::int32_t column, std::int32_t row, std::int32_t rows) const {
  const std::int32_t x = column * kCellWidth_px;
  return {x, row, std::min(kCellWidth_px, size_.width - x), rows};
}

Rect CellHashes::whole_cells(Rect rect) const {
  const std::int32_t left = rect.x / kCellWidth_px * kCellWidth_px;
  const std::int32_t right =
      (rect.x + rect.width + kCellWidth_px - 1) / kCellWidth_px * kCellWidth_px;
  return {left, rect.y, std::min(right, size_.width) - left, rect.height};
}

// In two halves, because XXH3 is at its best up to 240 bytes: a row of a whole cell has 256.
std::uint64_t CellHashes::hash(std::span<const std::uint32_t> pixels) {
  const std::span<const std::uint32_t> head = pixels.first(pixels.size() / 2);
  const std::span<const std::uint32_t> tail = pixels.subspan(head.size());
  const std::uint64_t value = XXH3_64bits_withSeed(tail.data(), tail.size_bytes(),
                                                   XXH3_64bits(head.data(), head.size_bytes()));
  return value == kUnknown ? 1 : value;
}

}  // namespace rp
