#include "engine/session/input_router.h"

namespace rp {
namespace {

// The wire's 0–65535 across the display, to the middle of the pixel meant.
double across(std::uint16_t value, std::int32_t side_px) {
  return (value + 0.5) * side_px / 65'536.0;
}

}  // namespace

void InputRouter::delivered(std::uint32_t sequence) {
  inputs_.add();
  track_.delivered(sequence, clock_.now());
}

void InputRouter::touch(const wire::Touch& touch) {
  const Size size = display_.mode().size;
  const double x = across(touch.x, size.width);
  const double y = across(touch.y, size.height);
  switch (touch.action) {
    case wire::TouchAction::kDown:
      display_.touch_down(touch.slot, x, y);
      break;
    case wire::TouchAction::kMove:
      display_.touch_motion(touch.slot, x, y);
      break;
    case wire::TouchAction::kUp:
      display_.touch_up(touch.slot);
      break;
    case wire::TouchAction::kCancelAll:
      display_.touch_cancel();
      break;
  }
  touch_open_ = touch.action != wire::TouchAction::kCancelAll;
  delivered(touch.input_sequence);
}

void InputRouter::pointer(const wire::Pointer& pointer) {
  const Size size = display_.mode().size;
  if (pointer.action == wire::PointerAction::kLeave) {
    display_.pointer_leave();
  } else {
    display_.pointer_motion(across(pointer.x, size.width), across(pointer.y, size.height));
  }
  if (pointer.action == wire::PointerAction::kButtonDown ||
      pointer.action == wire::PointerAction::kButtonUp) {
    // Both enums count left, middle, right, back, forward.
    display_.pointer_button(static_cast<PointerButton>(pointer.button),
                            pointer.action == wire::PointerAction::kButtonDown);
  }
  delivered(pointer.input_sequence);
}

void InputRouter::wheel(const wire::Wheel& wheel) {
  if (wheel.unit == wire::WheelUnit::kNotches) {
    // 120 a notch on the wire; wl_pointer.axis moves 15 logical pixels a notch, as other displays
    // do.
    constexpr double kPixelsPerNotch = 15;
    const std::int32_t x_120 = wheel.dx_256 / 256;
    const std::int32_t y_120 = wheel.dy_256 / 256;
    display_.pointer_axis(x_120 * kPixelsPerNotch / 120, y_120 * kPixelsPerNotch / 120, x_120,
                          y_120);
  } else {
    // CSS pixels are logical pixels, which is what wl_pointer.axis counts in.
    display_.pointer_axis(wheel.dx_256 / 256.0, wheel.dy_256 / 256.0, 0, 0);
  }
  delivered(wheel.input_sequence);
}

void InputRouter::key(const wire::Key& key) {
  display_.key(key.evdev_code, key.down);
  delivered(key.input_sequence);
}

void InputRouter::text(const wire::Text& text) {
  if (text.kind == wire::TextKind::kCommit) {
    display_.commit_text(text.text);
  } else {
    display_.preedit_text(text.text, text.cursor);
  }
  delivered(text.input_sequence);
}

void InputRouter::clipboard(const wire::Clipboard& clipboard) {
  display_.set_clipboard(std::string(clipboard.text));
}

void InputRouter::end_of_batch() {
  if (touch_open_) display_.touch_frame();
  touch_open_ = false;
}

void InputRouter::release() {
  touch_open_ = false;
  display_.release_input();
  track_.clear();
}

}  // namespace rp
