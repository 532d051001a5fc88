// Keyboard: wl_keyboard of one seat. Holds the layout, the pressed keys, the modifiers and the
// focus; types text as key presses. Place: told by the seat, tells clients. Thread rule: the
// display's loop.
#pragma once

#include <deque>
#include <memory>
#include <string_view>
#include <vector>

#include "engine/base/event_loop.h"
#include "engine/capture/seat/keymap.h"
#include "engine/capture/seat/resources.h"
#include "engine/capture/seat/typing.h"

namespace rp {

class Keyboard {
 public:
  Keyboard(SeatContext& context, std::unique_ptr<Keymap> keymap);

  // wl_seat.get_keyboard.
  void add_resource(wl_client* client, std::uint32_t version, std::uint32_t id);
  // Leave and enter with the pressed keys. Text not yet typed is dropped: it was meant for the old
  // one.
  void set_focus(Surface* surface);
  [[nodiscard]] Surface* focus() const { return focus_.get(); }
  [[nodiscard]] wl_client* focus_client() const { return focus_.client(); }

  // Codes outside 1…247 (what xkb can hold) and repeats are ignored. Stays behind text being typed.
  void key(std::uint32_t evdev_code, bool pressed);
  // Queued and typed in small steps, so that a slow client's socket does not fill up. More than
  // limits::kMaxPendingTypingBytes waiting: the rest is dropped.
  void type(std::string_view text);
  [[nodiscard]] Status set_layout(std::string_view xkb_layout);
  void release_all();

 private:
  struct Modifiers {
    std::uint32_t depressed = 0;
    std::uint32_t latched = 0;
    std::uint32_t locked = 0;
    std::uint32_t group = 0;
    friend bool operator==(const Modifiers&, const Modifiers&) = default;
  };
  // A client's xkb state starts afresh with a keymap: it needs the modifiers in any case.
  static constexpr Modifiers kUnknown{0, 0, 0, ~0U};

  // What waits to be typed: text, or the viewer's key or layout that came after it.
  struct Step {
    TypingRun run;
    std::uint32_t key = 0;  // 0: a run or a layout
    bool pressed = false;
    std::unique_ptr<Keymap> keymap;
  };

  [[nodiscard]] Modifiers real_modifiers() const;
  void send_enter(wl_resource* keyboard);
  void send_keymap(const KeymapFile& file);  // to the focused client
  void send_modifiers(const Modifiers& modifiers);
  void send_key(std::uint32_t code, bool pressed);
  void apply_key(std::uint32_t code, bool pressed);
  void apply_layout(std::unique_ptr<Keymap> keymap);
  void type_some(std::size_t at_most);
  [[nodiscard]] bool prepare_keymap(const TypingRun& run);
  void strike(KeyStroke stroke);
  void restore_keymap();
  // Text still waiting is dropped; keys and layouts are done now.
  void stop_typing();

  SeatContext& context_;
  std::unique_ptr<Keymap> keymap_;
  XkbState state_;
  std::vector<std::uint32_t> pressed_;
  Modifiers sent_;
  ResourceSet resources_;
  FocusedSurface focus_;

  std::deque<Step> steps_;
  std::size_t typing_at_ = 0;       // strokes of the front run that are done
  std::size_t typing_waiting_ = 0;  // strokes and keys left
  bool temporary_keymap_ = false;
  EventLoop::Timer typing_timer_;
};

}  // namespace rp
