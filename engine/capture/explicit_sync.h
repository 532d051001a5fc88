// wp_linux_drm_syncobj_manager_v1: fences a client names itself, as points on timelines. A commit
// whose acquire point has no fence yet is held, and the surface shows what it showed; when there is
// one it becomes the frame's acquire fence. The release point is signalled where wl_buffer.release
// is sent. Thread rule: the display's loop.
//
//   commit ─► point has a fence? ─ yes ─► applied; the composer waits for the fence, bounded
//                    └─ no ─► held, looked at each millisecond, for at most kMostHeld
//
// A point that gets no fence in that time is given up: what its buffer holds is shown. That is the
// client's own picture, and nobody else waits for it.
#pragma once

#include <memory>
#include <vector>

#include "engine/base/event_loop.h"
#include "engine/capture/surface.h"
#include "engine/capture/sync_device.h"

namespace rp {

class Compositor;

class ExplicitSync {
 public:
  static constexpr Duration kMostHeld = std::chrono::milliseconds(250);
  static constexpr Duration kLook = std::chrono::milliseconds(1);
  static constexpr std::size_t kMostTimelines = 128;  // of one client

  // `device` outlives it.
  ExplicitSync(Compositor& compositor, SyncDevice& device);
  ExplicitSync(const ExplicitSync&) = delete;
  ExplicitSync& operator=(const ExplicitSync&) = delete;
  void make_global();

  [[nodiscard]] Compositor& compositor() const { return compositor_; }
  [[nodiscard]] SyncDevice& device() const { return device_; }
  // The surface holds a commit from now on.
  void hold(Surface& surface);

 private:
  void look();

  Compositor& compositor_;
  SyncDevice& device_;
  std::vector<WeakSurface> holding_;
  EventLoop::Timer timer_;
};

// wp_linux_drm_syncobj_surface_v1: the points of the commit under way.
class SurfaceSync {
 public:
  SurfaceSync(wl_resource* resource, Surface& surface);
  SurfaceSync(const SurfaceSync&) = delete;
  SurfaceSync& operator=(const SurfaceSync&) = delete;
  ~SurfaceSync();

  void set_acquire(SyncPoint point) { set(acquire_, std::move(point)); }
  void set_release(SyncPoint point) { set(release_, std::move(point)); }

  // At commit: what goes with the buffer attached in it (null: none). False, with the protocol
  // error posted, when they do not go together.
  struct Points {
    SyncPoint acquire;
    SyncPoint release;
  };
  [[nodiscard]] bool take(const ClientBuffer* attached, Points& points);

 private:
  void set(SyncPoint& which, SyncPoint point);

  wl_resource* resource_;
  WeakSurface surface_;
  SyncPoint acquire_;
  SyncPoint release_;
};

}  // namespace rp
