#include "engine/capture/xdg_toplevel.h"

#include <array>

#include "engine/base/limits.h"
#include "engine/capture/compositor.h"
#include "engine/capture/resource.h"
#include "engine/capture/small_protocols.h"
#include "protocol/xdg-shell-server.h"

namespace rp {
namespace {

Toplevel& self(wl_resource* r) { return *object_of<Toplevel>(r); }

void destroy_toplevel(wl_client* /*client*/, wl_resource* r) {
  Surface* surface = self(r).surface();
  Compositor* compositor = surface == nullptr ? nullptr : &surface->compositor();
  wl_resource_destroy(r);
  if (compositor != nullptr) compositor->settle();
}

void resize(wl_client* /*client*/, wl_resource* r, wl_resource* /*seat*/, std::uint32_t /*serial*/,
            std::uint32_t edges) {
  // 3, 7 and over 10 are no combination of the edges.
  if (edges > XDG_TOPLEVEL_RESIZE_EDGE_BOTTOM_RIGHT || edges == 3 || edges == 7) {
    wl_resource_post_error(r, XDG_TOPLEVEL_ERROR_INVALID_RESIZE_EDGE, "no such edge");
  }
}

const struct xdg_toplevel_interface kToplevel = {
    .destroy = destroy_toplevel,
    .set_parent = [](wl_client*, wl_resource* r,
                     wl_resource* parent) { self(r).set_parent(object_of<Toplevel>(parent)); },
    .set_title = [](wl_client*, wl_resource*, const char*) {},
    .set_app_id = [](wl_client*, wl_resource*, const char*) {},
    // Windows are where the shell puts them: no menu, no moving, no resizing, no minimising by
    // hand.
    .show_window_menu = [](wl_client*, wl_resource*, wl_resource*, std::uint32_t, std::int32_t,
                           std::int32_t) {},
    .move = [](wl_client*, wl_resource*, wl_resource*, std::uint32_t) {},
    .resize = resize,
    .set_max_size =
        [](wl_client*, wl_resource* r, std::int32_t width, std::int32_t height) {
          self(r).set_max_size({width, height});
        },
    .set_min_size =
        [](wl_client*, wl_resource* r, std::int32_t width, std::int32_t height) {
          self(r).set_min_size({width, height});
        },
    .set_maximized = [](wl_client*, wl_resource* r) { self(r).set_maximized(true); },
    .unset_maximized = [](wl_client*, wl_resource* r) { self(r).set_maximized(false); },
    .set_fullscreen = [](wl_client*, wl_resource* r,
                         wl_resource* /*output*/) { self(r).set_fullscreen(true); },
    .unset_fullscreen = [](wl_client*, wl_resource* r) { self(r).set_fullscreen(false); },
    .set_minimized = [](wl_client*, wl_resource*) {},
};

}  // namespace

void create_toplevel(wl_client* client, XdgSurface& xdg, std::uint32_t id) {
  wl_resource* r =
      make_resource(client, xdg_toplevel_interface, wl_resource_get_version(xdg.resource()), id);
  if (r == nullptr) return;
  auto toplevel = std::make_unique<Toplevel>(r, xdg);
  if (!xdg.take_role(*toplevel, RoleKind::kToplevel)) {
    toplevel->orphaned();
  }
  implement(r, kToplevel, toplevel.release(), [](wl_resource* gone) { delete &self(gone); });
}

Toplevel::Toplevel(wl_resource* resource, XdgSurface& xdg)
    : resource_(resource), xdg_(&xdg), shell_(xdg.surface()->compositor().shell()) {
  shell_.toplevel_made(*this);
}

Toplevel::~Toplevel() {
  if (decoration_ != nullptr) decoration_orphaned(decoration_);
  if (xdg_ != nullptr) xdg_->drop_role();
  leave();
}

void Toplevel::leave() { shell_.toplevel_gone(*this); }

void Toplevel::orphaned() {
  leave();
  xdg_ = nullptr;
}

void Toplevel::parent_gone(const Toplevel& gone) {
  if (parent_ == &gone) parent_ = gone.parent_;
}

void Toplevel::set_activated(bool activated) {
  if (activated_ == activated) return;
  activated_ = activated;
  if (xdg_ != nullptr) xdg_->configure();
}

void Toplevel::set_parent(Toplevel* parent) {
  for (Toplevel* t = parent; t != nullptr; t = t->parent_) {
    if (t == this) {
      wl_resource_post_error(resource_, XDG_TOPLEVEL_ERROR_INVALID_PARENT,
                             "a window cannot be its own ancestor");
      return;
    }
  }
  // A parent that is not mapped is the same as none (set_parent), except that it often comes to be.
  parent_ = parent;
  shell_.toplevel_changed(*this);
}

void Toplevel::set_min_size(Size size) {
  if (size.width < 0 || size.height < 0) {
    wl_resource_post_error(resource_, XDG_TOPLEVEL_ERROR_INVALID_SIZE, "size is negative");
    return;
  }
  pending_min_size_ = size;
}

void Toplevel::set_max_size(Size size) {
  if (size.width < 0 || size.height < 0) {
    wl_resource_post_error(resource_, XDG_TOPLEVEL_ERROR_INVALID_SIZE, "size is negative");
    return;
  }
  pending_max_size_ = size;
}

void Toplevel::set_maximized(bool on) {
  maximized_ = on;
  if (xdg_ != nullptr) xdg_->configure();
}

void Toplevel::set_fullscreen(bool on) {
  fullscreen_ = on;
  if (xdg_ != nullptr) xdg_->configure();
}

bool Toplevel::may_commit() {
  const Size low = pending_min_size_;
  const Size high = pending_max_size_;
  if ((high.width != 0 && low.width > high.width) ||
      (high.height != 0 && low.height > high.height)) {
    wl_resource_post_error(resource_, XDG_TOPLEVEL_ERROR_INVALID_SIZE,
                           "the least size is over the greatest");
    return false;
  }
  return true;
}

void Toplevel::send_configure() {
  const int version = wl_resource_get_version(resource_);
  if (version >= XDG_TOPLEVEL_WM_CAPABILITIES_SINCE_VERSION &&
      !std::exchange(told_capabilities_, true)) {
    std::array<std::uint32_t, 2> can = {XDG_TOPLEVEL_WM_CAPABILITIES_MAXIMIZE,
                                        XDG_TOPLEVEL_WM_CAPABILITIES_FULLSCREEN};
    wl_array bytes{sizeof can, sizeof can, can.data()};
    xdg_toplevel_send_wm_capabilities(resource_, &bytes);
  }
  const WindowShape shape = shell_.shape_for(*this);
  if (version >= XDG_TOPLEVEL_CONFIGURE_BOUNDS_SINCE_VERSION) {
    xdg_toplevel_send_configure_bounds(resource_, shape.bounds.width, shape.bounds.height);
  }
  std::array<std::uint32_t, 3> states{};
  std::size_t count = 0;
  if (shape.maximized) states[count++] = XDG_TOPLEVEL_STATE_MAXIMIZED;
  if (shape.fullscreen) states[count++] = XDG_TOPLEVEL_STATE_FULLSCREEN;
  if (activated_) states[count++] = XDG_TOPLEVEL_STATE_ACTIVATED;
  wl_array bytes{count * sizeof states[0], sizeof states, states.data()};
  xdg_toplevel_send_configure(resource_, shape.size.width, shape.size.height, &bytes);
}

void Toplevel::committed(bool was_mapped) {
  min_size_ = pending_min_size_;
  max_size_ = pending_max_size_;
  if (xdg_->mapped() && !was_mapped) {
    shell_.toplevel_mapped(*this);
  } else if (!xdg_->mapped() && was_mapped) {
    shell_.toplevel_unmapped(*this);
  } else if (xdg_->mapped()) {
    shell_.toplevel_committed(*this);
  }
}

}  // namespace rp
