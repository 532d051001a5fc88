#include "drivers/v4l2/controls.h"

#include <linux/videodev2.h>

#include <algorithm>
#include <cerrno>
#include <optional>

namespace rp::v4l2 {
namespace {

std::optional<v4l2_queryctrl> query(Device& device, std::uint32_t id) {
  v4l2_queryctrl control{};
  control.id = id;
  if (!RP_V4L2(device, VIDIOC_QUERYCTRL, &control)) return std::nullopt;
  if ((control.flags & (V4L2_CTRL_FLAG_DISABLED | V4L2_CTRL_FLAG_READ_ONLY)) != 0) {
    return std::nullopt;
  }
  return control;
}

ControlOutcome set(Device& device, std::uint32_t id, std::int32_t value) {
  v4l2_control control{};
  control.id = id;
  control.value = value;
  const Status status = RP_V4L2(device, VIDIOC_S_CTRL, &control);
  if (status) return ControlOutcome::kSet;
  return status.error().errno_value == EBUSY ? ControlOutcome::kBusy : ControlOutcome::kRefused;
}

bool menu_has(Device& device, std::uint32_t id, std::uint32_t index) {
  v4l2_querymenu menu{};
  menu.id = id;
  menu.index = index;
  return RP_V4L2(device, VIDIOC_QUERYMENU, &menu).has_value();
}

}  // namespace

bool has_control(Device& device, std::uint32_t id) { return query(device, id).has_value(); }

ControlOutcome set_control(Device& device, std::uint32_t id, std::int64_t value) {
  const auto control = query(device, id);
  if (!control) return ControlOutcome::kAbsent;
  if (control->type == V4L2_CTRL_TYPE_MENU || control->type == V4L2_CTRL_TYPE_INTEGER_MENU) {
    const bool inside = value >= control->minimum && value <= control->maximum;
    if (!inside || !menu_has(device, id, static_cast<std::uint32_t>(value))) {
      return ControlOutcome::kAbsent;
    }
    return set(device, id, static_cast<std::int32_t>(value));
  }
  if (control->maximum < control->minimum) return ControlOutcome::kRefused;
  const std::int64_t bounded = std::clamp<std::int64_t>(value, control->minimum, control->maximum);
  const std::int64_t step = std::max(control->step, 1);
  const std::int64_t stepped = control->minimum + (bounded - control->minimum) / step * step;
  return set(device, id, static_cast<std::int32_t>(stepped));
}

ControlOutcome push_button(Device& device, std::uint32_t id) {
  const auto control = query(device, id);
  if (!control || control->type != V4L2_CTRL_TYPE_BUTTON) return ControlOutcome::kAbsent;
  return set(device, id, 1);
}

}  // namespace rp::v4l2
