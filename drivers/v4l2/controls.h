// The device's controls (VIDIOC_QUERYCTRL, VIDIOC_S_CTRL): which there are, and values brought
// inside what the device takes. Thread rule: the shard's.
#pragma once

#include <cstdint>

#include "drivers/v4l2/device.h"

namespace rp::v4l2 {

enum class ControlOutcome : std::uint8_t {
  kSet,
  kAbsent,   // the device has no such control or not this value of it
  kBusy,     // not while it encodes (EBUSY)
  kRefused,  // anything else
};

[[nodiscard]] bool has_control(Device& device, std::uint32_t id);
// Clamps `value` to the control's bounds and step. Menus: only a value the menu has is set.
ControlOutcome set_control(Device& device, std::uint32_t id, std::int64_t value);
// A control without a value, as "the next picture is a key frame".
ControlOutcome push_button(Device& device, std::uint32_t id);

}  // namespace rp::v4l2
