// wl_region objects. Thread rule: the display's loop.
#pragma once

#include <wayland-server-core.h>

#include "engine/frame/geometry.h"

namespace rp {

void create_region(wl_client* client, std::uint32_t id);
// The rectangles of a wl_region; valid while it lives and is not changed.
[[nodiscard]] const Region& region_of(wl_resource* region);

}  // namespace rp
