#include "engine/capture/viewporter.h"

#include <wayland-server-core.h>

#include "engine/base/limits.h"
#include "engine/capture/compositor.h"
#include "engine/capture/listener.h"
#include "engine/capture/resource.h"
#include "protocol/viewporter-server.h"

namespace rp {
namespace {

class Viewport {
 public:
  Viewport(wl_resource* resource, Surface& surface)
      : resource_(resource), surface_(surface.weak()) {
    surface.set_viewport(resource);
  }
  Viewport(const Viewport&) = delete;
  Viewport& operator=(const Viewport&) = delete;
  // Without it the surface is whole again, from its next commit on.
  ~Viewport() {
    const auto surface = surface_.lock();
    if (surface == nullptr) return;
    surface->set_viewport(nullptr);
    source_.reset();
    destination_.reset();
    store(*surface);
  }

  void set_source(double x, double y, double width, double height) {
    const auto surface = target();
    if (surface == nullptr) return;
    if (x == -1 && y == -1 && width == -1 && height == -1) {
      source_.reset();
    } else if (x < 0 || y < 0 || width <= 0 || height <= 0) {
      return error(WP_VIEWPORT_ERROR_BAD_VALUE, "source is negative or empty");
    } else {
      source_ = RectF{x, y, width, height};
    }
    store(*surface);
  }

  void set_destination(Size size) {
    const auto surface = target();
    if (surface == nullptr) return;
    if (size == Size{-1, -1}) {
      destination_.reset();
    } else if (size.empty()) {
      return error(WP_VIEWPORT_ERROR_BAD_VALUE, "destination is not positive");
    } else if (size.width > limits::kMaxSurfaceSide || size.height > limits::kMaxSurfaceSide) {
      return surface->client_record().end_for_limit("sides of a viewport's destination");
    } else {
      destination_ = size;
    }
    store(*surface);
  }

 private:
  void error(std::uint32_t code, const char* text) {
    wl_resource_post_error(resource_, code, "%s", text);
  }
  std::shared_ptr<Surface> target() {
    auto surface = surface_.lock();
    if (surface == nullptr) error(WP_VIEWPORT_ERROR_NO_SURFACE, "the wl_surface is gone");
    return surface;
  }
  void store(Surface& surface) {
    surface.pending().changed.viewport = true;
    surface.pending().viewport_source = source_;
    surface.pending().viewport_destination = destination_;
  }

  wl_resource* resource_;
  WeakSurface surface_;
  std::optional<RectF> source_;
  std::optional<Size> destination_;
};

const struct wp_viewport_interface kViewport = {
    .destroy = destroy_resource,
    .set_source =
        [](wl_client*, wl_resource* r, wl_fixed_t x, wl_fixed_t y, wl_fixed_t width,
           wl_fixed_t height) {
          object_of<Viewport>(r)->set_source(wl_fixed_to_double(x), wl_fixed_to_double(y),
                                             wl_fixed_to_double(width), wl_fixed_to_double(height));
        },
    .set_destination =
        [](wl_client*, wl_resource* r, std::int32_t width, std::int32_t height) {
          object_of<Viewport>(r)->set_destination({width, height});
        },
};

void get_viewport(wl_client* client, wl_resource* r, std::uint32_t id,
                  wl_resource* surface_resource) {
  Surface& surface = *Surface::from(surface_resource);
  if (surface.viewport() != nullptr) {
    wl_resource_post_error(r, WP_VIEWPORTER_ERROR_VIEWPORT_EXISTS,
                           "the surface has a viewport already");
    return;
  }
  make_object<Viewport>(client, wp_viewport_interface, wl_resource_get_version(r), id, kViewport,
                        surface);
}

const struct wp_viewporter_interface kViewporter = {
    .destroy = destroy_resource,
    .get_viewport = get_viewport,
};

}  // namespace

void make_viewporter_global(Compositor& compositor) {
  wl_global_create(compositor.display(), &wp_viewporter_interface, 1, nullptr,
                   [](wl_client* client, void*, std::uint32_t version, std::uint32_t id) {
                     wl_resource* r = make_resource(client, wp_viewporter_interface,
                                                    static_cast<int>(version), id);
                     if (r != nullptr) implement(r, kViewporter, nullptr);
                   });
}

}  // namespace rp
