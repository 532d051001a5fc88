#include "engine/capture/output.h"

#include <algorithm>

#include <wayland-server-protocol.h>

#include "engine/base/limits.h"
#include "engine/capture/compositor.h"
#include "engine/capture/resource.h"
#include "protocol/presentation-time-server.h"
#include "protocol/xdg-output-unstable-v1-server.h"

namespace rp {
namespace {

constexpr int kOutputVersion = 4;
constexpr int kXdgOutputVersion = 3;
constexpr const char* kName = "PHONE-1";
constexpr const char* kDescription = "Rackphone screen";

const struct wl_output_interface kOutput = {.release = destroy_resource};
const struct zxdg_output_v1_interface kXdgOutput = {.destroy = destroy_resource};

// Millimetres of a screen whose logical pixels are 1/160 inch, as phones have them.
std::int32_t millimetres(std::int32_t logical) { return logical * 254 / 1600; }

}  // namespace

void Output::get_xdg_output(wl_client* client, wl_resource* manager, std::uint32_t id,
                            wl_resource* output) {
  wl_resource* r =
      make_resource(client, zxdg_output_v1_interface, wl_resource_get_version(manager), id);
  if (r == nullptr) return;
  auto* self = object_of<Output>(manager);
  implement(r, kXdgOutput, self,
            [](wl_resource* gone) { std::erase(object_of<Output>(gone)->xdg_outputs_, gone); });
  self->xdg_outputs_.push_back(r);
  self->send_xdg_state(r);
  const bool closes = wl_resource_get_version(r) >= 3;
  if (closes && wl_resource_get_version(output) >= WL_OUTPUT_DONE_SINCE_VERSION) {
    wl_output_send_done(output);
  }
}

void Output::make_globals() {
  wl_global_create(compositor_.display(), &wl_output_interface, kOutputVersion, this,
                   [](wl_client* client, void* self, std::uint32_t version, std::uint32_t id) {
                     static_cast<Output*>(self)->bind(client, version, id);
                   });
  wl_global_create(compositor_.display(), &zxdg_output_manager_v1_interface, kXdgOutputVersion,
                   this,
                   [](wl_client* client, void* self, std::uint32_t version, std::uint32_t id) {
                     static_cast<Output*>(self)->bind_xdg(client, version, id);
                   });
}

void Output::bind(wl_client* client, std::uint32_t version, std::uint32_t id) {
  wl_resource* r = make_resource(client, wl_output_interface, static_cast<int>(version), id);
  if (r == nullptr) return;
  implement(r, kOutput, this,
            [](wl_resource* gone) { std::erase(object_of<Output>(gone)->outputs_, gone); });
  outputs_.push_back(r);
  const auto bound = std::count_if(outputs_.begin(), outputs_.end(), [&](wl_resource* other) {
    return wl_resource_get_client(other) == client;
  });
  if (static_cast<std::size_t>(bound) > limits::kMaxOutputBindings) {
    return compositor_.end_for_limit(client, "bindings of wl_output");
  }
  send_state(r);
  // Its surfaces may be shown already.
  compositor_.shell().for_each_surface([&](Surface& surface) {
    if (surface.client() == client && surface.entered()) {
      wl_surface_send_enter(surface.resource(), r);
    }
  });
}

void Output::bind_xdg(wl_client* client, std::uint32_t version, std::uint32_t id) {
  static const struct zxdg_output_manager_v1_interface kManager = {
      .destroy = destroy_resource,
      .get_xdg_output = get_xdg_output,
  };
  wl_resource* r =
      make_resource(client, zxdg_output_manager_v1_interface, static_cast<int>(version), id);
  if (r != nullptr) implement(r, kManager, this);
}

void Output::send_state(wl_resource* r) const {
  const OutputMode& mode = compositor_.mode();
  const Size logical = compositor_.logical_size();
  const int version = wl_resource_get_version(r);
  wl_output_send_geometry(r, 0, 0, millimetres(logical.width), millimetres(logical.height),
                          WL_OUTPUT_SUBPIXEL_UNKNOWN, "Rackphone", "phone",
                          WL_OUTPUT_TRANSFORM_NORMAL);
  wl_output_send_mode(r, WL_OUTPUT_MODE_CURRENT | WL_OUTPUT_MODE_PREFERRED, mode.size.width,
                      mode.size.height, mode.refresh_mhz);
  if (version >= WL_OUTPUT_SCALE_SINCE_VERSION) {
    wl_output_send_scale(r, (mode.scale_120 + 119) / 120);
  }
  if (version >= WL_OUTPUT_NAME_SINCE_VERSION) {
    wl_output_send_name(r, kName);
    wl_output_send_description(r, kDescription);
  }
  if (version >= WL_OUTPUT_DONE_SINCE_VERSION) wl_output_send_done(r);
}

void Output::send_xdg_state(wl_resource* r) const {
  const Size logical = compositor_.logical_size();
  const int version = wl_resource_get_version(r);
  zxdg_output_v1_send_logical_position(r, 0, 0);
  zxdg_output_v1_send_logical_size(r, logical.width, logical.height);
  if (version >= ZXDG_OUTPUT_V1_NAME_SINCE_VERSION) zxdg_output_v1_send_name(r, kName);
  if (version >= ZXDG_OUTPUT_V1_DESCRIPTION_SINCE_VERSION) {
    zxdg_output_v1_send_description(r, kDescription);
  }
  // From version 3 on wl_output.done closes the change.
  if (version < 3) zxdg_output_v1_send_done(r);
}

void Output::send_mode() {
  for (wl_resource* r : xdg_outputs_) send_xdg_state(r);
  for (wl_resource* r : outputs_) send_state(r);
}

void Output::send_enter(Surface& surface) {
  for (wl_resource* r : outputs_) {
    if (wl_resource_get_client(r) == surface.client()) wl_surface_send_enter(surface.resource(), r);
  }
}

void Output::send_leave(Surface& surface) {
  for (wl_resource* r : outputs_) {
    if (wl_resource_get_client(r) == surface.client()) wl_surface_send_leave(surface.resource(), r);
  }
}

void Output::send_sync_output(wl_resource* feedback) {
  for (wl_resource* r : outputs_) {
    if (wl_resource_get_client(r) == wl_resource_get_client(feedback)) {
      wp_presentation_feedback_send_sync_output(feedback, r);
    }
  }
}

}  // namespace rp
