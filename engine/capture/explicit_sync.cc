#include "engine/capture/explicit_sync.h"

#include <algorithm>
#include <utility>

#include "engine/base/limits.h"
#include "engine/capture/client_buffer.h"
#include "engine/capture/compositor.h"
#include "engine/capture/resource.h"
#include "protocol/linux-drm-syncobj-v1-server.h"

namespace rp {
namespace {

// wp_linux_drm_syncobj_timeline_v1.
class TimelineObject {
 public:
  TimelineObject(wl_resource* resource, std::shared_ptr<SyncTimeline> timeline)
      : timeline_(std::move(timeline)),
        record_(ClientRecord::of(wl_resource_get_client(resource))) {}
  TimelineObject(const TimelineObject&) = delete;
  TimelineObject& operator=(const TimelineObject&) = delete;
  ~TimelineObject() { --record_.timelines; }
  [[nodiscard]] SyncPoint at(std::uint32_t high, std::uint32_t low) const {
    return {timeline_, static_cast<std::uint64_t>(high) << 32U | low};
  }

 private:
  std::shared_ptr<SyncTimeline> timeline_;
  ClientRecord& record_;
};

const struct wp_linux_drm_syncobj_timeline_v1_interface kTimeline = {.destroy = destroy_resource};

const struct wp_linux_drm_syncobj_surface_v1_interface kSurface = {
    .destroy = destroy_resource,
    .set_acquire_point =
        [](wl_client*, wl_resource* r, wl_resource* timeline, std::uint32_t high,
           std::uint32_t low) {
          object_of<SurfaceSync>(r)->set_acquire(
              object_of<TimelineObject>(timeline)->at(high, low));
        },
    .set_release_point =
        [](wl_client*, wl_resource* r, wl_resource* timeline, std::uint32_t high,
           std::uint32_t low) {
          object_of<SurfaceSync>(r)->set_release(
              object_of<TimelineObject>(timeline)->at(high, low));
        },
};

void get_surface(wl_client* client, wl_resource* r, std::uint32_t id,
                 wl_resource* surface_resource) {
  Surface& surface = *Surface::from(surface_resource);
  if (surface.sync() != nullptr) {
    wl_resource_post_error(r, WP_LINUX_DRM_SYNCOBJ_MANAGER_V1_ERROR_SURFACE_EXISTS,
                           "the surface has a synchronisation object already");
    return;
  }
  make_object<SurfaceSync>(client, wp_linux_drm_syncobj_surface_v1_interface,
                           wl_resource_get_version(r), id, kSurface, surface);
}

void import_timeline(wl_client* client, wl_resource* r, std::uint32_t id, std::int32_t fd) {
  UniqueFd given(fd);
  ClientRecord& record = ClientRecord::of(client);
  if (!record.take(record.timelines, 1, ExplicitSync::kMostTimelines, "timelines of one client")) {
    return;
  }
  auto timeline = object_of<ExplicitSync>(r)->device().import_timeline(std::move(given));
  if (!timeline) {
    --record.timelines;
    wl_resource_post_error(r, WP_LINUX_DRM_SYNCOBJ_MANAGER_V1_ERROR_INVALID_TIMELINE,
                           "the timeline cannot be imported");
    return;
  }
  if (make_object<TimelineObject>(client, wp_linux_drm_syncobj_timeline_v1_interface,
                                  wl_resource_get_version(r), id, kTimeline,
                                  std::move(*timeline)) == nullptr) {
    --record.timelines;
  }
}

const struct wp_linux_drm_syncobj_manager_v1_interface kManager = {
    .destroy = destroy_resource,
    .get_surface = get_surface,
    .import_timeline = import_timeline,
};

}  // namespace

ExplicitSync::ExplicitSync(Compositor& compositor, SyncDevice& device)
    : compositor_(compositor),
      device_(device),
      timer_(compositor.loop().timer([this] { look(); })) {}

void ExplicitSync::make_global() {
  wl_global_create(compositor_.display(), &wp_linux_drm_syncobj_manager_v1_interface, 1, this,
                   [](wl_client* client, void* self, std::uint32_t version, std::uint32_t id) {
                     wl_resource* r =
                         make_resource(client, wp_linux_drm_syncobj_manager_v1_interface,
                                       static_cast<int>(version), id);
                     if (r != nullptr) implement(r, kManager, self);
                   });
}

void ExplicitSync::hold(Surface& surface) {
  holding_.push_back(surface.weak());
  if (!timer_.armed()) timer_.arm_after(kLook);
}

void ExplicitSync::look() {
  const TimePoint now = compositor_.loop().clock().now();
  std::erase_if(holding_, [&](const WeakSurface& held) {
    const auto surface = held.lock();
    return surface == nullptr || surface->look_at_held(now);
  });
  compositor_.settle();
  compositor_.request_end_of_turn();
  if (!holding_.empty()) timer_.arm_after(kLook);
}

SurfaceSync::SurfaceSync(wl_resource* resource, Surface& surface)
    : resource_(resource), surface_(surface.weak()) {
  surface.set_sync(this);
}

SurfaceSync::~SurfaceSync() {
  if (const auto surface = surface_.lock()) surface->set_sync(nullptr);
}

void SurfaceSync::set(SyncPoint& which, SyncPoint point) {
  if (surface_.lock() == nullptr) {
    wl_resource_post_error(resource_, WP_LINUX_DRM_SYNCOBJ_SURFACE_V1_ERROR_NO_SURFACE,
                           "the wl_surface is gone");
    return;
  }
  which = std::move(point);
}

bool SurfaceSync::take(const ClientBuffer* attached, Points& points) {
  points = {std::exchange(acquire_, {}), std::exchange(release_, {})};
  const auto error = [&](std::uint32_t code, const char* text) {
    wl_resource_post_error(resource_, code, "%s", text);
    return false;
  };
  if (attached == nullptr) {
    if (!points.acquire && !points.release) return true;
    return error(WP_LINUX_DRM_SYNCOBJ_SURFACE_V1_ERROR_NO_BUFFER, "points without a buffer");
  }
  if (!attached->takes_fences()) {
    return error(WP_LINUX_DRM_SYNCOBJ_SURFACE_V1_ERROR_UNSUPPORTED_BUFFER,
                 "the buffer is no dma-buf");
  }
  if (!points.acquire) {
    return error(WP_LINUX_DRM_SYNCOBJ_SURFACE_V1_ERROR_NO_ACQUIRE_POINT,
                 "a buffer without an acquire point");
  }
  if (!points.release) {
    return error(WP_LINUX_DRM_SYNCOBJ_SURFACE_V1_ERROR_NO_RELEASE_POINT,
                 "a buffer without a release point");
  }
  if (points.acquire.timeline == points.release.timeline &&
      points.acquire.value >= points.release.value) {
    return error(WP_LINUX_DRM_SYNCOBJ_SURFACE_V1_ERROR_CONFLICTING_POINTS,
                 "the release point does not lie after the acquire point");
  }
  return true;
}

}  // namespace rp
