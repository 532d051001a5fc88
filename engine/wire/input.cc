#include "engine/wire/input.h"

#include "engine/base/limits.h"
#include "engine/wire/bytes.h"

namespace rp::wire {

Result<Touch> parse_touch(const MessageView& message) {
  ByteReader in("TOUCH", message.body);
  Touch touch;
  touch.input_sequence = in.integer<std::uint32_t>("input_sequence");
  touch.action = static_cast<TouchAction>(in.integer<std::uint8_t>("action", 0, 3));
  touch.slot = in.integer<std::uint8_t>("slot", 0, limits::kTouchSlots - 1);
  touch.x = in.integer<std::uint16_t>("x");
  touch.y = in.integer<std::uint16_t>("y");
  in.skip(2);
  RP_TRY(in.finish());
  return touch;
}

void append(std::vector<std::uint8_t>& out, const Touch& touch) {
  ByteWriter(out, MessageType::kTouch)
      .integer(touch.input_sequence)
      .integer(static_cast<std::uint8_t>(touch.action))
      .integer(touch.slot)
      .integer(touch.x)
      .integer(touch.y)
      .reserved(2);
}

Result<Pointer> parse_pointer(const MessageView& message) {
  ByteReader in("POINTER", message.body);
  Pointer pointer;
  pointer.input_sequence = in.integer<std::uint32_t>("input_sequence");
  pointer.action = static_cast<PointerAction>(in.integer<std::uint8_t>("action", 0, 3));
  pointer.button = static_cast<PointerButton>(in.integer<std::uint8_t>("button", 0, 4));
  pointer.x = in.integer<std::uint16_t>("x");
  pointer.y = in.integer<std::uint16_t>("y");
  in.skip(2);
  RP_TRY(in.finish());
  return pointer;
}

void append(std::vector<std::uint8_t>& out, const Pointer& pointer) {
  ByteWriter(out, MessageType::kPointer)
      .integer(pointer.input_sequence)
      .integer(static_cast<std::uint8_t>(pointer.action))
      .integer(static_cast<std::uint8_t>(pointer.button))
      .integer(pointer.x)
      .integer(pointer.y)
      .reserved(2);
}

Result<Wheel> parse_wheel(const MessageView& message) {
  ByteReader in("WHEEL", message.body);
  Wheel wheel;
  wheel.input_sequence = in.integer<std::uint32_t>("input_sequence");
  wheel.dx_256 = in.integer<std::int32_t>("dx_256", -kMaxWheel_256, kMaxWheel_256);
  wheel.dy_256 = in.integer<std::int32_t>("dy_256", -kMaxWheel_256, kMaxWheel_256);
  wheel.unit = static_cast<WheelUnit>(in.integer<std::uint8_t>("unit", 0, 1));
  in.skip(3);
  RP_TRY(in.finish());
  return wheel;
}

void append(std::vector<std::uint8_t>& out, const Wheel& wheel) {
  ByteWriter(out, MessageType::kWheel)
      .integer(wheel.input_sequence)
      .integer(wheel.dx_256)
      .integer(wheel.dy_256)
      .integer(static_cast<std::uint8_t>(wheel.unit))
      .reserved(3);
}

Result<Key> parse_key(const MessageView& message) {
  ByteReader in("KEY", message.body);
  Key key;
  key.input_sequence = in.integer<std::uint32_t>("input_sequence");
  key.evdev_code = in.integer<std::uint16_t>("evdev_code", 1, kMaxEvdevCode);
  key.down = in.integer<std::uint8_t>("action", 0, 1) != 0;
  in.skip(1);
  RP_TRY(in.finish());
  return key;
}

void append(std::vector<std::uint8_t>& out, const Key& key) {
  ByteWriter(out, MessageType::kKey)
      .integer(key.input_sequence)
      .integer(key.evdev_code)
      .integer(static_cast<std::uint8_t>(key.down ? 1 : 0))
      .reserved(1);
}

}  // namespace rp::wire
