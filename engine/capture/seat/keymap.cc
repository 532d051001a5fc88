#include "engine/capture/seat/keymap.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstdlib>

namespace rp {
namespace {

constexpr std::size_t kMaxLayoutName = 32;

bool plain_name(std::string_view name) {
  return !name.empty() && name.size() <= kMaxLayoutName && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
  });
}

// Guests must not choose what lands in the engine's log, nor how much.
void drop_log(xkb_context*, xkb_log_level, const char*, va_list) {}

}  // namespace

Result<LayoutName> parse_layout(std::string_view xkb_layout) {
  LayoutName name;
  const auto open = xkb_layout.find('(');
  if (open == std::string_view::npos) {
    name.layout = xkb_layout;
  } else {
    if (xkb_layout.back() != ')') return fail(ErrorCode::kInvalid, "xkb_layout: ')' is missing");
    name.layout = xkb_layout.substr(0, open);
    name.variant = xkb_layout.substr(open + 1, xkb_layout.size() - open - 2);
    if (!plain_name(name.variant)) return fail(ErrorCode::kInvalid, "xkb_layout: bad variant name");
  }
  if (!plain_name(name.layout)) return fail(ErrorCode::kInvalid, "xkb_layout: bad layout name");
  return name;
}

Result<KeymapFile> create_keymap_file(std::string_view text) {
  KeymapFile file;
  file.size_bytes = static_cast<std::uint32_t>(text.size() + 1);
  UniqueFd memory(memfd_create("keymap", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!memory) return fail_errno("memfd_create keymap");
  if (ftruncate(memory.get(), file.size_bytes) != 0) return fail_errno("ftruncate keymap");
  std::size_t done = 0;
  while (done < text.size()) {
    const ssize_t n =
        pwrite(memory.get(), text.data() + done, text.size() - done, static_cast<off_t>(done));
    if (n < 0) return fail_errno("write keymap");
    done += static_cast<std::size_t>(n);
  }
  if (fcntl(memory.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) !=
      0) {
    return fail_errno("seal keymap");
  }
  // Older clients map the file MAP_SHARED, which a write seal forbids on a writable descriptor
  // before Linux 6.7; a read-only one is fine. Without /proc the sealed writable one has to do.
  const std::string path = "/proc/self/fd/" + std::to_string(memory.get());
  file.fd.reset(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.fd) file.fd = std::move(memory);
  return file;
}

Result<std::unique_ptr<Keymap>> Keymap::create(std::string_view xkb_layout) {
  RP_ASSIGN(const LayoutName name, parse_layout(xkb_layout));
  std::unique_ptr<Keymap> made(new Keymap);
  made->layout_ = xkb_layout;
  made->context_.reset(xkb_context_new(XKB_CONTEXT_NO_ENVIRONMENT_NAMES));
  if (!made->context_) return fail(ErrorCode::kUnavailable, "xkb: no keyboard data (xkb-data)");
  xkb_context_set_log_fn(made->context_.get(), drop_log);
  const xkb_rule_names rules{.rules = "evdev",
                             .model = "pc105",
                             .layout = name.layout.c_str(),
                             .variant = name.variant.c_str(),
                             .options = ""};
  made->keymap_.reset(
      xkb_keymap_new_from_names(made->context_.get(), &rules, XKB_KEYMAP_COMPILE_NO_FLAGS));
  if (!made->keymap_) {
    return fail(ErrorCode::kInvalid, "xkb_layout: no such layout: " + std::string(xkb_layout));
  }
  const std::unique_ptr<char, decltype(&std::free)> text(
      xkb_keymap_get_as_string(made->keymap_.get(), XKB_KEYMAP_FORMAT_TEXT_V1), &std::free);
  if (!text) return fail(ErrorCode::kInternal, "xkb: write keymap");
  RP_ASSIGN(made->file_, create_keymap_file(text.get()));
  made->index_strokes();
  return made;
}

void Keymap::index_strokes() {
  xkb_keymap* map = keymap_.get();
  const xkb_keycode_t last = std::min<xkb_keycode_t>(xkb_keymap_max_keycode(map), 255);
  for (xkb_keycode_t code = xkb_keymap_min_keycode(map); code <= last; ++code) {
    if (code < kXkbKeyOffset) continue;
    const xkb_level_index_t levels = xkb_keymap_num_levels_for_key(map, code, 0);
    for (xkb_level_index_t level = 0; level < levels; ++level) {
      const xkb_keysym_t* symbols = nullptr;
      if (xkb_keymap_key_get_syms_by_level(map, code, 0, level, &symbols) != 1) continue;
      const char32_t character = xkb_keysym_to_utf32(symbols[0]);
      if (character == 0) continue;
      std::array<xkb_mod_mask_t, 16> masks{};
      const std::size_t count =
          xkb_keymap_key_get_mods_for_level(map, code, 0, level, masks.data(), masks.size());
      for (std::size_t i = 0; i < count; ++i) {
        const KeyStroke stroke{code - kXkbKeyOffset, masks[i]};
        const auto [found, fresh] = strokes_.try_emplace(character, stroke);
        if (!fresh && std::popcount(stroke.modifiers) < std::popcount(found->second.modifiers)) {
          found->second = stroke;
        }
      }
    }
  }
}

std::optional<KeyStroke> Keymap::stroke_for(char32_t character) const {
  const auto found = strokes_.find(character);
  if (found == strokes_.end()) return std::nullopt;
  return found->second;
}

}  // namespace rp
