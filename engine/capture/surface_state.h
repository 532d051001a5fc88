// SurfaceState: what wl_surface requests set and wl_surface.commit makes current. A surface has a
// pending one, a current one, and, while it is a synchronised subsurface, a cached one between the
// two. Thread rule: plain values on the display's loop.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include <wayland-server-core.h>

#include "engine/base/clock.h"
#include "engine/frame/frame.h"
#include "engine/frame/geometry.h"

namespace rp {

struct Point {
  std::int32_t x = 0;
  std::int32_t y = 0;
  friend bool operator==(Point, Point) = default;
};

struct PointF {
  double x = 0;
  double y = 0;
};

// Positions and movements are kept within this, far outside any output, so that sums never
// overflow.
inline constexpr std::int32_t kFarAway = 1 << 20;
[[nodiscard]] constexpr std::int32_t saturated(std::int64_t value) {
  if (value > kFarAway) return kFarAway;
  return value < -kFarAway ? -kFarAway : static_cast<std::int32_t>(value);
}
[[nodiscard]] constexpr std::int32_t saturated_sum(std::int32_t a, std::int32_t b) {
  return saturated(static_cast<std::int64_t>(a) + b);
}

// Resources (wl_callback, wp_presentation_feedback) that wait for a picture, in the order they
// came. They are chained through wl_resource_get_link, so moving them between lists allocates
// nothing.
class ResourceQueue {
 public:
  ResourceQueue() { wl_list_init(&list_); }
  ResourceQueue(const ResourceQueue&) = delete;
  ResourceQueue& operator=(const ResourceQueue&) = delete;
  ~ResourceQueue();

  // The resource's destructor must be ResourceQueue::unlink.
  void push(wl_resource* resource);
  void append(ResourceQueue& other);  // empties the other
  // Takes the first out, or null.
  [[nodiscard]] wl_resource* pop();
  [[nodiscard]] bool empty() const { return wl_list_empty(&list_) != 0; }
  [[nodiscard]] std::size_t size() const;  // walks
  static void unlink(wl_resource* resource);

 private:
  wl_list list_;
};

struct SurfaceState {
  // Which of the fields below a state that is being applied brings along.
  struct Changed {
    bool buffer = false;
    bool opaque = false;
    bool input = false;
    bool scale = false;
    bool transform = false;
    bool viewport = false;
  } changed;

  std::shared_ptr<FrameBuffer> buffer;  // null: no content
  Point offset;                         // of attach or wl_surface.offset, summed up
  Region surface_damage;                // surface-local
  Region buffer_damage;                 // buffer pixels
  Region opaque;                        // surface-local
  Region input;                         // surface-local; read only when input_limited
  bool input_limited = false;           // false: the whole surface takes input
  std::int32_t scale = 1;
  Transform transform = Transform::kNormal;
  std::optional<RectF> viewport_source;      // surface-local, before the crop
  std::optional<Size> viewport_destination;  // surface-local
  ResourceQueue frame_callbacks;
  ResourceQueue feedbacks;
  std::optional<TimePoint> committed;  // when the oldest commit in here came

  // Takes over what `newer` brings and empties it for the next commit.
  void merge(SurfaceState& newer);
};

}  // namespace rp
