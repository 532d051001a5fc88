// TOUCH, POINTER, WHEEL, KEY: input of the viewer for the phone. input_sequence comes back in the
// first VIDEO drawn after it (input-to-photon). Offsets are of the body. Thread rule: plain values.
//
//            0               4         5        6    8    10         body bytes
//   TOUCH    input_sequence  action    slot     x    y    reserved   12
//   POINTER  input_sequence  action    button   x    y    reserved   12
//   KEY      input_sequence  evdev_code(4)  action(6)  reserved(7)    8
//   WHEEL    input_sequence  dx_256(4)  dy_256(8)  unit(12)  reserved 16
#pragma once

#include <cstdint>
#include <vector>

#include "engine/wire/message.h"

namespace rp::wire {

enum class TouchAction : std::uint8_t { kDown = 0, kMove = 1, kUp = 2, kCancelAll = 3 };

// x, y: 0–65535 across the display's width and height.
struct Touch {
  std::uint32_t input_sequence = 0;
  TouchAction action = TouchAction::kDown;
  std::uint8_t slot = 0;
  std::uint16_t x = 0;
  std::uint16_t y = 0;
  friend bool operator==(const Touch&, const Touch&) = default;
};
[[nodiscard]] Result<Touch> parse_touch(const MessageView& message);
void append(std::vector<std::uint8_t>& out, const Touch& touch);

enum class PointerAction : std::uint8_t { kMove = 0, kButtonDown = 1, kButtonUp = 2, kLeave = 3 };
enum class PointerButton : std::uint8_t {
  kLeft = 0,
  kMiddle = 1,
  kRight = 2,
  kBack = 3,
  kForward = 4,
};

struct Pointer {
  std::uint32_t input_sequence = 0;
  PointerAction action = PointerAction::kMove;
  PointerButton button = PointerButton::kLeft;
  std::uint16_t x = 0;
  std::uint16_t y = 0;
  friend bool operator==(const Pointer&, const Pointer&) = default;
};
[[nodiscard]] Result<Pointer> parse_pointer(const MessageView& message);
void append(std::vector<std::uint8_t>& out, const Pointer& pointer);

enum class WheelUnit : std::uint8_t { kContinuous = 0, kNotches = 1 };
inline constexpr std::int32_t kMaxWheel_256 = 65'536 * 256;

// CSS pixels × 256, positive right and down; a notch is 120 × 256.
struct Wheel {
  std::uint32_t input_sequence = 0;
  std::int32_t dx_256 = 0;
  std::int32_t dy_256 = 0;
  WheelUnit unit = WheelUnit::kContinuous;
  friend bool operator==(const Wheel&, const Wheel&) = default;
};
[[nodiscard]] Result<Wheel> parse_wheel(const MessageView& message);
void append(std::vector<std::uint8_t>& out, const Wheel& wheel);

inline constexpr std::uint16_t kMaxEvdevCode = 767;  // KEY_MAX of linux/input-event-codes.h

struct Key {
  std::uint32_t input_sequence = 0;
  std::uint16_t evdev_code = 0;
  bool down = false;
  friend bool operator==(const Key&, const Key&) = default;
};
[[nodiscard]] Result<Key> parse_key(const MessageView& message);
void append(std::vector<std::uint8_t>& out, const Key& key);

}  // namespace rp::wire
