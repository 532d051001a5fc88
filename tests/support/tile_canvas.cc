#include "tests/support/tile_canvas.h"

#include <lz4.h>

#include <algorithm>

namespace rp {
namespace {

std::uint32_t rgb(const std::uint8_t* p) {
  return 0xFF00'0000U | static_cast<std::uint32_t>(p[0]) << 16 |
         static_cast<std::uint32_t>(p[1]) << 8 | p[2];
}

}  // namespace

TileCanvas::TileCanvas(Size size)
    : size_(size),
      pixels_(static_cast<std::size_t>(size.width) * static_cast<std::size_t>(size.height),
              0xFF00'0000U) {}

Status TileCanvas::apply(std::span<const std::uint8_t> operations) {
  wire::OperationReader reader(operations, static_cast<std::uint16_t>(size_.width),
                               static_cast<std::uint16_t>(size_.height));
  while (reader.more()) {
    RP_ASSIGN(const wire::Operation op, reader.next());
    if (op.kind == wire::OperationKind::kCopy) {
      copy(op);
    } else {
      RP_TRY(tile(op));
    }
  }
  return {};
}

void TileCanvas::copy(const wire::Operation& op) {
  const std::vector<std::uint32_t> before = pixels_;
  const auto width = static_cast<std::size_t>(size_.width);
  for (std::size_t y = 0; y < op.area.height; ++y) {
    std::copy_n(before.begin() + static_cast<std::ptrdiff_t>((op.area.y + y) * width + op.area.x),
                op.area.width,
                pixels_.begin() + static_cast<std::ptrdiff_t>((op.to_y + y) * width + op.to_x));
  }
}

Status TileCanvas::unpack(std::span<const std::uint8_t> block, std::size_t bytes) {
  unpacked_.resize(bytes);
  const int got = LZ4_decompress_safe(reinterpret_cast<const char*>(block.data()),
                                      reinterpret_cast<char*>(unpacked_.data()),
                                      static_cast<int>(block.size()), static_cast<int>(bytes));
  if (got != static_cast<int>(bytes)) return fail(ErrorCode::kInvalid, "TILE data does not unpack");
  return {};
}

Status TileCanvas::tile(const wire::Operation& op) {
  const std::size_t count = std::size_t{op.area.width} * op.area.height;
  std::vector<std::uint32_t> out(count);
  std::span<const std::uint8_t> data = op.data;
  switch (op.encoding) {
    case wire::TileEncoding::kSolid:
      if (data.size() != 3) return fail(ErrorCode::kInvalid, "a SOLID tile has 3 bytes");
      std::ranges::fill(out, rgb(data.data()));
      break;
    case wire::TileEncoding::kPalette: {
      const std::size_t colours = data.empty() ? 0 : std::size_t{data[0]} + 1;
      if (data.size() < 1 + 3 * colours) return fail(ErrorCode::kInvalid, "palette is short");
      RP_TRY(unpack(data.subspan(1 + 3 * colours), count));
      for (std::size_t i = 0; i < count; ++i) {
        if (unpacked_[i] >= colours) return fail(ErrorCode::kInvalid, "index outside the palette");
        out[i] = rgb(data.data() + 1 + 3 * std::size_t{unpacked_[i]});
      }
      break;
    }
    case wire::TileEncoding::kRgb:
      RP_TRY(unpack(data, 3 * count));
      for (std::size_t i = 0; i < count; ++i) out[i] = rgb(unpacked_.data() + 3 * i);
      break;
    case wire::TileEncoding::kPlain:
      if (data.size() != 3 * count) return fail(ErrorCode::kInvalid, "a plain tile's bytes");
      for (std::size_t i = 0; i < count; ++i) out[i] = rgb(data.data() + 3 * i);
      break;
  }
  const auto width = static_cast<std::size_t>(size_.width);
  for (std::size_t y = 0; y < op.area.height; ++y) {
    std::copy_n(out.begin() + static_cast<std::ptrdiff_t>(y * op.area.width), op.area.width,
                pixels_.begin() + static_cast<std::ptrdiff_t>((op.area.y + y) * width + op.area.x));
  }
  return {};
}

}  // namespace rp
