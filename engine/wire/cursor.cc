#include "engine/wire/cursor.h"

#include "engine/wire/bytes.h"

namespace rp::wire {

Result<Cursor> parse_cursor(const MessageView& message) {
  ByteReader in("CURSOR", message.body);
  Cursor cursor;
  if ((message.flags & kCursorHidden) != 0) {
    cursor.hidden = true;
    return cursor;
  }
  if ((message.flags & kCursorShape) != 0) {
    cursor.shape = in.string("shape", UINT16_MAX);
    if (cursor.shape.empty()) in.fail_field("shape", "must not be empty");
  } else {
    cursor.width_px = in.integer<std::uint16_t>("width_px", 1, kMaxCursorSide_px);
    cursor.height_px = in.integer<std::uint16_t>("height_px", 1, kMaxCursorSide_px);
    cursor.hotspot_x = in.integer<std::int16_t>("hotspot_x");
    cursor.hotspot_y = in.integer<std::int16_t>("hotspot_y");
    cursor.rgba = in.blob("rgba", std::size_t{cursor.width_px} * cursor.height_px * 4);
  }
  RP_TRY(in.finish());
  return cursor;
}

Status append(std::vector<std::uint8_t>& out, const Cursor& cursor) {
  if (cursor.hidden) {
    const ByteWriter message(out, MessageType::kCursor, kCursorHidden);  // written when it goes
    return {};
  }
  if (!cursor.shape.empty()) {
    ByteWriter(out, MessageType::kCursor, kCursorShape).string(cursor.shape);
    return {};
  }
  const bool sides_fit = cursor.width_px >= 1 && cursor.width_px <= kMaxCursorSide_px &&
                         cursor.height_px >= 1 && cursor.height_px <= kMaxCursorSide_px;
  if (!sides_fit || cursor.rgba.size() != std::size_t{cursor.width_px} * cursor.height_px * 4) {
    return fail(ErrorCode::kInvalid, "CURSOR image must be 1 to 256 pixels a side, 4 bytes each");
  }
  ByteWriter(out, MessageType::kCursor)
      .integer(cursor.width_px)
      .integer(cursor.height_px)
      .integer(cursor.hotspot_x)
      .integer(cursor.hotspot_y)
      .blob(cursor.rgba);
  return {};
}

}  // namespace rp::wire
