// TextInputs: zwp_text_input_v3. The viewer's browser is the input method: its composed text goes
// to the enabled text input of the client that has the keyboard; the text field's state goes to the
// viewer. Place: follows the keyboard's focus. Thread rule: the display's loop.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "engine/capture/display.h"
#include "engine/capture/seat/resources.h"

namespace rp {

class TextInputs {
 public:
  explicit TextInputs(SeatContext& context);
  ~TextInputs();

  void set_focus(Surface* surface);
  // True when an enabled text input took it.
  bool commit(std::string_view text);
  // `cursor_bytes` into the text; negative hides the cursor. Cut to what one Wayland message holds.
  void preedit(std::string_view text, std::int32_t cursor_bytes);
  // Where the caret is may have moved with its surface.
  void layout_changed() { dirty_ = true; }
  void end_turn();

 private:
  struct State {
    bool enabled = false;
    std::uint32_t purpose = 0;
    Rect caret{};  // surface-local
  };
  struct Input {
    TextInputs* owner;
    State pending;
    State current;
    std::uint32_t commits = 0;
  };
  struct Requests;

  static void bind(wl_client* client, void* data, std::uint32_t version, std::uint32_t id);
  // The enabled input of the focused client, or null.
  [[nodiscard]] wl_resource* active() const;
  void changed();

  SeatContext& context_;
  wl_global* global_;
  ResourceSet managers_;
  ResourceSet inputs_;
  FocusedSurface focus_;
  TextInputState told_;
  bool dirty_ = false;
};

}  // namespace rp
