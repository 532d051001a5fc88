// The door between surfaces and the seat. Desktop is what the seat asks (implemented by capture);
// SeatFocus is what the desktop tells the seat (implemented by capture/seat); DisplayContext is
// what both need of the display they belong to. Thread rule: the display's loop.
#pragma once

#include <cstdint>
#include <optional>

#include <wayland-server-core.h>

#include "engine/base/event_loop.h"
#include "engine/capture/display.h"
#include "engine/capture/surface.h"

namespace rp {

class DisplayContext {
 public:
  virtual ~DisplayContext() = default;
  [[nodiscard]] virtual wl_display* display() const = 0;
  [[nodiscard]] virtual EventLoop& loop() const = 0;
  [[nodiscard]] virtual const OutputMode& mode() const = 0;
  [[nodiscard]] virtual DisplayCounters& counters() = 0;
  // Events were sent or the listener has something to hear: at the end of this turn of the loop the
  // seat's end_turn() runs, then clients are flushed. Cheap; call it as often as you like.
  virtual void request_end_of_turn() = 0;
  // Ends `client` because it is over a bound of limits.h; `what` names the bound in the log.
  virtual void end_for_limit(wl_client* client, const char* what) = 0;
};

struct SurfaceHit {
  Surface* surface = nullptr;
  PointF local;  // surface-local
};

// Asked by the seat.
class Desktop {
 public:
  virtual ~Desktop() = default;
  // The topmost surface that takes input at this output pixel. Nothing outside the grabbing
  // client's surfaces while a popup grab is on.
  [[nodiscard]] virtual SurfaceHit surface_at(double x_px, double y_px) = 0;
  // A button or a touch went down on `surface` (null: on nothing). Ends a popup grab when it was
  // outside, raises and activates the surface's toplevel. Call before the event is sent to the
  // surface. True: a popup grab was ended by it and the press is swallowed.
  virtual bool pressed(Surface* surface) = 0;
  // Where the keyboard belongs now, for a seat that starts late: null when nothing is shown.
  [[nodiscard]] virtual Surface* keyboard_target() = 0;
  // The drag icon or another seat-owned surface changed: draw again.
  virtual void request_frame() = 0;
};

struct DragIcon {
  Surface* surface = nullptr;
  PointF position_px;  // output pixels of the surface's origin
};

// Told by the desktop. No call may destroy a surface.
class SeatFocus {
 public:
  virtual ~SeatFocus() = default;
  // The keyboard goes to `surface` (toplevel activated, popup grab began or ended); null: to
  // nothing.
  virtual void focus_keyboard(Surface* surface) = 0;
  // Surfaces were mapped, moved or unmapped: find the pointer's surface again, when settle() or
  // end_turn() says that the change is complete.
  virtual void layout_changed() = 0;
  // The request that changed the layout is done. A client that asks for a round trip after it sees
  // what it did to the pointer.
  virtual void settle() = 0;
  // True when `serial` came from an input event this client was sent lately (xdg_popup.grab, move,
  // …).
  [[nodiscard]] virtual bool knows_serial(wl_client* client, std::uint32_t serial) const = 0;
  // What is being dragged, to be drawn on top.
  [[nodiscard]] virtual std::optional<DragIcon> drag_icon() = 0;
  // Tells the DisplayListener what changed (cursor, clipboard, text input). Never called from
  // inside a call into the display.
  virtual void end_turn() = 0;
};

}  // namespace rp
