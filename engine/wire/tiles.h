// The operations inside TILES (docs/wire_format.md): written one after the other by the engine,
// read one after the other by a viewer. Thread rule: plain values.
//
//   COPY   0 kind 1     1 reserved (3)               4 x  6 y  8 width  10 height  12 to_x  14 to_y
//   TILE   0 kind 2     1 encoding   2 reserved (2)  4 x  6 y  8 width  10 height  12 bytes  16
//   data
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "engine/wire/video.h"

namespace rp::wire {

inline constexpr std::size_t kOperationBytes = 16;
inline constexpr std::uint16_t kMaxOperations = 1024;
inline constexpr std::uint32_t kMaxTilePixels = 262'144;

enum class OperationKind : std::uint8_t { kCopy = 1, kTile = 2 };

enum class TileEncoding : std::uint8_t {
  kSolid = 0,    // red, green, blue
  kPalette = 1,  // colours − 1, red, green, blue of each; LZ4 block of an index a pixel
  kRgb = 2,      // LZ4 block of red, green, blue of each pixel
  kPlain = 3,    // red, green, blue of each pixel
};

struct Operation {
  OperationKind kind = OperationKind::kTile;
  Area area;               // COPY: what is read; TILE: what is written
  std::uint16_t to_x = 0;  // COPY
  std::uint16_t to_y = 0;
  TileEncoding encoding = TileEncoding::kSolid;  // TILE
  std::span<const std::uint8_t> data = {};       // TILE; borrowed
};

void append_copy(std::vector<std::uint8_t>& out, const Area& from, std::uint16_t to_x,
                 std::uint16_t to_y);
// The head of a TILE; its data is appended by the caller, then end_tile() writes how much that was.
// Returns where the tile begins in `out`, for end_tile().
[[nodiscard]] std::size_t begin_tile(std::vector<std::uint8_t>& out, TileEncoding encoding,
                                     const Area& area);
void end_tile(std::vector<std::uint8_t>& out, std::size_t begin);

// Reads the operations of a TILES of `size` in order.
class OperationReader {
 public:
  OperationReader(std::span<const std::uint8_t> data, std::uint16_t width_px,
                  std::uint16_t height_px)
      : left_(data), width_px_(width_px), height_px_(height_px) {}
  [[nodiscard]] bool more() const { return !left_.empty(); }
  // kInvalid naming the field; reading must then stop. The data itself is not unpacked.
  [[nodiscard]] Result<Operation> next();

 private:
  [[nodiscard]] bool inside(std::uint16_t x, std::uint16_t y, const Area& area) const;

  std::span<const std::uint8_t> left_;
  std::uint16_t width_px_;
  std::uint16_t height_px_;
};

}  // namespace rp::wire
