// Touch: wl_touch of one seat. Each touch belongs to the surface it went down on until it is
// lifted. Place: told by the seat, tells clients. Thread rule: the display's loop.
#pragma once

#include <array>
#include <cstdint>

#include "engine/capture/seat/pointer.h"
#include "engine/capture/seat/resources.h"

namespace rp {

class Touch {
 public:
  explicit Touch(SeatContext& context);

  void add_resource(wl_client* client, std::uint32_t version, std::uint32_t id);
  // Slots 0 … limits::kTouchSlots - 1; others are ignored, as are moves and lifts of a slot not
  // down.
  void down(int slot, double x_px, double y_px);
  void motion(int slot, double x_px, double y_px);
  void up(int slot);
  void frame();
  void cancel();

  // The slot of a touch that went down on `surface` with this serial and is still down, or -1.
  [[nodiscard]] int slot_with_grab(const Surface& surface, std::uint32_t serial) const;
  // The touch belongs to `grab` from now on; the client sees its touches cancelled.
  void start_grab(int slot, InputGrab& grab);
  void end_grab(const InputGrab& grab);
  [[nodiscard]] PointF position_px(int slot) const;

 private:
  struct Slot {
    bool is_down = false;
    FocusedSurface surface;
    InputGrab* grab = nullptr;
    std::uint32_t serial = 0;
    PointF at_px;
    bool frame_due = false;
    wl_client* told =
        nullptr;  // who gets the frame; its resources are looked up, it is never touched
  };

  [[nodiscard]] Slot* slot(int index);
  // The surface sees the touch lifted.
  void send_up(int index);

  SeatContext& context_;
  ResourceSet resources_;
  std::array<Slot, limits::kTouchSlots> slots_;
};

}  // namespace rp
