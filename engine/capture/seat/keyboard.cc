#include "engine/capture/seat/keyboard.h"

#include <algorithm>

#include <wayland-server-protocol.h>

#include "engine/base/log.h"

namespace rp {
namespace {

constexpr std::uint32_t kLastKey = 255 - kXkbKeyOffset;
// Repeats are the client's; over a network a short delay would repeat keys whose release is on its
// way.
constexpr std::int32_t kRepeatRate_hz = 25;
constexpr std::int32_t kRepeatDelay_ms = 600;
constexpr std::size_t kTypingStep = 32;
constexpr Duration kTypingPause{8'000};

const struct wl_keyboard_interface kImplementation = {.release = destroy_resource};

}  // namespace

Keyboard::Keyboard(SeatContext& context, std::unique_ptr<Keymap> keymap)
    : context_(context), keymap_(std::move(keymap)), state_(keymap_->new_state()) {
  pressed_.reserve(limits::kMaxPressedKeys);
  focus_.on_gone = [this] { set_focus(nullptr); };
  typing_timer_ = context_.display.loop().timer([this] { type_some(kTypingStep); });
}

void Keyboard::add_resource(wl_client* client, std::uint32_t version, std::uint32_t id) {
  wl_resource* keyboard = resources_.create(context_, client, wl_keyboard_interface, version, id,
                                            &kImplementation, this);
  if (keyboard == nullptr) return;
  wl_keyboard_send_keymap(keyboard, WL_KEYBOARD_KEYMAP_FORMAT_XKB_V1, keymap_->file().fd.get(),
                          keymap_->file().size_bytes);
  if (version >= WL_KEYBOARD_REPEAT_INFO_SINCE_VERSION) {
    wl_keyboard_send_repeat_info(keyboard, kRepeatRate_hz, kRepeatDelay_ms);
  }
  if (focus_.get() != nullptr && focus_.client() == client) send_enter(keyboard);
}

void Keyboard::send_enter(wl_resource* keyboard) {
  wl_array keys;
  wl_array_init(&keys);
  const std::size_t bytes = pressed_.size() * sizeof(std::uint32_t);
  if (void* room = bytes == 0 ? nullptr : wl_array_add(&keys, bytes); room != nullptr) {
    std::ranges::copy(pressed_, static_cast<std::uint32_t*>(room));
  }
  wl_keyboard_send_enter(keyboard, context_.serials.issue(focus_.client()),
                         focus_.get()->resource(), &keys);
  wl_array_release(&keys);
  const Modifiers now = real_modifiers();
  wl_keyboard_send_modifiers(keyboard, context_.serials.next(), now.depressed, now.latched,
                             now.locked, now.group);
}

void Keyboard::set_focus(Surface* surface) {
  if (surface == focus_.get()) return;
  stop_typing();
  if (focus_.get() != nullptr) {
    const std::uint32_t serial = context_.serials.next();
    resources_.each(focus_.client(), [&](wl_resource* keyboard) {
      wl_keyboard_send_leave(keyboard, serial, focus_.get()->resource());
    });
  }
  focus_.set(surface);
  if (surface != nullptr) {
    resources_.each(focus_.client(), [&](wl_resource* keyboard) { send_enter(keyboard); });
    sent_ = real_modifiers();
  }
  context_.display.request_end_of_turn();
}

Keyboard::Modifiers Keyboard::real_modifiers() const {
  const auto mask = [&](xkb_state_component c) {
    return xkb_state_serialize_mods(state_.get(), c);
  };
  return {mask(XKB_STATE_MODS_DEPRESSED), mask(XKB_STATE_MODS_LATCHED), mask(XKB_STATE_MODS_LOCKED),
          xkb_state_serialize_layout(state_.get(), XKB_STATE_LAYOUT_EFFECTIVE)};
}

void Keyboard::send_modifiers(const Modifiers& modifiers) {
  if (modifiers == sent_) return;
  sent_ = modifiers;
  const std::uint32_t serial = context_.serials.next();
  resources_.each(focus_.client(), [&](wl_resource* keyboard) {
    wl_keyboard_send_modifiers(keyboard, serial, modifiers.depressed, modifiers.latched,
                               modifiers.locked, modifiers.group);
  });
}

void Keyboard::send_key(std::uint32_t code, bool pressed) {
  if (focus_.get() == nullptr) return;
  const std::uint32_t serial = context_.serials.issue(focus_.client());
  const std::uint32_t time = context_.time_ms();
  resources_.each(focus_.client(), [&](wl_resource* keyboard) {
    wl_keyboard_send_key(keyboard, serial, time, code,
                         pressed ? WL_KEYBOARD_KEY_STATE_PRESSED : WL_KEYBOARD_KEY_STATE_RELEASED);
  });
}

void Keyboard::key(std::uint32_t evdev_code, bool pressed) {
  if (evdev_code == 0 || evdev_code > kLastKey) return;
  if (typing_waiting_ >= limits::kMaxPendingTypingBytes) stop_typing();
  if (steps_.empty()) return apply_key(evdev_code, pressed);
  steps_.push_back({.run = {}, .key = evdev_code, .pressed = pressed, .keymap = nullptr});
  ++typing_waiting_;
}

void Keyboard::apply_key(std::uint32_t code, bool pressed) {
  const auto held = std::ranges::find(pressed_, code);
  if (pressed == (held != pressed_.end())) return;
  if (pressed && pressed_.size() >= limits::kMaxPressedKeys) return;
  if (pressed) {
    pressed_.push_back(code);
  } else {
    pressed_.erase(held);
  }
  xkb_state_update_key(state_.get(), code + kXkbKeyOffset, pressed ? XKB_KEY_DOWN : XKB_KEY_UP);
  send_key(code, pressed);
  send_modifiers(real_modifiers());
  context_.display.request_end_of_turn();
}

void Keyboard::send_keymap(const KeymapFile& file) {
  resources_.each(focus_.client(), [&](wl_resource* keyboard) {
    wl_keyboard_send_keymap(keyboard, WL_KEYBOARD_KEYMAP_FORMAT_XKB_V1, file.fd.get(),
                            file.size_bytes);
  });
  sent_ = kUnknown;
}

void Keyboard::type(std::string_view text) {
  if (focus_.get() == nullptr) return;
  // A character is at least one byte, so this bounds the strokes as well.
  if (typing_waiting_ + text.size() > limits::kMaxPendingTypingBytes) {
    log_limited(LogLevel::kWarning, "seat.typing_full", {{"bytes", text.size()}});
    return;
  }
  for (TypingRun& run : plan_typing(text, *keymap_)) {
    typing_waiting_ += run.strokes.size();
    steps_.push_back({.run = std::move(run), .key = 0, .pressed = false, .keymap = nullptr});
  }
  if (!typing_timer_.armed()) type_some(kTypingStep);
}

bool Keyboard::prepare_keymap(const TypingRun& run) {
  if (run.keymap_text.empty()) {
    restore_keymap();
    return true;
  }
  const auto file = create_keymap_file(run.keymap_text);
  if (!file) {
    log_limited(LogLevel::kWarning, "seat.keymap_failed", {{"error", file.error()}});
    return false;
  }
  temporary_keymap_ = true;
  send_keymap(*file);
  return true;
}

void Keyboard::strike(KeyStroke stroke) {
  if (std::ranges::find(pressed_, stroke.evdev_code) != pressed_.end()) {
    // Held by the viewer: let go before it is struck.
    send_key(stroke.evdev_code, false);
    std::erase(pressed_, stroke.evdev_code);
    xkb_state_update_key(state_.get(), stroke.evdev_code + kXkbKeyOffset, XKB_KEY_UP);
  }
  send_modifiers({.depressed = stroke.modifiers});
  send_key(stroke.evdev_code, true);
  send_key(stroke.evdev_code, false);
}

void Keyboard::restore_keymap() {
  if (std::exchange(temporary_keymap_, false)) send_keymap(keymap_->file());
}

void Keyboard::type_some(std::size_t at_most) {
  for (; at_most > 0 && !steps_.empty(); --at_most) {
    Step& step = steps_.front();
    if (step.run.strokes.empty()) {
      Step done = std::move(step);
      steps_.pop_front();
      --typing_waiting_;
      restore_keymap();
      send_modifiers(real_modifiers());
      if (done.key != 0) apply_key(done.key, done.pressed);
      if (done.keymap != nullptr) apply_layout(std::move(done.keymap));
      continue;
    }
    if (typing_at_ == 0 && !prepare_keymap(step.run)) return stop_typing();
    strike(step.run.strokes[typing_at_]);
    --typing_waiting_;
    if (++typing_at_ < step.run.strokes.size()) continue;
    steps_.pop_front();
    typing_at_ = 0;
  }
  if (steps_.empty()) {
    stop_typing();
  } else {
    typing_timer_.arm_after(kTypingPause);
  }
  context_.display.request_end_of_turn();
}

void Keyboard::stop_typing() {
  std::deque<Step> left = std::exchange(steps_, {});
  typing_at_ = 0;
  typing_waiting_ = 0;
  typing_timer_.cancel();
  restore_keymap();
  for (Step& step : left) {
    if (step.key != 0) apply_key(step.key, step.pressed);
    if (step.keymap != nullptr) apply_layout(std::move(step.keymap));
  }
  if (focus_.get() != nullptr) send_modifiers(real_modifiers());
}

Status Keyboard::set_layout(std::string_view xkb_layout) {
  RP_ASSIGN(auto made, Keymap::create(xkb_layout));
  if (steps_.empty()) {
    apply_layout(std::move(made));
  } else {
    // The text was planned for the layout of its time.
    steps_.push_back({.run = {}, .key = 0, .pressed = false, .keymap = std::move(made)});
    ++typing_waiting_;
  }
  return {};
}

void Keyboard::apply_layout(std::unique_ptr<Keymap> keymap) {
  if (keymap->layout() == keymap_->layout()) return;
  const Modifiers before = real_modifiers();
  keymap_ = std::move(keymap);
  state_ = keymap_->new_state();
  xkb_state_update_mask(state_.get(), 0, 0, before.locked, 0, 0, 0);
  for (const std::uint32_t code : pressed_) {
    xkb_state_update_key(state_.get(), code + kXkbKeyOffset, XKB_KEY_DOWN);
  }
  resources_.each([&](wl_resource* keyboard) {
    wl_keyboard_send_keymap(keyboard, WL_KEYBOARD_KEYMAP_FORMAT_XKB_V1, keymap_->file().fd.get(),
                            keymap_->file().size_bytes);
  });
  sent_ = kUnknown;
  send_modifiers(real_modifiers());
  context_.display.request_end_of_turn();
}

void Keyboard::release_all() {
  std::vector<std::uint32_t> held = pressed_;
  for (const Step& step : steps_) {
    if (step.pressed) held.push_back(step.key);
  }
  for (const std::uint32_t code : held) key(code, false);
}

}  // namespace rp
