#include "engine/capture/compositor_global.h"

#include <algorithm>

#include <wayland-server-protocol.h>

#include "engine/base/limits.h"
#include "engine/capture/compositor.h"
#include "engine/capture/region.h"
#include "engine/capture/resource.h"
#include "engine/capture/surface.h"

namespace rp {
namespace {

constexpr int kVersion = 5;

SurfaceState& pending(wl_resource* r) { return Surface::from(r)->pending(); }

void attach(wl_client* /*client*/, wl_resource* r, wl_resource* buffer, std::int32_t x,
            std::int32_t y) {
  Point offset{saturated(x), saturated(y)};
  if (wl_resource_get_version(r) >= WL_SURFACE_OFFSET_SINCE_VERSION) {
    if (x != 0 || y != 0) {
      wl_resource_post_error(r, WL_SURFACE_ERROR_INVALID_OFFSET,
                             "attach moves nothing from version 5 on: use wl_surface.offset");
      return;
    }
    offset = pending(r).offset;
  }
  Surface::from(r)->attach(buffer, offset);
}

void frame(wl_client* client, wl_resource* r, std::uint32_t id) {
  wl_resource* callback = make_resource(client, wl_callback_interface, 1, id);
  if (callback == nullptr) return;
  wl_list_init(wl_resource_get_link(callback));
  wl_resource_set_implementation(callback, nullptr, nullptr, ResourceQueue::unlink);
  Surface& surface = *Surface::from(r);
  surface.pending().frame_callbacks.push(callback);
  const std::size_t waiting =
      surface.pending().frame_callbacks.size() + surface.current().frame_callbacks.size();
  if (waiting > limits::kMaxFrameCallbacksPerSurface) {
    surface.compositor().end_for_limit(client, "frame callbacks of a surface");
  }
}

void set_opaque_region(wl_client* /*client*/, wl_resource* r, wl_resource* region) {
  SurfaceState& state = pending(r);
  state.changed.opaque = true;
  state.opaque.clear();
  if (region == nullptr) return;
  // Less than is opaque is always right.
  std::size_t taken = 0;
  for (const auto& box : region_of(region).boxes()) {
    if (++taken > limits::kMaxSurfaceRects) break;
    if (!state.opaque.add_exact(Region::rect_of(box))) break;
  }
}

void set_input_region(wl_client* /*client*/, wl_resource* r, wl_resource* region) {
  SurfaceState& state = pending(r);
  state.changed.input = true;
  state.input.clear();
  state.input_limited = region != nullptr;
  if (region == nullptr) return;
  const Region& given = region_of(region);
  if (given.boxes().size() <= limits::kMaxSurfaceRects) {
    state.input = given;
  } else {
    state.input = Region(given.bounds());
  }
}

void set_buffer_transform(wl_client* /*client*/, wl_resource* r, std::int32_t transform) {
  if (transform < 0 || transform > WL_OUTPUT_TRANSFORM_FLIPPED_270) {
    wl_resource_post_error(r, WL_SURFACE_ERROR_INVALID_TRANSFORM, "transform %d is not in 0..7",
                           transform);
    return;
  }
  pending(r).changed.transform = true;
  pending(r).transform = static_cast<Transform>(transform);
}

void set_buffer_scale(wl_client* /*client*/, wl_resource* r, std::int32_t scale) {
  if (scale < 1) {
    wl_resource_post_error(r, WL_SURFACE_ERROR_INVALID_SCALE, "scale %d is not positive", scale);
    return;
  }
  pending(r).changed.scale = true;
  pending(r).scale = scale;
}

void commit(wl_client* /*client*/, wl_resource* r) {
  Surface::from(r)->commit();
  Surface::from(r)->compositor().settle();
}

const struct wl_surface_interface kSurface = {
    .destroy = destroy_resource,
    .attach = attach,
    .damage =
        [](wl_client*, wl_resource* r, std::int32_t x, std::int32_t y, std::int32_t width,
           std::int32_t height) {
          pending(r).surface_damage.add(Rect{x, y, width, height});
        },
    .frame = frame,
    .set_opaque_region = set_opaque_region,
    .set_input_region = set_input_region,
    .commit = commit,
    .set_buffer_transform = set_buffer_transform,
    .set_buffer_scale = set_buffer_scale,
    .damage_buffer =
        [](wl_client*, wl_resource* r, std::int32_t x, std::int32_t y, std::int32_t width,
           std::int32_t height) {
          pending(r).buffer_damage.add(Rect{x, y, width, height});
        },
    .offset =
        [](wl_client*, wl_resource* r, std::int32_t x, std::int32_t y) {
          pending(r).offset = {saturated(x), saturated(y)};
        },
};

void create_surface(wl_client* client, wl_resource* r, std::uint32_t id) {
  auto& compositor = *object_of<Compositor>(r);
  ClientRecord& record = ClientRecord::of(client);
  if (!record.take(record.surfaces, 1, limits::kMaxSurfacesPerClient, "surfaces of one client")) {
    return;
  }
  wl_resource* surface =
      make_resource(client, wl_surface_interface, wl_resource_get_version(r), id);
  if (surface == nullptr) {
    --record.surfaces;
    return;
  }
  implement(surface, kSurface, new Surface(compositor, record, surface),
            [](wl_resource* gone) { delete Surface::from(gone); });
}

const struct wl_compositor_interface kCompositor = {
    .create_surface = create_surface,
    .create_region = [](wl_client* client, wl_resource*,
                        std::uint32_t id) { create_region(client, id); },
};

}  // namespace

void make_compositor_global(Compositor& compositor) {
  wl_global_create(compositor.display(), &wl_compositor_interface, kVersion, &compositor,
                   [](wl_client* client, void* self, std::uint32_t version, std::uint32_t id) {
                     wl_resource* r = make_resource(client, wl_compositor_interface,
                                                    static_cast<int>(version), id);
                     if (r != nullptr) implement(r, kCompositor, self);
                   });
}

}  // namespace rp
