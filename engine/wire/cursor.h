// CURSOR: the phone's pointer image, drawn by the viewer so that it never lags behind the hand.
// Thread rule: plain values; shape and pixels point into the parsed bytes.
//
//   hidden (flag bit 0): empty body     shape (flag bit 1): 0 shape (string)
//   image: 0 width_px  2 height_px  4 hotspot_x (i16)  6 hotspot_y (i16)  8 RGBA, rows from the top
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "engine/wire/message.h"

namespace rp::wire {

inline constexpr std::uint8_t kCursorHidden = 1U << 0;
inline constexpr std::uint8_t kCursorShape = 1U << 1;
inline constexpr std::uint16_t kMaxCursorSide_px = 256;

// Hidden, or a CSS cursor name in `shape`, or an image when `shape` is empty.
struct Cursor {
  bool hidden = false;
  std::string_view shape = {};
  std::uint16_t width_px = 0;
  std::uint16_t height_px = 0;
  std::int16_t hotspot_x = 0;
  std::int16_t hotspot_y = 0;
  std::span<const std::uint8_t> rgba = {};  // width × height × 4, straight alpha
};
[[nodiscard]] Result<Cursor> parse_cursor(const MessageView& message);
// kInvalid when an image's sides or byte count are out of bounds; `out` is then untouched.
[[nodiscard]] Status append(std::vector<std::uint8_t>& out, const Cursor& cursor);

}  // namespace rp::wire
