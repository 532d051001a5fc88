// SceneBuilder: turns the drawn surfaces into a Scene and finds what has changed since the last
// one. It compares the new list of layers with the old one, so that no path of protocol code has to
// remember to damage anything; only content damage comes from the surfaces.
// Thread rule: the display's loop. Allocates nothing once its lists have grown.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "engine/capture/focus.h"
#include "engine/frame/frame.h"

namespace rp {

class SceneBuilder {
 public:
  // `roots` back to front; `now` stands for when the layout changed if no commit explains the
  // damage.
  [[nodiscard]] Scene build(const std::vector<Surface*>& roots, std::optional<DragIcon> drag_icon,
                            const OutputMode& mode, TimePoint now);
  // Whether the surface is in the scene built last.
  [[nodiscard]] bool has(const Surface& surface) const;

 private:
  // What must be equal for a surface's old pixels to stay right where it is undamaged.
  struct Placed {
    std::uint64_t surface_id;
    Rect destination;
    RectF source;
    Transform transform;
    friend bool operator==(const Placed&, const Placed&) = default;
  };

  void add_tree(Surface& surface, Point position);
  void add_surface(Surface& surface, Point position);
  void drop_hidden(Scene& scene);
  void add_layout_damage(Region& damage);
  [[nodiscard]] Rect to_output(Point position, Size size) const;
  [[nodiscard]] Region opaque_of(const Surface& surface, Point position, Rect destination) const;
  void take_content_damage(Surface& surface, const Layer& layer, Scene& scene);

  double scale_ = 1;
  Rect output_;
  std::vector<Surface*> surfaces_;  // of layers_, while building
  std::vector<Layer> layers_;
  std::vector<Placed> placed_;
  std::vector<Placed> last_;
  std::vector<std::uint64_t> common_new_;
  Size last_output_;
};

}  // namespace rp
