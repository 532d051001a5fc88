#include "engine/capture/seat/pointer.h"

#include <linux/input-event-codes.h>

#include <algorithm>
#include <cmath>

#include <wayland-server-protocol.h>

namespace rp {
namespace {

// One wheel notch moves by this on clients that read only the axis value: libinput's degrees are
// scaled to it by the compositors most clients know.
constexpr double kAxisPerNotch = 10.0;

std::uint32_t evdev_button(PointerButton button) {
  switch (button) {
    case PointerButton::kLeft:
      return BTN_LEFT;
    case PointerButton::kMiddle:
      return BTN_MIDDLE;
    case PointerButton::kRight:
      return BTN_RIGHT;
    case PointerButton::kBack:
      return BTN_SIDE;
    case PointerButton::kForward:
      return BTN_EXTRA;
  }
  return BTN_LEFT;
}

void set_cursor(wl_client* client, wl_resource* resource, std::uint32_t serial,
                wl_resource* surface_resource, std::int32_t x, std::int32_t y) {
  auto& pointer = *static_cast<Pointer*>(wl_resource_get_user_data(resource));
  Surface* surface = Surface::from(surface_resource);
  if (surface != nullptr && !pointer.cursor().claim(*surface)) {
    wl_resource_post_error(resource, WL_POINTER_ERROR_ROLE, "surface has another role");
    return;
  }
  if (!pointer.may_set_cursor(client, serial)) return;
  constexpr std::int32_t kFar = 2 * limits::kMaxCursorSide_px;
  pointer.cursor().show(surface, {std::clamp(x, -kFar, kFar), std::clamp(y, -kFar, kFar)});
}

const struct wl_pointer_interface kImplementation = {.set_cursor = set_cursor,
                                                     .release = destroy_resource};

int version_of(wl_resource* resource) { return wl_resource_get_version(resource); }

}  // namespace

Pointer::Pointer(SeatContext& context, Cursor& cursor) : context_(context), cursor_(cursor) {
  focus_.on_gone = [this] {
    for (Held& held : held_) held.delivered = false;
    set_focus({});
    layout_changed_ = true;
    context_.display.request_end_of_turn();
  };
}

void Pointer::add_resource(wl_client* client, std::uint32_t version, std::uint32_t id) {
  wl_resource* pointer = resources_.create(context_, client, wl_pointer_interface, version, id,
                                           &kImplementation, this);
  if (pointer == nullptr || focus_.get() == nullptr || focus_.client() != client) return;
  send_enter(pointer, focus_.get()->to_local(x_px_, y_px_));
  if (version >= WL_POINTER_FRAME_SINCE_VERSION) wl_pointer_send_frame(pointer);
}

void Pointer::send_enter(wl_resource* pointer, PointF at) {
  told_ = at;
  enter_serial_ = context_.serials.issue(focus_.client());
  wl_pointer_send_enter(pointer, enter_serial_, focus_.get()->resource(),
                        wl_fixed_from_double(at.x), wl_fixed_from_double(at.y));
}

void Pointer::frame() {
  resources_.each(focus_.client(), [](wl_resource* pointer) {
    if (version_of(pointer) >= WL_POINTER_FRAME_SINCE_VERSION) wl_pointer_send_frame(pointer);
  });
  context_.display.request_end_of_turn();
}

void Pointer::set_focus(SurfaceHit hit) {
  if (hit.surface == focus_.get()) return;
  if (focus_.get() != nullptr) {
    const std::uint32_t serial = context_.serials.next();
    resources_.each(focus_.client(), [&](wl_resource* pointer) {
      wl_pointer_send_leave(pointer, serial, focus_.get()->resource());
    });
    frame();
  }
  wl_client* before = focus_.client();
  focus_.set(hit.surface);
  if (focus_.client() != before) cursor_.reset();
  if (hit.surface != nullptr) {
    resources_.each(focus_.client(), [&](wl_resource* pointer) { send_enter(pointer, hit.local); });
    frame();
  }
  if (follower_ != nullptr) follower_->focus_changed(hit.surface);
}

void Pointer::find_focus() {
  if (grab_ != nullptr || !held_.empty()) return;
  set_focus(present_ ? context_.desktop.surface_at(x_px_, y_px_) : SurfaceHit{});
}

void Pointer::motion(double x_px, double y_px) {
  if (!std::isfinite(x_px) || !std::isfinite(y_px)) return;
  const double dx = present_ ? (x_px - device_x_px_) / context_.output_scale() : 0.0;
  const double dy = present_ ? (y_px - device_y_px_) / context_.output_scale() : 0.0;
  device_x_px_ = x_px;
  device_y_px_ = y_px;
  present_ = true;
  if (grab_ != nullptr) {
    x_px_ = x_px;
    y_px_ = y_px;
    grab_->motion(x_px, y_px);
    return;
  }
  if (follower_ != nullptr && focus_.get() != nullptr) {
    if (dx != 0 || dy != 0) follower_->moved(focus_.client(), dx, dy);
    if (!follower_->allow(*focus_.get(), x_px, y_px)) {
      frame();
      return;
    }
  }
  x_px_ = x_px;
  y_px_ = y_px;
  Surface* before = focus_.get();
  find_focus();
  if (focus_.get() == nullptr || focus_.get() != before) return;  // enter says where it is
  send_motion(focus_.get()->to_local(x_px_, y_px_));
}

void Pointer::send_motion(PointF at) {
  told_ = at;
  const std::uint32_t time = context_.time_ms();
  resources_.each(focus_.client(), [&](wl_resource* pointer) {
    wl_pointer_send_motion(pointer, time, wl_fixed_from_double(at.x), wl_fixed_from_double(at.y));
  });
  frame();
}

void Pointer::send_button(std::uint32_t code, bool pressed) {
  const std::uint32_t serial = context_.serials.issue(focus_.client());
  if (pressed) grab_serial_ = serial;
  const std::uint32_t time = context_.time_ms();
  resources_.each(focus_.client(), [&](wl_resource* pointer) {
    wl_pointer_send_button(
        pointer, serial, time, code,
        pressed ? WL_POINTER_BUTTON_STATE_PRESSED : WL_POINTER_BUTTON_STATE_RELEASED);
  });
  frame();
}

void Pointer::button(PointerButton button, bool pressed) {
  const std::uint32_t code = evdev_button(button);
  const auto held = std::ranges::find(held_, code, &Held::code);
  if (pressed == (held != held_.end()) || (pressed && !present_)) return;
  if (pressed) {
    bool deliver = grab_ == nullptr;
    if (held_.empty() && deliver) {
      find_focus();
      deliver = !context_.desktop.pressed(focus_.get());
    }
    deliver = deliver && focus_.get() != nullptr;
    held_.push_back({code, deliver});
    if (deliver) send_button(code, true);
    return;
  }
  const bool delivered = held->delivered;
  held_.erase(held);
  if (delivered && focus_.get() != nullptr) send_button(code, false);
  if (!held_.empty()) return;
  if (InputGrab* grab = std::exchange(grab_, nullptr); grab != nullptr) grab->released();
  find_focus();
}

void Pointer::send_axis(wl_resource* pointer, std::uint32_t axis, double value,
                        std::int32_t notches_120) {
  if (value == 0 && notches_120 == 0) return;
  if (notches_120 != 0 && version_of(pointer) >= WL_POINTER_AXIS_VALUE120_SINCE_VERSION) {
    wl_pointer_send_axis_value120(pointer, axis, notches_120);
  } else if (notches_120 != 0 && version_of(pointer) >= WL_POINTER_AXIS_DISCRETE_SINCE_VERSION) {
    const std::int32_t whole = (notch_rest_[axis] + notches_120) / 120;
    if (whole != 0) wl_pointer_send_axis_discrete(pointer, axis, whole);
  }
  wl_pointer_send_axis(pointer, context_.time_ms(), axis, wl_fixed_from_double(value));
}

void Pointer::axis(double dx_px, double dy_px, std::int32_t notches_120_x,
                   std::int32_t notches_120_y) {
  if (focus_.get() == nullptr || grab_ != nullptr) return;
  constexpr double kFar = 10'000.0;
  constexpr std::int32_t kManyNotches = 120 * 100;
  if (!std::isfinite(dx_px) || !std::isfinite(dy_px)) return;
  const std::int32_t notches[2] = {std::clamp(notches_120_y, -kManyNotches, kManyNotches),
                                   std::clamp(notches_120_x, -kManyNotches, kManyNotches)};
  double values[2] = {std::clamp(dy_px / context_.output_scale(), -kFar, kFar),
                      std::clamp(dx_px / context_.output_scale(), -kFar, kFar)};
  for (int i : {WL_POINTER_AXIS_VERTICAL_SCROLL, WL_POINTER_AXIS_HORIZONTAL_SCROLL}) {
    if (notches[i] != 0) values[i] = notches[i] * kAxisPerNotch / 120.0;
  }
  const bool wheel = notches[0] != 0 || notches[1] != 0;
  resources_.each(focus_.client(), [&](wl_resource* pointer) {
    if (version_of(pointer) >= WL_POINTER_AXIS_SOURCE_SINCE_VERSION) {
      wl_pointer_send_axis_source(
          pointer, wheel ? WL_POINTER_AXIS_SOURCE_WHEEL : WL_POINTER_AXIS_SOURCE_CONTINUOUS);
    }
    send_axis(pointer, WL_POINTER_AXIS_VERTICAL_SCROLL, values[0], notches[0]);
    send_axis(pointer, WL_POINTER_AXIS_HORIZONTAL_SCROLL, values[1], notches[1]);
  });
  for (std::size_t i = 0; i < 2; ++i) notch_rest_[i] = (notch_rest_[i] + notches[i]) % 120;
  frame();
}

void Pointer::leave() {
  present_ = false;
  find_focus();
}

void Pointer::release_all() {
  if (InputGrab* grab = std::exchange(grab_, nullptr); grab != nullptr) grab->cancelled();
  const std::vector<Held> held = std::exchange(held_, {});
  for (const Held& h : held) {
    if (h.delivered && focus_.get() != nullptr) send_button(h.code, false);
  }
  leave();
}

void Pointer::end_turn() {
  if (!std::exchange(layout_changed_, false)) return;
  if (focus_.get() != nullptr && !focus_.get()->mapped()) {
    for (Held& held : held_) held.delivered = false;
    set_focus({});
  }
  Surface* before = focus_.get();
  find_focus();
  if (before == nullptr || focus_.get() != before || grab_ != nullptr) return;
  // The surface moved under the pointer.
  const PointF at = before->to_local(x_px_, y_px_);
  if (at.x != told_.x || at.y != told_.y) send_motion(at);
}

bool Pointer::may_set_cursor(wl_client* client, std::uint32_t serial) const {
  return focus_.client() == client && context_.serials.knows(client, serial);
}

bool Pointer::holds_grab(const Surface& surface, std::uint32_t serial) const {
  return grab_ == nullptr && serial == grab_serial_ && focus_.get() == &surface &&
         std::ranges::any_of(held_, &Held::delivered);
}

void Pointer::start_grab(InputGrab& grab) {
  grab_ = &grab;
  for (Held& held : held_) held.delivered = false;
  set_focus({});
}

void Pointer::end_grab(const InputGrab& grab) {
  if (grab_ != &grab) return;
  grab_ = nullptr;
  find_focus();
}

}  // namespace rp
