#include "engine/capture/small_protocols.h"

#include "engine/capture/compositor.h"
#include "engine/capture/resource.h"
#include "engine/capture/xdg_toplevel.h"
#include "protocol/fractional-scale-v1-server.h"
#include "protocol/idle-inhibit-unstable-v1-server.h"
#include "protocol/xdg-decoration-unstable-v1-server.h"

namespace rp {
namespace {

// A binding or object that needs nothing but its table of requests.
template <typename I>
void bind_plain(wl_client* client, const wl_interface& interface, std::uint32_t version,
                std::uint32_t id, const I& implementation, void* data) {
  wl_resource* r = make_resource(client, interface, static_cast<int>(version), id);
  if (r != nullptr) implement(r, implementation, data);
}

// ---- xdg_decoration: a phone's windows have none, so the server draws them, by drawing nothing.

void send_decoration_mode(wl_resource* r) {
  zxdg_toplevel_decoration_v1_send_configure(r, ZXDG_TOPLEVEL_DECORATION_V1_MODE_SERVER_SIDE);
  auto* toplevel = object_of<Toplevel>(r);
  if (toplevel != nullptr && toplevel->xdg() != nullptr) toplevel->xdg()->configure();
}

const struct zxdg_toplevel_decoration_v1_interface kDecoration = {
    .destroy = destroy_resource,
    .set_mode = [](wl_client*, wl_resource* r, std::uint32_t) { send_decoration_mode(r); },
    .unset_mode = [](wl_client*, wl_resource* r) { send_decoration_mode(r); },
};

void get_toplevel_decoration(wl_client* client, wl_resource* manager, std::uint32_t id,
                             wl_resource* toplevel_resource) {
  auto& toplevel = *object_of<Toplevel>(toplevel_resource);
  wl_resource* r = make_resource(client, zxdg_toplevel_decoration_v1_interface,
                                 wl_resource_get_version(manager), id);
  if (r == nullptr) return;
  implement(r, kDecoration, &toplevel, [](wl_resource* gone) {
    if (auto* of = object_of<Toplevel>(gone)) of->set_decoration(nullptr);
  });
  if (toplevel.decoration() != nullptr) {
    wl_resource_set_user_data(r, nullptr);
    wl_resource_post_error(r, ZXDG_TOPLEVEL_DECORATION_V1_ERROR_ALREADY_CONSTRUCTED,
                           "the toplevel has a decoration object already");
    return;
  }
  toplevel.set_decoration(r);
  send_decoration_mode(r);
}

const struct zxdg_decoration_manager_v1_interface kDecorationManager = {
    .destroy = destroy_resource,
    .get_toplevel_decoration = get_toplevel_decoration,
};

// ---- idle_inhibit: a phone in use is never idle here; the objects only have to exist.

const struct zwp_idle_inhibitor_v1_interface kInhibitor = {.destroy = destroy_resource};

const struct zwp_idle_inhibit_manager_v1_interface kInhibitManager = {
    .destroy = destroy_resource,
    .create_inhibitor =
        [](wl_client* client, wl_resource* r, std::uint32_t id, wl_resource* /*surface*/) {
          bind_plain(client, zwp_idle_inhibitor_v1_interface,
                     static_cast<std::uint32_t>(wl_resource_get_version(r)), id, kInhibitor,
                     nullptr);
        },
};

// ---- fractional_scale

// One per surface; knows its surface only to refuse a second one.
class FractionalScale {
 public:
  FractionalScale(wl_resource* resource, Surface& surface)
      : resource_(resource), compositor_(surface.compositor()), surface_(surface.weak()) {
    surface.set_fractional_scale(resource);
    compositor_.add_fractional_scale(resource);
  }
  FractionalScale(const FractionalScale&) = delete;
  FractionalScale& operator=(const FractionalScale&) = delete;
  ~FractionalScale() {
    compositor_.remove_fractional_scale(resource_);
    if (const auto surface = surface_.lock()) surface->set_fractional_scale(nullptr);
  }

 private:
  wl_resource* resource_;
  Compositor& compositor_;
  WeakSurface surface_;
};

const struct wp_fractional_scale_v1_interface kFractionalScale = {.destroy = destroy_resource};

void get_fractional_scale(wl_client* client, wl_resource* r, std::uint32_t id,
                          wl_resource* surface_resource) {
  Surface& surface = *Surface::from(surface_resource);
  if (surface.fractional_scale() != nullptr) {
    wl_resource_post_error(r, WP_FRACTIONAL_SCALE_MANAGER_V1_ERROR_FRACTIONAL_SCALE_EXISTS,
                           "the surface has a fractional_scale object already");
    return;
  }
  make_object<FractionalScale>(client, wp_fractional_scale_v1_interface, wl_resource_get_version(r),
                               id, kFractionalScale, surface);
}

const struct wp_fractional_scale_manager_v1_interface kFractionalScaleManager = {
    .destroy = destroy_resource,
    .get_fractional_scale = get_fractional_scale,
};

}  // namespace

void decoration_orphaned(wl_resource* decoration) {
  wl_resource_set_user_data(decoration, nullptr);
  // While a client is torn down the order of destruction is not its fault.
  if (ClientRecord::is_leaving(wl_resource_get_client(decoration))) return;
  wl_resource_post_error(decoration, ZXDG_TOPLEVEL_DECORATION_V1_ERROR_ORPHANED,
                         "xdg_toplevel destroyed before its decoration");
}

void make_small_globals(Compositor& compositor) {
  wl_display* display = compositor.display();
  wl_global_create(display, &zxdg_decoration_manager_v1_interface, 1, nullptr,
                   [](wl_client* client, void*, std::uint32_t version, std::uint32_t id) {
                     bind_plain(client, zxdg_decoration_manager_v1_interface, version, id,
                                kDecorationManager, nullptr);
                   });
  wl_global_create(display, &zwp_idle_inhibit_manager_v1_interface, 1, nullptr,
                   [](wl_client* client, void*, std::uint32_t version, std::uint32_t id) {
                     bind_plain(client, zwp_idle_inhibit_manager_v1_interface, version, id,
                                kInhibitManager, nullptr);
                   });
  wl_global_create(display, &wp_fractional_scale_manager_v1_interface, 1, nullptr,
                   [](wl_client* client, void*, std::uint32_t version, std::uint32_t id) {
                     bind_plain(client, wp_fractional_scale_manager_v1_interface, version, id,
                                kFractionalScaleManager, nullptr);
                   });
  make_single_pixel_global(compositor);
}

}  // namespace rp
