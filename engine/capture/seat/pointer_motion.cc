#include "engine/capture/seat/pointer_motion.h"

#include <algorithm>

#include "protocol/pointer-constraints-unstable-v1-server.h"
#include "protocol/relative-pointer-unstable-v1-server.h"

namespace rp {

struct PointerMotion::Constraint {
  PointerMotion* owner = nullptr;
  wl_resource* resource = nullptr;
  FocusedSurface surface;
  bool lock = false;
  bool once = false;
  bool active = false;
  bool defunct = false;
};

struct PointerMotion::Requests {
  static PointerMotion& self(wl_resource* resource) {
    return *static_cast<PointerMotion*>(wl_resource_get_user_data(resource));
  }

  static constexpr struct zwp_relative_pointer_v1_interface kRelative = {.destroy =
                                                                             destroy_resource};
  static void get_relative_pointer(wl_client* client, wl_resource* manager, std::uint32_t id,
                                   wl_resource* /*pointer*/) {
    PointerMotion& me = self(manager);
    me.relative_pointers_.create(me.context_, client, zwp_relative_pointer_v1_interface, 1, id,
                                 &kRelative, nullptr);
  }
  static constexpr struct zwp_relative_pointer_manager_v1_interface kRelativeManager = {
      .destroy = destroy_resource, .get_relative_pointer = get_relative_pointer};

  static void set_hint(wl_client*, wl_resource*, wl_fixed_t, wl_fixed_t) {}
  static void set_region(wl_client*, wl_resource*, wl_resource*) {}
  static constexpr struct zwp_locked_pointer_v1_interface kLocked = {
      .destroy = destroy_resource, .set_cursor_position_hint = set_hint, .set_region = set_region};
  static constexpr struct zwp_confined_pointer_v1_interface kConfined = {
      .destroy = destroy_resource, .set_region = set_region};

  static void lock(wl_client* client, wl_resource* manager, std::uint32_t id, wl_resource* surface,
                   wl_resource*, wl_resource*, std::uint32_t lifetime) {
    self(manager).constrain(client, manager, id, true, *Surface::from(surface), lifetime);
  }
  static void confine(wl_client* client, wl_resource* manager, std::uint32_t id,
                      wl_resource* surface, wl_resource*, wl_resource*, std::uint32_t lifetime) {
    self(manager).constrain(client, manager, id, false, *Surface::from(surface), lifetime);
  }
  static constexpr struct zwp_pointer_constraints_v1_interface kConstraints = {
      .destroy = destroy_resource, .lock_pointer = lock, .confine_pointer = confine};
};

PointerMotion::PointerMotion(SeatContext& context, Pointer& pointer)
    : context_(context),
      pointer_(pointer),
      relative_global_(wl_global_create(context.display.display(),
                                        &zwp_relative_pointer_manager_v1_interface, 1, this,
                                        bind_relative)),
      constraints_global_(wl_global_create(context.display.display(),
                                           &zwp_pointer_constraints_v1_interface, 1, this,
                                           bind_constraints)) {
  pointer_.set_follower(this);
}

PointerMotion::~PointerMotion() {
  pointer_.set_follower(nullptr);
  wl_global_destroy(relative_global_);
  wl_global_destroy(constraints_global_);
}

void PointerMotion::bind_relative(wl_client* client, void* data, std::uint32_t version,
                                  std::uint32_t id) {
  auto* self = static_cast<PointerMotion*>(data);
  self->managers_.create(self->context_, client, zwp_relative_pointer_manager_v1_interface, version,
                         id, &Requests::kRelativeManager, self);
}

void PointerMotion::bind_constraints(wl_client* client, void* data, std::uint32_t version,
                                     std::uint32_t id) {
  auto* self = static_cast<PointerMotion*>(data);
  self->managers_.create(self->context_, client, zwp_pointer_constraints_v1_interface, version, id,
                         &Requests::kConstraints, self);
}

void PointerMotion::constrain(wl_client* client, wl_resource* manager, std::uint32_t id, bool lock,
                              Surface& surface, std::uint32_t lifetime) {
  const bool taken = std::ranges::any_of(constraints_, [&](const Constraint* c) {
    return !c->defunct && c->surface.get() == &surface;
  });
  if (taken) {
    wl_resource_post_error(manager, ZWP_POINTER_CONSTRAINTS_V1_ERROR_ALREADY_CONSTRAINED,
                           "surface has a pointer constraint already");
    return;
  }
  auto made = std::make_unique<Constraint>();
  made->owner = this;
  made->lock = lock;
  made->once = lifetime == ZWP_POINTER_CONSTRAINTS_V1_LIFETIME_ONESHOT;
  const wl_interface& interface =
      lock ? zwp_locked_pointer_v1_interface : zwp_confined_pointer_v1_interface;
  const void* requests = lock ? static_cast<const void*>(&Requests::kLocked) : &Requests::kConfined;
  made->resource = constraint_resources_.create(
      context_, client, interface, 1, id, requests, made.get(), [](wl_resource* resource) {
        auto* gone = static_cast<Constraint*>(wl_resource_get_user_data(resource));
        gone->owner->remove(gone);
      });
  if (made->resource == nullptr) return;
  made->surface.set(&surface);
  Constraint* constraint = made.release();  // owned by its resource
  constraint->surface.on_gone = [constraint] {
    constraint->active = false;
    constraint->defunct = true;
  };
  constraints_.push_back(constraint);
  if (pointer_.focus() == &surface) set_active(*constraint, true);
}

void PointerMotion::remove(Constraint* constraint) {
  const std::unique_ptr<Constraint> gone(constraint);
  std::erase(constraints_, constraint);
}

void PointerMotion::set_active(Constraint& constraint, bool active) {
  if (constraint.active == active || constraint.defunct) return;
  constraint.active = active;
  if (!active && constraint.once) constraint.defunct = true;
  if (constraint.lock) {
    active ? zwp_locked_pointer_v1_send_locked(constraint.resource)
           : zwp_locked_pointer_v1_send_unlocked(constraint.resource);
  } else {
    active ? zwp_confined_pointer_v1_send_confined(constraint.resource)
           : zwp_confined_pointer_v1_send_unconfined(constraint.resource);
  }
  context_.display.request_end_of_turn();
}

void PointerMotion::focus_changed(Surface* focus) {
  for (Constraint* c : constraints_) set_active(*c, c->surface.get() == focus && focus != nullptr);
}

void PointerMotion::moved(wl_client* client, double dx, double dy) {
  const auto time_us = static_cast<std::uint64_t>(context_.display.loop().clock().now().us);
  relative_pointers_.each(client, [&](wl_resource* resource) {
    const wl_fixed_t x = wl_fixed_from_double(dx);
    const wl_fixed_t y = wl_fixed_from_double(dy);
    zwp_relative_pointer_v1_send_relative_motion(resource,
                                                 static_cast<std::uint32_t>(time_us >> 32),
                                                 static_cast<std::uint32_t>(time_us), x, y, x, y);
  });
}

bool PointerMotion::allow(Surface& focus, double& x_px, double& y_px) {
  for (const Constraint* c : constraints_) {
    if (!c->active || c->surface.get() != &focus) continue;
    if (c->lock) return false;
    const double scale = context_.output_scale();
    const Point origin = focus.position();
    const Size size = focus.size();
    // The last pixel's start is still on the surface; its end is not.
    x_px = std::clamp(x_px, origin.x * scale, (origin.x + std::max(size.width, 1)) * scale - 1);
    y_px = std::clamp(y_px, origin.y * scale, (origin.y + std::max(size.height, 1)) * scale - 1);
  }
  return true;
}

}  // namespace rp
