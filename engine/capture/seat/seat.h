// Seat: the input and selection half of one phone's display: wl_seat with keyboard, pointer and
// touch, cursor, selections, drag and drop, text input. The display owns one and forwards its input
// calls. Thread rule: the display's loop. A client that breaks a rule gets a protocol error, or its
// request is left undone where the protocol says so; nothing here waits for a client. The process
// must ignore SIGPIPE: clients close pipes.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "engine/base/result.h"
#include "engine/capture/focus.h"

namespace rp {

class Seat final : public SeatFocus {
 public:
  // Makes the seat's globals on context.display(). Everything borrowed must outlive the seat, which
  // must die after wl_display_destroy_clients() and before wl_display_destroy().
  // kInvalid when the layout does not exist.
  [[nodiscard]] static Result<std::unique_ptr<Seat>> create(DisplayContext& context,
                                                            Desktop& desktop,
                                                            DisplayListener& listener,
                                                            std::string_view xkb_layout);
  ~Seat() override;

  // True when `resource` is a wl_seat of this seat.
  [[nodiscard]] bool is_seat(wl_resource* resource) const;

  // ---- SeatFocus
  void focus_keyboard(Surface* surface) override;
  void layout_changed() override;
  void settle() override;
  [[nodiscard]] bool knows_serial(wl_client* client, std::uint32_t serial) const override;
  [[nodiscard]] std::optional<DragIcon> drag_icon() override;
  void end_turn() override;

  // ---- input, as Display has it
  void pointer_motion(double x, double y);
  void pointer_button(PointerButton button, bool pressed);
  void pointer_axis(double dx, double dy, std::int32_t notches_120_x, std::int32_t notches_120_y);
  void pointer_leave();
  void touch_down(int slot, double x, double y);
  void touch_motion(int slot, double x, double y);
  void touch_up(int slot);
  void touch_frame();
  void touch_cancel();
  void key(std::uint32_t evdev_code, bool pressed);
  void commit_text(std::string_view text);
  void preedit_text(std::string_view text, std::int32_t cursor_bytes);
  [[nodiscard]] Status set_layout(std::string_view xkb_layout);
  void release_input();
  void set_clipboard(std::string text);

 private:
  struct State;
  explicit Seat(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace rp
