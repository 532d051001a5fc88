#include "engine/wire/tiles.h"

#include <cstring>

#include "engine/wire/bytes.h"

namespace rp::wire {
namespace {

void put16(std::vector<std::uint8_t>& out, std::uint16_t value) {
  out.push_back(static_cast<std::uint8_t>(value & 0xFFU));
  out.push_back(static_cast<std::uint8_t>(value >> 8U));
}

void put_area(std::vector<std::uint8_t>& out, const Area& area) {
  put16(out, area.x);
  put16(out, area.y);
  put16(out, area.width);
  put16(out, area.height);
}

}  // namespace

void append_copy(std::vector<std::uint8_t>& out, const Area& from, std::uint16_t to_x,
                 std::uint16_t to_y) {
  out.insert(out.end(), {static_cast<std::uint8_t>(OperationKind::kCopy), 0, 0, 0});
  put_area(out, from);
  put16(out, to_x);
  put16(out, to_y);
}

std::size_t begin_tile(std::vector<std::uint8_t>& out, TileEncoding encoding, const Area& area) {
  const std::size_t begin = out.size();
  out.insert(out.end(), {static_cast<std::uint8_t>(OperationKind::kTile),
                         static_cast<std::uint8_t>(encoding), 0, 0});
  put_area(out, area);
  out.insert(out.end(), 4, 0);
  return begin;
}

void end_tile(std::vector<std::uint8_t>& out, std::size_t begin) {
  const auto bytes = static_cast<std::uint32_t>(out.size() - begin - kOperationBytes);
  std::memcpy(out.data() + begin + 12, &bytes, sizeof bytes);
}

bool OperationReader::inside(std::uint16_t x, std::uint16_t y, const Area& area) const {
  return x + area.width <= width_px_ && y + area.height <= height_px_;
}

Result<Operation> OperationReader::next() {
  ByteReader in("TILES", left_);
  Operation op;
  op.kind = static_cast<OperationKind>(in.integer<std::uint8_t>("kind", 1, 2));
  const bool copy = op.kind == OperationKind::kCopy;
  const auto encoding = in.integer<std::uint8_t>("encoding");
  in.skip(2);
  op.area.x = in.integer<std::uint16_t>("x");
  op.area.y = in.integer<std::uint16_t>("y");
  op.area.width = in.integer<std::uint16_t>("width", 1, 0xFFFF);
  op.area.height = in.integer<std::uint16_t>("height", 1, 0xFFFF);
  if (!in.failed() && !inside(op.area.x, op.area.y, op.area)) {
    in.fail_field("rectangle", "reaches outside the picture");
  }
  if (copy) {
    op.to_x = in.integer<std::uint16_t>("to_x");
    op.to_y = in.integer<std::uint16_t>("to_y");
    if (!in.failed() && !inside(op.to_x, op.to_y, op.area)) {
      in.fail_field("to", "reaches outside the picture");
    }
  } else {
    if (!in.failed() && encoding > static_cast<std::uint8_t>(TileEncoding::kPlain)) {
      in.fail_field("encoding", "must be 0 to 3");
    }
    if (!in.failed() && std::uint32_t{op.area.width} * op.area.height > kMaxTilePixels) {
      in.fail_field("rectangle", "has more than 262144 pixels");
    }
    op.encoding = static_cast<TileEncoding>(encoding);
    const auto bytes = in.integer<std::uint32_t>("bytes");
    op.data = in.blob("data", bytes);
  }
  RP_TRY(in.finish());
  left_ = in.rest();
  return op;
}

}  // namespace rp::wire
