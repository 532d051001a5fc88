#include "engine/tiles/tile_path.h"

#include <algorithm>

#include "engine/wire/tiles.h"

namespace rp {
namespace {

// More pixels than this are cheaper as video, for the CPU on both sides.
constexpr std::int64_t kMostTilePixels = 200'000;
// Less than this is packed sooner than searched for what moved.
constexpr std::int64_t kLeastMovePixels = 20'000;
// More rectangles of damage are looked at as one.
constexpr std::size_t kMostBoxes = 8;
// Content that stays video for so many pictures is not looked at for the next ones; then two looks
// in a row are needed to see it scroll.
constexpr int kVideosBeforeSkipping = 4;
constexpr int kLooksSkipped = 12;
constexpr int kLooksBetween = 2;
// Rows of a picture at rest that are made exact at a time.
constexpr std::int32_t kExactRows = 32;

Rect rect_of(const CellHashes& grid, const CellBlock& block) {
  const Rect left = grid.area_of(block.first, block.top);
  const Rect right = grid.area_of(block.last - 1, block.top);
  return {left.x, block.top, right.x + right.width - left.x, block.bottom - block.top};
}

CellBlock block_of(Rect whole_cells) {
  const std::int32_t right = whole_cells.x + whole_cells.width;
  return {whole_cells.x / CellHashes::kCellWidth_px,
          (right + CellHashes::kCellWidth_px - 1) / CellHashes::kCellWidth_px, whole_cells.y,
          whole_cells.y + whole_cells.height};
}

Rect bounds_of(const CellHashes& grid, const std::vector<CellBlock>& blocks) {
  Region all;
  for (const CellBlock& block : blocks) all.add(rect_of(grid, block));
  return all.bounds();
}

std::int64_t area_of(const CellHashes& grid, const std::vector<CellBlock>& blocks) {
  std::int64_t sum = 0;
  for (const CellBlock& block : blocks) sum += area_of(rect_of(grid, block));
  return sum;
}

}  // namespace

void TilePath::reset(Size size) {
  shown_.reset(size);
  lossy_ = Region({0, 0, size.width, size.height});
  videos_in_a_row_ = 0;
  looks_to_skip_ = 0;
}

void TilePath::all_by_video() {
  const Rect all{0, 0, shown_.size().width, shown_.size().height};
  shown_.forget(all);
  lossy_ = Region(all);
}

TilePath::Verdict TilePath::by_video(Rect shown) {
  lossy_.add(shown);
  if (++videos_in_a_row_ >= kVideosBeforeSkipping) {
    videos_in_a_row_ -= kLooksBetween;
    looks_to_skip_ = kLooksSkipped;
  }
  return {Kind::kVideo, shown};
}

TilePath::Verdict TilePath::look(const Scene& scene, Composer& composer, std::size_t most_bytes,
                                 AccessUnit& unit) {
  const Rect all{0, 0, scene.output.width, scene.output.height};
  const Rect damaged = intersection(scene.damage.bounds(), all);
  if (damaged.empty()) return {};
  if (looks_to_skip_ > 0) {
    --looks_to_skip_;
    shown_.forget(damaged);
    lossy_.add(damaged);
    return {Kind::kVideo, damaged};
  }
  TileScratch& s = scratch_;
  // Between two looks every cell of it is unknown.
  if (s.now.size() != scene.output) s.now.reset(scene.output);
  s.changed.clear();
  if (scene.damage.boxes().size() > kMostBoxes) {
    hash_box(scene, composer, damaged);
  } else {
    for (const pixman_box32_t& box : scene.damage.boxes()) {
      hash_box(scene, composer, intersection(Region::rect_of(box), all));
    }
  }
  const Verdict verdict = s.changed.empty() ? Verdict{} : decide(scene, composer, most_bytes, unit);
  s.now.forget(damaged);
  return verdict;
}

// What to do about the cells in scratch_.changed.
TilePath::Verdict TilePath::decide(const Scene& scene, Composer& composer, std::size_t most_bytes,
                                   AccessUnit& unit) {
  TileScratch& s = scratch_;
  const Rect bounds = bounds_of(shown_, s.changed);
  s.moves.blocks.clear();
  if (area_of(shown_, s.changed) >= kLeastMovePixels) s.finder.find(shown_, s.now, bounds, s.moves);
  sort_out();
  const bool packed =
      area_of(shown_, s.rest) <= kMostTilePixels && pack(scene, composer, most_bytes, unit);
  if (packed) move_lossy();
  take_over(bounds);
  if (!packed) return by_video(intersection(bounds, scene.damage.bounds()));
  videos_in_a_row_ = 0;
  return {Kind::kTiles, {}};
}

// Hashes the cells a rectangle of damage touches, and notes those that differ.
void TilePath::hash_box(const Scene& scene, Composer& composer, Rect box) {
  const Rect area = shown_.whole_cells(box);
  // What cannot be read is left out, here as when it is composed.
  (void)composer.scan(scene, area, [&](std::int32_t y, const std::uint32_t* pixels) {
    hash_row(area, y, pixels, scratch_.now);
  });
  const std::size_t before = scratch_.changed.size();
  const auto differs = [&](std::int32_t c, std::int32_t y) {
    return scratch_.now.at(c, y) != shown_.at(c, y);
  };
  if (collect_blocks(shown_, area, differs, scratch_.changed)) return;
  scratch_.changed.resize(before);
  scratch_.changed.push_back(block_of(area));
}

// `area` holds whole cells only; `pixels` are those of its row y.
void TilePath::hash_row(Rect area, std::int32_t y, const std::uint32_t* pixels, CellHashes& into) {
  for (std::int32_t x = area.x; x < area.x + area.width;) {
    const std::int32_t column = x / CellHashes::kCellWidth_px;
    const std::int32_t width = into.area_of(column, y).width;
    into.set(column, y, CellHashes::hash({pixels, static_cast<std::size_t>(width)}));
    pixels += width;
    x += width;
  }
}

// scratch_.rest: what changed and did not only move. Moves that save less than half are not worth
// their operations.
void TilePath::sort_out() {
  TileScratch& s = scratch_;
  if (area_of(shown_, s.moves.blocks) * 2 < area_of(shown_, s.changed)) s.moves.blocks.clear();
  s.rest.clear();
  if (s.moves.blocks.empty()) {
    s.rest = s.changed;
    return;
  }
  const auto rows = static_cast<std::size_t>(shown_.rows());
  const auto cell = [rows](std::int32_t c, std::int32_t y) {
    return static_cast<std::size_t>(c) * rows + static_cast<std::size_t>(y);
  };
  s.covered.assign(static_cast<std::size_t>(shown_.columns()) * rows, 0);
  for (const CellBlock& b : s.moves.blocks) {
    for (std::int32_t c = b.first; c < b.last; ++c) {
      std::fill_n(s.covered.begin() + static_cast<std::ptrdiff_t>(cell(c, b.top)), b.bottom - b.top,
                  1);
    }
  }
  const auto left = [&](std::int32_t c, std::int32_t y) {
    const std::uint64_t hash = s.now.at(c, y);
    return s.covered[cell(c, y)] == 0 && hash != CellHashes::kUnknown && hash != shown_.at(c, y);
  };
  if (collect_blocks(shown_, bounds_of(shown_, s.changed), left, s.rest)) return;
  s.moves.blocks.clear();
  s.rest = s.changed;
}

bool TilePath::pack(const Scene& scene, Composer& composer, std::size_t most_bytes,
                    AccessUnit& unit) {
  TileScratch& s = scratch_;
  unit.bytes.clear();
  unit.operations = 0;
  s.packed.clear();
  const auto px = [](std::int32_t v) { return static_cast<std::uint16_t>(v); };
  for (const CellBlock& block : s.moves.blocks) {
    const Rect to = rect_of(shown_, block);
    const wire::Area from{px(to.x), px(to.y + s.moves.distance), px(to.width), px(to.height)};
    wire::append_copy(unit.bytes, from, px(to.x), px(to.y));
    ++unit.operations;
  }
  const bool few_boxes = scene.damage.boxes().size() <= kMostBoxes;
  for (const CellBlock& block : s.rest) {
    const Rect rect = rect_of(shown_, block);
    if (!few_boxes) {
      if (!pack_tile(scene, composer, rect, unit)) return false;
      continue;
    }
    for (const pixman_box32_t& box : scene.damage.boxes()) {
      const Rect part = intersection(rect, Region::rect_of(box));
      if (!part.empty() && !pack_tile(scene, composer, part, unit)) return false;
    }
    if (unit.bytes.size() > most_bytes) return false;
  }
  return unit.bytes.size() <= most_bytes && unit.operations > 0;
}

bool TilePath::pack_tile(const Scene& scene, Composer& composer, Rect rect, AccessUnit& unit) {
  constexpr int kRoom = 8;  // one rectangle may become several operations
  if (unit.operations + kRoom > wire::kMaxOperations) return false;
  scratch_.pixels.resize(static_cast<std::size_t>(area_of(rect)));
  (void)composer.render(scene, rect, scratch_.pixels);
  const int count = scratch_.encoder.append(scratch_.pixels, static_cast<std::size_t>(rect.width),
                                            rect, unit.bytes);
  unit.operations = static_cast<std::uint16_t>(unit.operations + count);
  scratch_.packed.push_back(rect);
  return true;
}

// What moved is as exact as it was where it came from; what was packed is exact.
void TilePath::move_lossy() {
  const TileScratch& s = scratch_;
  Region moved;
  for (const CellBlock& block : s.moves.blocks) {
    const Rect to = rect_of(shown_, block);
    Region from = lossy_;
    from.intersect({to.x, to.y + s.moves.distance, to.width, to.height});
    from.translate(0, -s.moves.distance);
    moved.add(from);
  }
  for (const CellBlock& block : s.moves.blocks) lossy_.subtract(Region(rect_of(shown_, block)));
  lossy_.add(moved);
  for (const Rect& rect : s.packed) lossy_.subtract(Region(rect));
}

// The viewer's picture is the scene's inside `area` from now on.
void TilePath::take_over(Rect area) {
  for (std::int32_t c = area.x / CellHashes::kCellWidth_px;
       c * CellHashes::kCellWidth_px < area.x + area.width; ++c) {
    for (std::int32_t y = area.y; y < area.y + area.height; ++y) {
      const std::uint64_t hash = scratch_.now.at(c, y);
      if (hash != CellHashes::kUnknown) shown_.set(c, y, hash);
    }
  }
}

void TilePath::make_exact(const Scene& scene, Composer& composer, std::size_t most_bytes,
                          AccessUnit& unit) {
  unit.bytes.clear();
  unit.operations = 0;
  while (!lossy_.empty() && unit.bytes.size() < most_bytes) {
    Rect band = shown_.whole_cells(Region::rect_of(lossy_.boxes().front()));
    band.height = std::min(band.height, kExactRows);
    if (!pack_tile(scene, composer, band, unit)) break;
    (void)composer.scan(scene, band, [&](std::int32_t y, const std::uint32_t* pixels) {
      hash_row(band, y, pixels, shown_);
    });
    lossy_.subtract(Region(band));
  }
}

}  // namespace rp
