#include "engine/frame/scene_window.h"

namespace rp {

void look_through(const Scene& scene, Rect window, Scene& out) {
  out.output = {window.width, window.height};
  out.committed = scene.committed;
  out.damage = scene.damage;
  out.damage.translate(-window.x, -window.y);
  out.damage.intersect({0, 0, window.width, window.height});
  out.layers.clear();
  for (const Layer& layer : scene.layers) {
    if (intersection(layer.destination, window).empty()) continue;
    Layer& seen = out.layers.emplace_back(layer);
    seen.destination.x -= window.x;
    seen.destination.y -= window.y;
    seen.opaque.translate(-window.x, -window.y);
  }
}

}  // namespace rp
