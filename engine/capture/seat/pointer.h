// Pointer: wl_pointer of one seat: focus, implicit grab while a button is down, buttons, scrolling.
// Place: told by the seat, tells clients and the cursor. Thread rule: the display's loop.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/capture/seat/cursor.h"
#include "engine/capture/seat/resources.h"

namespace rp {

// Takes a device's events away from the surfaces: a drag.
class InputGrab {
 public:
  virtual ~InputGrab() = default;
  virtual void motion(double x_px, double y_px) = 0;
  // The last button or the touch went up. The grab is off the device by then.
  virtual void released() = 0;
  virtual void cancelled() = 0;
};

// Follows the pointer: relative motion and constraints.
class PointerFollower {
 public:
  virtual ~PointerFollower() = default;
  virtual void focus_changed(Surface* focus) = 0;
  // Movement of the device itself, in logical pixels, before constraints.
  virtual void moved(wl_client* client, double dx, double dy) = 0;
  // Where the pointer may go: changes the output pixel, or returns false when it must stay.
  [[nodiscard]] virtual bool allow(Surface& focus, double& x_px, double& y_px) = 0;
};

class Pointer {
 public:
  Pointer(SeatContext& context, Cursor& cursor);

  void add_resource(wl_client* client, std::uint32_t version, std::uint32_t id);
  void set_follower(PointerFollower* follower) { follower_ = follower; }

  void motion(double x_px, double y_px);
  void button(PointerButton button, bool pressed);
  void axis(double dx_px, double dy_px, std::int32_t notches_120_x, std::int32_t notches_120_y);
  void leave();
  void release_all();
  // Finds the surface under the pointer again, at the end of the turn.
  void layout_changed() { layout_changed_ = true; }
  void end_turn();

  [[nodiscard]] Surface* focus() const { return focus_.get(); }
  [[nodiscard]] Cursor& cursor() { return cursor_; }
  // True when `client` has the pointer and may say what it looks like.
  [[nodiscard]] bool may_set_cursor(wl_client* client, std::uint32_t serial) const;
  // True when a button pressed on `surface` with this serial is still down.
  [[nodiscard]] bool holds_grab(const Surface& surface, std::uint32_t serial) const;
  // The held buttons now belong to `grab`; the surface sees the pointer leave.
  void start_grab(InputGrab& grab);
  void end_grab(const InputGrab& grab);
  [[nodiscard]] double x_px() const { return x_px_; }
  [[nodiscard]] double y_px() const { return y_px_; }

 private:
  struct Held {
    std::uint32_t code;
    bool delivered;
  };

  void set_focus(SurfaceHit hit);
  void find_focus();
  void send_enter(wl_resource* pointer, PointF at);
  void send_motion(PointF at);
  void send_button(std::uint32_t code, bool pressed);
  void send_axis(wl_resource* pointer, std::uint32_t axis, double value, std::int32_t notches_120);
  void frame();

  SeatContext& context_;
  Cursor& cursor_;
  PointerFollower* follower_ = nullptr;
  ResourceSet resources_;
  FocusedSurface focus_;
  InputGrab* grab_ = nullptr;
  std::vector<Held> held_;
  std::uint32_t grab_serial_ = 0;
  std::uint32_t enter_serial_ = 0;
  PointF told_;           // where on the focus the client thinks it is
  bool present_ = false;  // over the output
  bool layout_changed_ = false;
  double x_px_ = 0;  // where clients see it
  double y_px_ = 0;
  double device_x_px_ = 0;  // where the viewer's is
  double device_y_px_ = 0;
  std::int32_t notch_rest_[2] = {0, 0};  // of a whole notch, for clients before version 8
};

}  // namespace rp
