#include "engine/capture/seat/typing.h"

#include <linux/input-event-codes.h>

#include <algorithm>
#include <array>
#include <numeric>

#include <fmt/format.h>

namespace rp {
namespace {

constexpr std::size_t kKeyCount = 12 + 12 + 12 + 1 + 10;

constexpr std::array<std::uint32_t, kKeyCount> make_character_keys() {
  std::array<std::uint32_t, kKeyCount> keys{};
  std::size_t at = 0;
  for (std::uint32_t k = KEY_1; k <= KEY_EQUAL; ++k) keys[at++] = k;
  for (std::uint32_t k = KEY_Q; k <= KEY_RIGHTBRACE; ++k) keys[at++] = k;
  for (std::uint32_t k = KEY_A; k <= KEY_GRAVE; ++k) keys[at++] = k;
  keys[at++] = KEY_BACKSLASH;
  for (std::uint32_t k = KEY_Z; k <= KEY_SLASH; ++k) keys[at++] = k;
  return keys;
}
constexpr auto kCharacterKeys = make_character_keys();

// Newline and tab keep their own keys, so that clients which look at codes see them too.
constexpr char32_t kReturn = U'\r';
constexpr char32_t kTab = U'\t';

std::u32string typeable(std::string_view text) {
  std::u32string out;
  for (std::size_t at = 0; at < text.size();) {
    char32_t c = next_code_point(text, at);
    if (c == U'\n') c = kReturn;
    if (c == kReturn && !out.empty() && out.back() == kReturn && at >= 2 &&
        text.substr(at - 2, 2) == "\r\n") {
      continue;  // one line end, one press
    }
    const bool control = c < 0x20 || (c >= 0x7F && c < 0xA0);
    if (control && c != kReturn && c != kTab) continue;
    if (xkb_utf32_to_keysym(c) == XKB_KEY_NoSymbol) continue;
    out.push_back(c);
  }
  return out;
}

// xkbcommon's keymap text format, V1. Types and virtual modifiers are there because toolkits look
// them up by name; every key has one level and no action.
std::string temporary_keymap(const std::vector<std::pair<std::uint32_t, char32_t>>& keys) {
  std::string codes;
  std::string symbols;
  for (const auto& [code, character] : keys) {
    codes += fmt::format("<T{}> = {};\n", code, code + kXkbKeyOffset);
    symbols += fmt::format("key <T{}> {{ type = \"ONE_LEVEL\", [ 0x{:x} ] }};\n", code,
                           xkb_utf32_to_keysym(character));
  }
  constexpr std::string_view kVirtual =
      "virtual_modifiers NumLock,Alt,LevelThree,Super,LevelFive,Meta,Hyper,ScrollLock;\n";
  return fmt::format(
      "xkb_keymap {{\n"
      "xkb_keycodes \"rackphone\" {{\nminimum = 8;\nmaximum = 255;\n{}}};\n"
      "xkb_types \"rackphone\" {{\n{}"
      "type \"ONE_LEVEL\" {{ modifiers = none; level_name[Level1] = \"Any\"; }};\n}};\n"
      "xkb_compatibility \"rackphone\" {{\n{}"
      "interpret.useModMapMods = AnyLevel;\ninterpret.repeat = False;\n}};\n"
      "xkb_symbols \"rackphone\" {{\nname[group1] = \"text\";\n{}}};\n"
      "}};\n",
      codes, kVirtual, kVirtual, symbols);
}

TypingRun take_temporary_run(std::u32string_view text, std::size_t& at) {
  std::vector<std::pair<std::uint32_t, char32_t>> keys;
  std::size_t next_key = 0;
  TypingRun run;
  for (; at < text.size(); ++at) {
    const char32_t c = text[at];
    auto found = std::ranges::find(keys, c, &std::pair<std::uint32_t, char32_t>::second);
    if (found == keys.end()) {
      const bool own_key = c == kReturn || c == kTab;
      if (!own_key && next_key == kCharacterKeys.size()) break;
      const std::uint32_t code = c == kReturn ? KEY_ENTER
                                 : c == kTab  ? KEY_TAB
                                              : kCharacterKeys[next_key++];
      found = keys.insert(keys.end(), {code, c});
    }
    run.strokes.push_back({found->first, 0});
  }
  run.keymap_text = temporary_keymap(keys);
  return run;
}

}  // namespace

std::span<const std::uint32_t> character_keys() { return kCharacterKeys; }

std::vector<TypingRun> plan_typing(std::string_view text, const Keymap& keymap) {
  const std::u32string characters = typeable(text);
  std::vector<TypingRun> runs;
  if (characters.empty()) return runs;
  TypingRun plain;
  for (const char32_t c : characters) {
    const auto stroke = keymap.stroke_for(c);
    if (!stroke) break;
    plain.strokes.push_back(*stroke);
  }
  if (plain.strokes.size() == characters.size()) {
    runs.push_back(std::move(plain));
    return runs;
  }
  for (std::size_t at = 0; at < characters.size();)
    runs.push_back(take_temporary_run(characters, at));
  return runs;
}

char32_t next_code_point(std::string_view text, std::size_t& at) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(at);
  if (lead < 0x80) {
    ++at;
    return lead;
  }
  const std::size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || text.size() - at < length) {
    ++at;
    return 0;
  }
  char32_t value = static_cast<char32_t>(lead & (0x7FU >> length));
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(at + i) & 0xC0U) != 0x80) {
      ++at;
      return 0;
    }
    value = (value << 6) | (byte(at + i) & 0x3FU);
  }
  constexpr std::array<char32_t, 5> kSmallest = {0, 0, 0x80, 0x800, 0x10000};
  const bool surrogate = value >= 0xD800 && value <= 0xDFFF;
  if (value < kSmallest[length] || surrogate || value > 0x10FFFF) {
    ++at;
    return 0;
  }
  at += length;
  return value;
}

std::string_view utf8_prefix(std::string_view text, std::size_t max_bytes) {
  if (text.size() <= max_bytes) return text;
  std::size_t end = max_bytes;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80) --end;
  return text.substr(0, end);
}

bool is_utf8(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const bool nul = text[at] == '\0';
    if (next_code_point(text, at) == 0 && !nul) return false;
  }
  return true;
}

}  // namespace rp
