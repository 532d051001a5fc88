#include "engine/capture/seat/touch.h"

#include <algorithm>
#include <cmath>

#include <wayland-server-protocol.h>

namespace rp {
namespace {

const struct wl_touch_interface kImplementation = {.release = destroy_resource};

}  // namespace

Touch::Touch(SeatContext& context) : context_(context) {
  for (int index = 0; index < static_cast<int>(slots_.size()); ++index) {
    slot(index)->surface.on_gone = [this, index] {
      send_up(index);
      frame();
    };
  }
}

void Touch::add_resource(wl_client* client, std::uint32_t version, std::uint32_t id) {
  resources_.create(context_, client, wl_touch_interface, version, id, &kImplementation, this);
}

Touch::Slot* Touch::slot(int index) {
  if (index < 0 || static_cast<std::size_t>(index) >= slots_.size()) return nullptr;
  return &slots_[static_cast<std::size_t>(index)];
}

void Touch::down(int index, double x_px, double y_px) {
  Slot* touch = slot(index);
  if (touch == nullptr || touch->is_down || !std::isfinite(x_px) || !std::isfinite(y_px)) return;
  touch->is_down = true;
  touch->at_px = {x_px, y_px};
  touch->surface.set(nullptr);
  const SurfaceHit hit = context_.desktop.surface_at(x_px, y_px);
  if (context_.desktop.pressed(hit.surface) || hit.surface == nullptr) return;
  touch->surface.set(hit.surface);
  touch->serial = context_.serials.issue(hit.surface->client());
  touch->told = hit.surface->client();
  touch->frame_due = true;
  const std::uint32_t time = context_.time_ms();
  resources_.each(touch->told, [&](wl_resource* resource) {
    wl_touch_send_down(resource, touch->serial, time, hit.surface->resource(), index,
                       wl_fixed_from_double(hit.local.x), wl_fixed_from_double(hit.local.y));
  });
  context_.display.request_end_of_turn();
}

void Touch::motion(int index, double x_px, double y_px) {
  Slot* touch = slot(index);
  if (touch == nullptr || !touch->is_down || !std::isfinite(x_px) || !std::isfinite(y_px)) return;
  touch->at_px = {x_px, y_px};
  if (touch->grab != nullptr) {
    touch->grab->motion(x_px, y_px);
    return;
  }
  Surface* surface = touch->surface.get();
  if (surface == nullptr) return;
  const PointF at = surface->to_local(x_px, y_px);
  const std::uint32_t time = context_.time_ms();
  touch->frame_due = true;
  resources_.each(surface->client(), [&](wl_resource* resource) {
    wl_touch_send_motion(resource, time, index, wl_fixed_from_double(at.x),
                         wl_fixed_from_double(at.y));
  });
  context_.display.request_end_of_turn();
}

void Touch::up(int index) {
  Slot* touch = slot(index);
  if (touch == nullptr || !touch->is_down) return;
  touch->is_down = false;
  if (InputGrab* grab = std::exchange(touch->grab, nullptr); grab != nullptr) {
    grab->released();
    return;
  }
  send_up(index);
}

void Touch::send_up(int index) {
  Slot* touch = slot(index);
  Surface* surface = touch->surface.get();
  if (surface == nullptr) return;
  const std::uint32_t serial = context_.serials.issue(surface->client());
  const std::uint32_t time = context_.time_ms();
  touch->frame_due = true;
  resources_.each(surface->client(),
                  [&](wl_resource* resource) { wl_touch_send_up(resource, serial, time, index); });
  touch->surface.set(nullptr);
  context_.display.request_end_of_turn();
}

void Touch::frame() {
  for (Slot& touch : slots_) {
    if (!std::exchange(touch.frame_due, false)) continue;
    wl_client* client = touch.told;
    for (Slot& other : slots_) {
      if (other.told == client) other.frame_due = false;
    }
    resources_.each(client, wl_touch_send_frame);
  }
  context_.display.request_end_of_turn();
}

void Touch::cancel() {
  for (Slot& touch : slots_) {
    if (InputGrab* grab = std::exchange(touch.grab, nullptr); grab != nullptr) grab->cancelled();
    if (touch.surface.get() != nullptr) {
      wl_client* client = touch.surface.client();
      for (Slot& other : slots_) {
        if (other.surface.client() == client) other.surface.set(nullptr);
      }
      resources_.each(client, wl_touch_send_cancel);
    }
    touch.is_down = false;
    touch.frame_due = false;
  }
  context_.display.request_end_of_turn();
}

int Touch::slot_with_grab(const Surface& surface, std::uint32_t serial) const {
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    const Slot& touch = slots_[i];
    if (touch.is_down && touch.grab == nullptr && touch.surface.get() == &surface &&
        touch.serial == serial) {
      return static_cast<int>(i);
    }
  }
  return -1;
}

void Touch::start_grab(int index, InputGrab& grab) {
  Slot& touch = *slot(index);
  wl_client* client = touch.surface.client();
  // wl_touch.cancel is for all of a client's touches at once.
  for (Slot& other : slots_) {
    if (other.surface.client() == client) other.surface.set(nullptr);
  }
  resources_.each(client, wl_touch_send_cancel);
  touch.grab = &grab;
}

void Touch::end_grab(const InputGrab& grab) {
  for (Slot& touch : slots_) {
    if (touch.grab == &grab) touch.grab = nullptr;
  }
}

PointF Touch::position_px(int index) const { return slots_[static_cast<std::size_t>(index)].at_px; }

}  // namespace rp
