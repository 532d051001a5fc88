// Keymap: one compiled xkb keymap, its text as clients get it, and which key gives which character.
// Place: the keyboard's ground; knows no client. Thread rule: immutable after create; shard's
// thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include <xkbcommon/xkbcommon.h>

#include "engine/base/result.h"
#include "engine/base/unique_fd.h"

namespace rp {

// wl_keyboard speaks evdev codes; xkb counts from 8 (the X11 convention, xkbcommon's keymap
// format).
inline constexpr std::uint32_t kXkbKeyOffset = 8;

struct KeymapDeleter {
  void operator()(xkb_context* c) const { xkb_context_unref(c); }
  void operator()(xkb_keymap* k) const { xkb_keymap_unref(k); }
  void operator()(xkb_state* s) const { xkb_state_unref(s); }
};
using XkbContext = std::unique_ptr<xkb_context, KeymapDeleter>;
using XkbKeymap = std::unique_ptr<xkb_keymap, KeymapDeleter>;
using XkbState = std::unique_ptr<xkb_state, KeymapDeleter>;

// A key press that yields one character: the evdev code and the depressed modifiers it needs.
struct KeyStroke {
  std::uint32_t evdev_code = 0;
  xkb_mod_mask_t modifiers = 0;
  friend bool operator==(KeyStroke, KeyStroke) = default;
};

// A keymap's text in a file every client may map, none may change (memfd, sealed, opened
// read-only).
struct KeymapFile {
  UniqueFd fd;
  std::uint32_t size_bytes = 0;  // with the closing NUL, as wl_keyboard.keymap counts
};
[[nodiscard]] Result<KeymapFile> create_keymap_file(std::string_view text);

// "us(intl)" → {"us", "intl"}. kInvalid naming xkb_layout for anything but [a-z0-9_-] names.
struct LayoutName {
  std::string layout;
  std::string variant;
};
[[nodiscard]] Result<LayoutName> parse_layout(std::string_view xkb_layout);

class Keymap {
 public:
  // By RMLVO rules evdev, model pc105. kInvalid when there is no such layout.
  [[nodiscard]] static Result<std::unique_ptr<Keymap>> create(std::string_view xkb_layout);

  [[nodiscard]] const std::string& layout() const { return layout_; }
  [[nodiscard]] const KeymapFile& file() const { return file_; }
  // Borrowed; valid as long as the keymap.
  [[nodiscard]] xkb_keymap* handle() const { return keymap_.get(); }
  [[nodiscard]] XkbState new_state() const { return XkbState(xkb_state_new(keymap_.get())); }
  // The plainest stroke for a Unicode character; none when the layout lacks it.
  [[nodiscard]] std::optional<KeyStroke> stroke_for(char32_t character) const;

 private:
  Keymap() = default;
  void index_strokes();

  std::string layout_;
  XkbContext context_;
  XkbKeymap keymap_;
  KeymapFile file_;
  std::unordered_map<char32_t, KeyStroke> strokes_;
};

}  // namespace rp
