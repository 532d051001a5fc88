#include "engine/capture/xdg_surface.h"

#include <algorithm>

#include "engine/base/limits.h"
#include "engine/capture/compositor.h"
#include "engine/capture/resource.h"
#include "engine/capture/subsurface.h"
#include "engine/capture/xdg_popup.h"
#include "engine/capture/xdg_positioner.h"
#include "engine/capture/xdg_toplevel.h"
#include "protocol/xdg-shell-server.h"

namespace rp {
namespace {

// What the surface and its subsurfaces cover, surface-local.
void add_tree_bounds(const Surface& surface, Point origin, Rect& bounds) {
  const Size size = surface.size();
  if (!size.empty()) {
    const std::int32_t right = std::max(bounds.x + bounds.width, origin.x + size.width);
    const std::int32_t bottom = std::max(bounds.y + bounds.height, origin.y + size.height);
    if (bounds.empty()) {
      bounds = {origin.x, origin.y, size.width, size.height};
    } else {
      bounds.x = std::min(bounds.x, origin.x);
      bounds.y = std::min(bounds.y, origin.y);
      bounds.width = right - bounds.x;
      bounds.height = bottom - bounds.y;
    }
  }
  for (const Subsurface* child : surface.stack()) {
    if (child == nullptr) continue;
    const Point p = child->position();
    add_tree_bounds(child->surface(), {origin.x + p.x, origin.y + p.y}, bounds);
  }
}

XdgSurface& self(wl_resource* r) { return *object_of<XdgSurface>(r); }

void destroy_xdg_surface(wl_client* /*client*/, wl_resource* r) {
  if (self(r).role() != nullptr) {
    wl_resource_post_error(r, XDG_SURFACE_ERROR_DEFUNCT_ROLE_OBJECT,
                           "destroy the toplevel or popup first");
    return;
  }
  wl_resource_destroy(r);
}

void set_window_geometry(wl_client* /*client*/, wl_resource* r, std::int32_t x, std::int32_t y,
                         std::int32_t width, std::int32_t height) {
  if (self(r).role() == nullptr) {
    wl_resource_post_error(r, XDG_SURFACE_ERROR_NOT_CONSTRUCTED, "the surface has no role yet");
    return;
  }
  if (width < 1 || height < 1) {
    wl_resource_post_error(r, XDG_SURFACE_ERROR_INVALID_SIZE, "geometry must be positive");
    return;
  }
  self(r).set_window_geometry({saturated(x), saturated(y), saturated(width), saturated(height)});
}

const struct xdg_surface_interface kXdgSurface = {
    .destroy = destroy_xdg_surface,
    .get_toplevel = [](wl_client* client, wl_resource* r,
                       std::uint32_t id) { create_toplevel(client, self(r), id); },
    .get_popup =
        [](wl_client* client, wl_resource* r, std::uint32_t id, wl_resource* parent,
           wl_resource* positioner) {
          create_popup(client, self(r), id, XdgSurface::from(parent), positioner);
        },
    .set_window_geometry = set_window_geometry,
    .ack_configure = [](wl_client*, wl_resource* r, std::uint32_t serial) { self(r).ack(serial); },
};

struct WmBaseBinding {
  std::shared_ptr<WmBase> base;
  Compositor* compositor;
};

WmBaseBinding& binding(wl_resource* r) { return *object_of<WmBaseBinding>(r); }

void get_xdg_surface(wl_client* client, wl_resource* r, std::uint32_t id,
                     wl_resource* surface_resource) {
  Surface& surface = *Surface::from(surface_resource);
  const bool other_role = surface.role() != RoleKind::kNone &&
                          surface.role() != RoleKind::kToplevel &&
                          surface.role() != RoleKind::kPopup;
  if (other_role || surface.has_shell_object()) {
    wl_resource_post_error(r, XDG_WM_BASE_ERROR_ROLE, "wl_surface has a role or an xdg_surface");
    return;
  }
  if (surface.has_buffer() || surface.has_pending_buffer()) {
    wl_resource_post_error(r, XDG_WM_BASE_ERROR_INVALID_SURFACE_STATE,
                           "wl_surface has a buffer already");
    return;
  }
  make_object<XdgSurface>(client, xdg_surface_interface, wl_resource_get_version(r), id,
                          kXdgSurface, surface, binding(r).base);
}

void destroy_wm_base(wl_client* /*client*/, wl_resource* r) {
  if (binding(r).base->surfaces != 0) {
    wl_resource_post_error(r, XDG_WM_BASE_ERROR_DEFUNCT_SURFACES, "xdg_surfaces are still alive");
    return;
  }
  wl_resource_destroy(r);
}

const struct xdg_wm_base_interface kWmBase = {
    .destroy = destroy_wm_base,
    .create_positioner = [](wl_client* client, wl_resource* r,
                            std::uint32_t id) { create_positioner(client, r, id); },
    .get_xdg_surface = get_xdg_surface,
    .pong = [](wl_client*, wl_resource*, std::uint32_t) {},
};

}  // namespace

void make_xdg_wm_base_global(Compositor& compositor) {
  constexpr int kVersion = 5;
  wl_global_create(compositor.display(), &xdg_wm_base_interface, kVersion, &compositor,
                   [](wl_client* client, void* data, std::uint32_t version, std::uint32_t id) {
                     wl_resource* r = make_resource(client, xdg_wm_base_interface,
                                                    static_cast<int>(version), id);
                     if (r == nullptr) return;
                     auto* made = new WmBaseBinding{std::make_shared<WmBase>(WmBase{r}),
                                                    static_cast<Compositor*>(data)};
                     implement(r, kWmBase, made, [](wl_resource* gone) { delete &binding(gone); });
                   });
}

XdgSurface* XdgSurface::from(wl_resource* resource) { return object_of<XdgSurface>(resource); }

XdgSurface::XdgSurface(wl_resource* resource, Surface& surface, std::shared_ptr<WmBase> wm_base)
    : resource_(resource), surface_(&surface), wm_base_(std::move(wm_base)) {
  ++wm_base_->surfaces;
  surface.set_shell_object(this);
}

XdgSurface::~XdgSurface() {
  if (surface_ != nullptr) {
    unmap();
    surface_->set_shell_object(nullptr);
    surface_->clear_role_handler();
  }
  for (Popup* popup : popups_) popup->parent_gone();
  if (role_ != nullptr) role_->orphaned();
  --wm_base_->surfaces;
}

bool XdgSurface::take_role(XdgRole& role, RoleKind kind) {
  if (role_ != nullptr) {
    wl_resource_post_error(resource_, XDG_SURFACE_ERROR_ALREADY_CONSTRUCTED,
                           "xdg_surface has a role object already");
    return false;
  }
  if (surface_ == nullptr || !surface_->set_role(kind, *this)) {
    wl_resource_post_error(wm_base_->resource, XDG_WM_BASE_ERROR_ROLE,
                           "wl_surface has another role");
    return false;
  }
  role_ = &role;
  return true;
}

// The role object is destroyed: the surface is unmapped and starts over.
void XdgSurface::drop_role() {
  unmap();
  role_ = nullptr;
  unacked_.clear();
  set_geometry_.reset();
  pending_geometry_.reset();
  configure_owed_ = initial_commit_done_ = false;
}

void XdgSurface::refuse_buffer() {
  wl_resource_post_error(resource_, XDG_SURFACE_ERROR_UNCONFIGURED_BUFFER,
                         "a buffer before the toplevel or popup was made");
}

// Where none was set the spec counts subsurfaces in; then one that comes and sticks out would push
// its window aside, so the surface itself stands for the window.
Rect XdgSurface::geometry() const {
  if (surface_ == nullptr) return {};
  const Rect own{0, 0, surface_->size().width, surface_->size().height};
  if (!set_geometry_) return own;
  Rect bounds;
  add_tree_bounds(*surface_, {0, 0}, bounds);
  const Rect within = intersection(*set_geometry_, bounds);
  return within.empty() ? own : within;
}

void XdgSurface::configure() {
  if (role_ == nullptr || !initial_commit_done_ || surface_ == nullptr) return;
  if (unacked_.size() >= limits::kMaxPendingConfigures) {
    configure_owed_ = true;
    return;
  }
  role_->send_configure();
  const std::uint32_t serial = surface_->compositor().next_serial();
  unacked_.push_back(serial);
  xdg_surface_send_configure(resource_, serial);
  surface_->compositor().request_end_of_turn();
}

void XdgSurface::ack(std::uint32_t serial) {
  if (role_ == nullptr) {
    wl_resource_post_error(resource_, XDG_SURFACE_ERROR_NOT_CONSTRUCTED,
                           "the surface has no role yet");
    return;
  }
  const auto found = std::find(unacked_.begin(), unacked_.end(), serial);
  if (found == unacked_.end()) {
    wl_resource_post_error(resource_, XDG_SURFACE_ERROR_INVALID_SERIAL,
                           "serial %u was never sent or is acked", serial);
    return;
  }
  unacked_.erase(unacked_.begin(), found + 1);
  if (std::exchange(configure_owed_, false)) configure();
}

// A buffer in the very first commit is let through: clients that draw before they were asked to
// (wlcs among them) get their size with the configure that follows.
bool XdgSurface::may_commit(const SurfaceState& pending) {
  if (role_ == nullptr) {
    // Between two role objects of the same kind there is nothing to show.
    if (pending.buffer == nullptr) return true;
    wl_resource_post_error(resource_, XDG_SURFACE_ERROR_NOT_CONSTRUCTED,
                           "commit without a role object");
    return false;
  }
  return role_->may_commit();
}

void XdgSurface::on_commit() {
  if (pending_geometry_) set_geometry_ = std::exchange(pending_geometry_, std::nullopt);
  if (role_ == nullptr) return;
  const bool was_mapped = mapped_;
  mapped_ = surface_->has_buffer();
  if (was_mapped && !mapped_) {
    // Unmapping by a null buffer starts the surface over: it needs a new initial commit.
    unacked_.clear();
    configure_owed_ = initial_commit_done_ = false;
  } else if (!initial_commit_done_) {
    // What mapping changes is told with the first configure, not before it.
    role_->committed(was_mapped);
    initial_commit_done_ = true;
    configure();
    return;
  }
  role_->committed(was_mapped);
}

void XdgSurface::unmap() {
  if (!std::exchange(mapped_, false) || role_ == nullptr) return;
  role_->committed(true);
}

void XdgSurface::on_surface_destroyed() {
  unmap();
  surface_->set_shell_object(nullptr);
  surface_ = nullptr;
  if (role_ != nullptr) std::exchange(role_, nullptr)->orphaned();
}

}  // namespace rp
