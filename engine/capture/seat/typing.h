// Typing: turns text into key presses. Characters the client's layout has are pressed on it; for a
// text with others, temporary keymaps are made that put each of its characters on a key of its own.
// Place: used by the keyboard when no text input takes the text. Thread rule: pure functions.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/capture/seat/keymap.h"

namespace rp {

// A temporary keymap uses only the keys that carry characters on every keyboard, since some clients
// give the others (F-keys, keypad) a meaning by their code.
[[nodiscard]] std::span<const std::uint32_t> character_keys();

// Strokes to be typed under one keymap.
struct TypingRun {
  std::string keymap_text;  // empty: the layout's own keymap
  std::vector<KeyStroke> strokes;
};

// What to press for `text` (UTF-8; malformed bytes and control characters other than newline,
// return and tab are left out). One run on the layout when it has every character; else runs of
// temporary keymaps with at most character_keys().size() characters each.
[[nodiscard]] std::vector<TypingRun> plan_typing(std::string_view text, const Keymap& keymap);

// The next code point of `text` from `at` on, which moves past it; 0 for a malformed byte (RFC
// 3629).
[[nodiscard]] char32_t next_code_point(std::string_view text, std::size_t& at);

// The longest start of `text` of at most `max_bytes` that does not cut a character.
[[nodiscard]] std::string_view utf8_prefix(std::string_view text, std::size_t max_bytes);

[[nodiscard]] bool is_utf8(std::string_view text);

}  // namespace rp
