// wp_viewporter: crop and scale of a surface's buffer. Thread rule: the display's loop.
#pragma once

namespace rp {

class Compositor;

void make_viewporter_global(Compositor& compositor);

}  // namespace rp
