#include "engine/tiles/moved.h"

#include <algorithm>

namespace rp {
namespace {

constexpr std::size_t kSlots = 8192;  // twice the rows of the largest picture
// The columns that are asked: the middle of what changed is where pages are.
constexpr std::int32_t kVoters = 3;
// Fewer rows that agree are chance.
constexpr std::int32_t kLeastVotes = 8;
// A move shorter than this down a column is not worth an operation.
constexpr std::int32_t kLeastRows = 8;

}  // namespace

void MoveFinder::find(const CellHashes& before, const CellHashes& now, Rect changed, Moves& out) {
  out.blocks.clear();
  out.distance = vote(before, now, changed);
  if (out.distance == 0) return;
  const auto moved = [&](std::int32_t c, std::int32_t y) {
    const std::int32_t from = y + out.distance;
    if (from < 0 || from >= before.rows()) return false;
    const std::uint64_t hash = now.at(c, y);
    return hash != CellHashes::kUnknown && hash == before.at(c, from);
  };
  if (!collect_blocks(before, changed, moved, out.blocks)) out.blocks.clear();
  std::erase_if(out.blocks, [](const CellBlock& b) { return b.bottom - b.top < kLeastRows; });
  // Upwards moves are copied from the top down, downwards ones from the bottom up.
  const bool up = out.distance > 0;
  std::ranges::sort(out.blocks, [up](const CellBlock& a, const CellBlock& b) {
    return up ? a.top < b.top : a.bottom > b.bottom;
  });
}

std::int32_t MoveFinder::vote(const CellHashes& before, const CellHashes& now, Rect changed) {
  table_.resize(kSlots);
  votes_.assign(static_cast<std::size_t>(2 * before.rows() + 1), 0);
  const std::int32_t first = changed.x / CellHashes::kCellWidth_px;
  const std::int32_t count =
      (changed.width + CellHashes::kCellWidth_px - 1) / CellHashes::kCellWidth_px;
  for (std::int32_t i = 0; i < kVoters; ++i) {
    vote_column(before, now, first + count * (2 * i + 1) / (2 * kVoters), changed);
  }
  const auto best = std::ranges::max_element(votes_);
  if (*best < kLeastVotes) return 0;
  return static_cast<std::int32_t>(best - votes_.begin()) - before.rows();
}

void MoveFinder::vote_column(const CellHashes& before, const CellHashes& now, std::int32_t column,
                             Rect changed) {
  ++stamp_;
  const auto slot_of = [&](std::uint64_t hash) -> Slot& {
    std::size_t i = hash % kSlots;
    while (table_[i].stamp == stamp_ && table_[i].hash != hash) i = (i + 1) % kSlots;
    return table_[i];
  };
  const std::int32_t bottom = std::min(changed.y + changed.height, before.rows());
  for (std::int32_t y = changed.y; y < bottom; ++y) {
    const std::uint64_t hash = before.at(column, y);
    if (hash == CellHashes::kUnknown) continue;
    Slot& slot = slot_of(hash);
    const bool again = slot.stamp == stamp_;
    slot = {hash, y, again, stamp_};
  }
  for (std::int32_t y = changed.y; y < bottom; ++y) {
    const std::uint64_t hash = now.at(column, y);
    if (hash == CellHashes::kUnknown || hash == before.at(column, y)) continue;
    const Slot& slot = slot_of(hash);
    if (slot.stamp != stamp_ || slot.twice) continue;
    ++votes_[static_cast<std::size_t>(slot.row - y + before.rows())];
  }
}

}  // namespace rp
