#include "engine/capture/subsurface.h"

#include <algorithm>

#include <wayland-server-protocol.h>

#include "engine/base/limits.h"
#include "engine/capture/compositor.h"
#include "engine/capture/presentation.h"
#include "engine/capture/resource.h"

namespace rp {
namespace {

Subsurface& self(wl_resource* r) { return *object_of<Subsurface>(r); }

void destroy_subsurface(wl_client* /*client*/, wl_resource* r) {
  Surface* surface = self(r).surface_or_null();
  Compositor* compositor = surface == nullptr ? nullptr : &surface->compositor();
  wl_resource_destroy(r);
  if (compositor != nullptr) compositor->settle();
}

const struct wl_subsurface_interface kSubsurface = {
    .destroy = destroy_subsurface,
    .set_position =
        [](wl_client*, wl_resource* r, std::int32_t x, std::int32_t y) {
          self(r).set_position({saturated(x), saturated(y)});
        },
    .place_above = [](wl_client*, wl_resource* r,
                      wl_resource* sibling) { self(r).place(sibling, true); },
    .place_below = [](wl_client*, wl_resource* r,
                      wl_resource* sibling) { self(r).place(sibling, false); },
    .set_sync = [](wl_client*, wl_resource* r) { self(r).set_sync(true); },
    .set_desync = [](wl_client*, wl_resource* r) { self(r).set_sync(false); },
};

std::size_t depth_of(const Surface& surface) {
  std::size_t depth = 0;
  for (const Subsurface* s = surface.subsurface(); s != nullptr && s->parent() != nullptr;
       s = s->parent()->subsurface()) {
    ++depth;
  }
  return depth;
}

std::size_t height_of(const Surface& surface) {
  std::size_t height = 0;
  for (const Subsurface* child : surface.pending_stack()) {
    if (child != nullptr) height = std::max(height, 1 + height_of(child->surface()));
  }
  return height;
}

void get_subsurface(wl_client* client, wl_resource* r, std::uint32_t id,
                    wl_resource* surface_resource, wl_resource* parent_resource) {
  Surface& surface = *Surface::from(surface_resource);
  Surface& parent = *Surface::from(parent_resource);
  if (&parent.root() == &surface.root() && (&parent == &surface || &parent.root() == &surface)) {
    wl_resource_post_error(r, WL_SUBCOMPOSITOR_ERROR_BAD_SURFACE,
                           "a surface cannot be its own ancestor");
    return;
  }
  const bool other_role =
      surface.role() != RoleKind::kNone && surface.role() != RoleKind::kSubsurface;
  if (other_role || surface.role_handler() != nullptr || surface.has_shell_object()) {
    wl_resource_post_error(r, WL_SUBCOMPOSITOR_ERROR_BAD_SURFACE, "wl_surface already has a role");
    return;
  }
  if (depth_of(parent) + 1 + height_of(surface) > limits::kMaxSubsurfaceDepth) {
    surface.compositor().end_for_limit(client, "depth of subsurfaces");
    return;
  }
  make_object<Subsurface>(client, wl_subsurface_interface, wl_resource_get_version(r), id,
                          kSubsurface, surface, parent);
}

const struct wl_subcompositor_interface kSubcompositor = {
    .destroy = destroy_resource,
    .get_subsurface = get_subsurface,
};

}  // namespace

void make_subcompositor_global(Compositor& compositor) {
  wl_global_create(compositor.display(), &wl_subcompositor_interface, 1, nullptr,
                   [](wl_client* client, void*, std::uint32_t version, std::uint32_t id) {
                     wl_resource* r = make_resource(client, wl_subcompositor_interface,
                                                    static_cast<int>(version), id);
                     if (r != nullptr) implement(r, kSubcompositor, nullptr);
                   });
}

Subsurface::Subsurface(wl_resource* resource, Surface& surface, Surface& parent)
    : resource_(resource), surface_(&surface), parent_(&parent) {
  RP_CHECK(surface.set_role(RoleKind::kSubsurface, *this));
  surface.subsurface_ = this;
  parent.pending_stack_.push_back(this);
}

Subsurface::~Subsurface() {
  if (surface_ == nullptr) return;
  Surface& surface = *surface_;
  leave_parent();
  discard_feedbacks(cached_.feedbacks);
  surface.subsurface_ = nullptr;
  surface.clear_role_handler();
  surface.update_enter();
}

void Subsurface::leave_parent() {
  if (parent_ == nullptr) return;
  std::erase(parent_->stack_, this);
  std::erase(parent_->pending_stack_, this);
  Surface& parent = *std::exchange(parent_, nullptr);
  if (std::exchange(placed_, false)) parent.compositor().layout_changed();
}

void Subsurface::on_surface_destroyed() {
  leave_parent();
  discard_feedbacks(cached_.feedbacks);
  surface_->subsurface_ = nullptr;
  surface_ = nullptr;
}

void Subsurface::parent_destroyed() {
  parent_ = nullptr;
  placed_ = false;
  surface_->update_enter();
}

bool Subsurface::synchronised() const {
  const Subsurface* s = this;
  while (s != nullptr && s->parent_ != nullptr) {
    if (s->sync_) return true;
    s = s->parent_->subsurface();
  }
  return false;
}

void Subsurface::cache(SurfaceState& pending) {
  discard_feedbacks(cached_.feedbacks);
  cached_.merge(pending);
  has_cached_ = true;
}

void Subsurface::apply_cached() {
  if (!std::exchange(has_cached_, false)) return;
  surface_->apply(cached_);
}

bool Subsurface::parent_applied() {
  const bool moved = !placed_ || position_ != pending_position_;
  const bool appeared = !std::exchange(placed_, true);
  position_ = pending_position_;
  // Something is cached only when a commit was held back for this one, here or further up.
  apply_cached();
  if (appeared && surface_ != nullptr) surface_->update_enter();
  return moved;
}

void Subsurface::set_sync(bool sync) {
  sync_ = sync;
  if (surface_ != nullptr && !synchronised()) apply_cached();
}

void Subsurface::place(wl_resource* sibling_resource, bool above) {
  if (parent_ == nullptr || surface_ == nullptr) return;
  Surface& sibling = *Surface::from(sibling_resource);
  Subsurface* anchor = nullptr;  // the parent itself
  if (&sibling != parent_) {
    anchor = sibling.subsurface();
    if (anchor == nullptr || anchor == this || anchor->parent_ != parent_) {
      wl_resource_post_error(resource_, WL_SUBSURFACE_ERROR_BAD_SURFACE,
                             "not a sibling and not the parent");
      return;
    }
  }
  auto& stack = parent_->pending_stack_;
  std::erase(stack, this);
  auto place = std::find(stack.begin(), stack.end(), anchor);
  if (above) ++place;
  stack.insert(place, this);
}

}  // namespace rp
