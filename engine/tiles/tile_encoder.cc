#include "engine/tiles/tile_encoder.h"

#include <lz4.h>

#include <algorithm>

#include "engine/wire/tiles.h"

namespace rp {
namespace {

constexpr std::size_t kMaxColours = 256;
// LZ4's speed against its ratio: 1 is its default; text does not gain from slower.
constexpr int kAcceleration = 1;

void append_rgb(std::vector<std::uint8_t>& out, std::uint32_t pixel) {
  out.push_back(static_cast<std::uint8_t>(pixel >> 16));
  out.push_back(static_cast<std::uint8_t>(pixel >> 8));
  out.push_back(static_cast<std::uint8_t>(pixel));
}

wire::Area wire_area(Rect r) {
  const auto px = [](std::int32_t v) { return static_cast<std::uint16_t>(v); };
  return {px(r.x), px(r.y), px(r.width), px(r.height)};
}

std::span<const std::uint32_t> row(std::span<const std::uint32_t> pixels, std::size_t stride,
                                   std::int32_t y, std::int32_t width) {
  return pixels.subspan(static_cast<std::size_t>(y) * stride, static_cast<std::size_t>(width));
}

}  // namespace

TileEncoder::TileEncoder()
    : lz4_state_((static_cast<std::size_t>(LZ4_sizeofState()) + sizeof(std::uint64_t) - 1) /
                 sizeof(std::uint64_t)) {}

int TileEncoder::append(std::span<const std::uint32_t> pixels, std::size_t stride, Rect area,
                        std::vector<std::uint8_t>& out) {
  const auto most_rows =
      std::max(1, static_cast<std::int32_t>(wire::kMaxTilePixels) / std::max(1, area.width));
  int count = 0;
  for (std::int32_t y = 0; y < area.height; y += most_rows, ++count) {
    const Rect band{area.x, area.y + y, area.width, std::min(most_rows, area.height - y)};
    append_one(pixels.subspan(static_cast<std::size_t>(y) * stride), stride, band, out);
  }
  return count;
}

void TileEncoder::append_one(std::span<const std::uint32_t> pixels, std::size_t stride, Rect area,
                             std::vector<std::uint8_t>& out) {
  const bool few = index(pixels, stride, area);
  if (few && colours_.size() == 1) {
    const std::size_t begin = wire::begin_tile(out, wire::TileEncoding::kSolid, wire_area(area));
    append_rgb(out, colours_[0]);
    wire::end_tile(out, begin);
    return;
  }
  if (few) {
    const std::size_t begin = wire::begin_tile(out, wire::TileEncoding::kPalette, wire_area(area));
    out.push_back(static_cast<std::uint8_t>(colours_.size() - 1));
    for (const std::uint32_t colour : colours_) append_rgb(out, colour);
    append_lz4(out);
    wire::end_tile(out, begin);
    return;
  }
  packed_.clear();
  for (std::int32_t y = 0; y < area.height; ++y) {
    for (const std::uint32_t pixel : row(pixels, stride, y, area.width)) append_rgb(packed_, pixel);
  }
  std::size_t begin = wire::begin_tile(out, wire::TileEncoding::kRgb, wire_area(area));
  append_lz4(out);
  if (out.size() - begin - wire::kOperationBytes >= packed_.size()) {
    out.resize(begin);
    begin = wire::begin_tile(out, wire::TileEncoding::kPlain, wire_area(area));
    out.insert(out.end(), packed_.begin(), packed_.end());
  }
  wire::end_tile(out, begin);
}

bool TileEncoder::index(std::span<const std::uint32_t> pixels, std::size_t stride, Rect area) {
  packed_.clear();
  colours_.clear();
  slot_index_.fill(0);
  std::uint32_t last = 0;  // no pixel is: they are opaque
  std::uint8_t last_index = 0;
  for (std::int32_t y = 0; y < area.height; ++y) {
    for (const std::uint32_t pixel : row(pixels, stride, y, area.width)) {
      if (pixel != last) {
        const int found = slot_of(pixel);
        if (found < 0) return false;
        last = pixel;
        last_index = static_cast<std::uint8_t>(found);
      }
      packed_.push_back(last_index);
    }
  }
  return true;
}

int TileEncoder::slot_of(std::uint32_t pixel) {
  std::size_t slot = (pixel * 0x9E37'79B1U) >> 22U;  // Fibonacci hashing to 10 bits
  while (slot_index_[slot] != 0) {
    if (slot_colour_[slot] == pixel) return slot_index_[slot] - 1;
    slot = (slot + 1) % kSlots;
  }
  if (colours_.size() == kMaxColours) return -1;
  slot_colour_[slot] = pixel;
  colours_.push_back(pixel);
  slot_index_[slot] = static_cast<std::uint16_t>(colours_.size());
  return static_cast<int>(colours_.size()) - 1;
}

void TileEncoder::append_lz4(std::vector<std::uint8_t>& out) {
  const auto bytes = static_cast<int>(packed_.size());
  const auto room = static_cast<std::size_t>(LZ4_compressBound(bytes));
  const std::size_t begin = out.size();
  out.resize(begin + room);
  const int packed = LZ4_compress_fast_extState(
      lz4_state_.data(), reinterpret_cast<const char*>(packed_.data()),
      reinterpret_cast<char*>(out.data() + begin), bytes, static_cast<int>(room), kAcceleration);
  out.resize(begin + static_cast<std::size_t>(packed));
}

}  // namespace rp
