// Protocols of a few requests each: xdg_decoration, idle_inhibit, fractional_scale and
// single_pixel_buffer. Thread rule: the display's loop.
#pragma once

#include <wayland-server-core.h>

namespace rp {

class Compositor;

void make_small_globals(Compositor& compositor);

// Its xdg_toplevel was destroyed first, which xdg_decoration forbids.
void decoration_orphaned(wl_resource* decoration);

// single_pixel_buffer.cc
void make_single_pixel_global(Compositor& compositor);

}  // namespace rp
