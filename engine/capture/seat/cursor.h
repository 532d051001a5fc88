// Cursor: what the pointer looks like, as the client under it wants it: a surface's pixels
// (wl_pointer.set_cursor), a named shape (wp_cursor_shape_v1), hidden, or the default.
// Place: told by the pointer; its image goes to the DisplayListener. Thread rule: the display's
// loop.
#pragma once

#include <cstdint>
#include <memory>
#include <unordered_map>

#include "engine/capture/display.h"
#include "engine/capture/seat/resources.h"

namespace rp {

// The surface's picture at the output's scale, at most limits::kMaxCursorSide_px wide and high (the
// rest is cut off); kHidden when it has no picture, kDefault when its pixels cannot be read.
[[nodiscard]] CursorImage render_cursor(const Surface& surface, Point hotspot, double output_scale);

class Cursor {
 public:
  explicit Cursor(SeatContext& context);
  ~Cursor();

  // The pointer went to another client (null: to none): the default until that client says
  // otherwise.
  void reset();
  // A request of the client the pointer is on. `surface` null: hidden. False: the surface has
  // another role.
  [[nodiscard]] bool claim(Surface& surface);
  void show(Surface* surface, Point hotspot);
  void show_shape(const char* css_name);
  // Gives the image to the listener when it has changed.
  void end_turn();

 private:
  class Role;

  void committed(Role& role);
  void surface_gone(Role& role);
  void send_frame_callbacks();

  SeatContext& context_;
  std::unordered_map<Surface*, std::unique_ptr<Role>> roles_;
  CursorImage::Kind kind_ = CursorImage::Kind::kDefault;
  Surface* surface_ = nullptr;  // for kImage; forgotten through its Role
  const char* shape_ = "";
  Point hotspot_;
  bool dirty_ = false;
  EventLoop::Timer frame_timer_;
};

}  // namespace rp
