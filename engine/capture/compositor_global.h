// wl_compositor, and the requests of the wl_surfaces it makes. Thread rule: the display's loop.
#pragma once

namespace rp {

class Compositor;

void make_compositor_global(Compositor& compositor);

}  // namespace rp
