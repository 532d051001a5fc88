#include "engine/capture/presentation.h"

#include <ctime>

#include "engine/base/limits.h"
#include "engine/capture/compositor.h"
#include "engine/capture/output.h"
#include "engine/capture/resource.h"
#include "protocol/presentation-time-server.h"

namespace rp {
namespace {

void feedback(wl_client* client, wl_resource* r, wl_resource* surface_resource, std::uint32_t id) {
  wl_resource* made =
      make_resource(client, wp_presentation_feedback_interface, wl_resource_get_version(r), id);
  if (made == nullptr) return;
  wl_list_init(wl_resource_get_link(made));
  wl_resource_set_implementation(made, nullptr, nullptr, ResourceQueue::unlink);
  Surface& surface = *Surface::from(surface_resource);
  surface.pending().feedbacks.push(made);
  if (surface.pending().feedbacks.size() > limits::kMaxFrameCallbacksPerSurface) {
    surface.compositor().end_for_limit(client, "presentation feedbacks of a surface");
  }
}

const struct wp_presentation_interface kPresentation = {
    .destroy = destroy_resource,
    .feedback = feedback,
};

}  // namespace

void make_presentation_global(Compositor& compositor) {
  wl_global_create(compositor.display(), &wp_presentation_interface, 1, nullptr,
                   [](wl_client* client, void*, std::uint32_t version, std::uint32_t id) {
                     wl_resource* r = make_resource(client, wp_presentation_interface,
                                                    static_cast<int>(version), id);
                     if (r == nullptr) return;
                     implement(r, kPresentation, nullptr);
                     wp_presentation_send_clock_id(r, CLOCK_MONOTONIC);
                   });
}

void discard_feedbacks(ResourceQueue& feedbacks) {
  while (wl_resource* r = feedbacks.pop()) {
    wp_presentation_feedback_send_discarded(r);
    wl_resource_destroy(r);
  }
}

void send_presented(Compositor& compositor, ResourceQueue& feedbacks, TimePoint shown,
                    std::uint64_t sequence) {
  const auto seconds = static_cast<std::uint64_t>(shown.us / 1'000'000);
  const auto nanoseconds = static_cast<std::uint32_t>(shown.us % 1'000'000 * 1000);
  const auto refresh_ns =
      static_cast<std::uint32_t>(1'000'000'000'000 / compositor.mode().refresh_mhz);
  while (wl_resource* r = feedbacks.pop()) {
    compositor.output().send_sync_output(r);
    wp_presentation_feedback_send_presented(r, static_cast<std::uint32_t>(seconds >> 32U),
                                            static_cast<std::uint32_t>(seconds), nanoseconds,
                                            refresh_ns, static_cast<std::uint32_t>(sequence >> 32U),
                                            static_cast<std::uint32_t>(sequence), 0);
    wl_resource_destroy(r);
  }
}

}  // namespace rp
