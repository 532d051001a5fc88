// TEXT, CLIPBOARD, TEXT_INPUT: text typed or composed by the viewer, clipboards both ways, and the
// phone's wish for text. Offsets are of the body. Thread rule: plain values; text points into the
// bytes.
//
//   TEXT        0 input_sequence  4 kind  5 reserved  6 cursor  8 text (string)
//   CLIPBOARD   0 bytes (u32)  4 text
//   TEXT_INPUT  0 active  1 purpose  2 reserved  4 x  8 y  12 width  16 height       20 bytes
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "engine/wire/message.h"

namespace rp::wire {

enum class TextKind : std::uint8_t { kCommit = 0, kPreedit = 1 };

struct Text {
  std::uint32_t input_sequence = 0;
  TextKind kind = TextKind::kCommit;
  std::uint16_t cursor = 0;    // byte in `text`, on a character's boundary; for preedit
  std::string_view text = {};  // at most limits::kMaxTextBytes
  friend bool operator==(const Text&, const Text&) = default;
};
[[nodiscard]] Result<Text> parse_text(const MessageView& message);
void append(std::vector<std::uint8_t>& out, const Text& text);

// From the client (kClipboard) or from the phone (kPhoneClipboard). At most
// limits::kMaxClipboardBytes of UTF-8; may hold U+0000.
struct Clipboard {
  std::string_view text = {};
  friend bool operator==(const Clipboard&, const Clipboard&) = default;
};
[[nodiscard]] Result<Clipboard> parse_clipboard(const MessageView& message);
void append_client_clipboard(std::vector<std::uint8_t>& out, const Clipboard& clipboard);
void append_phone_clipboard(std::vector<std::uint8_t>& out, const Clipboard& clipboard);

struct TextInput {
  bool active = false;
  std::uint8_t purpose = 0;  // zwp_text_input_v3.content_purpose
  std::int32_t x = 0;        // the caret, display pixels
  std::int32_t y = 0;
  std::int32_t width = 0;
  std::int32_t height = 0;
  friend bool operator==(const TextInput&, const TextInput&) = default;
};
[[nodiscard]] Result<TextInput> parse_text_input(const MessageView& message);
void append(std::vector<std::uint8_t>& out, const TextInput& state);

}  // namespace rp::wire
