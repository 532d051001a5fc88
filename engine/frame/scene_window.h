// What is seen of a scene through a window: the same layers, placed from the window's corner.
// Thread rule: the shard's.
#pragma once

#include "engine/frame/frame.h"

namespace rp {

// `window` lies inside the scene's output. `out` is written over; its memory is used again.
void look_through(const Scene& scene, Rect window, Scene& out);

}  // namespace rp
