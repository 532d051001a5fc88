#include "engine/capture/client_buffer.h"

#include <algorithm>
#include <string>

#include <wayland-server-protocol.h>

#include "engine/base/limits.h"
#include "engine/capture/compositor.h"

namespace rp {

struct ClientBuffer::Owner {
  wl_listener listener;
  std::shared_ptr<ClientBuffer> buffer;
};

void ClientBuffer::tie(const std::shared_ptr<ClientBuffer>& buffer, wl_resource* resource) {
  buffer->resource_ = resource;
  auto* owner = new Owner{{}, buffer};
  owner->listener.notify = on_destroyed;
  wl_resource_add_destroy_listener(resource, &owner->listener);
}

void ClientBuffer::on_destroyed(wl_listener* listener, void* /*data*/) {
  const std::unique_ptr<Owner> owner(reinterpret_cast<Owner*>(listener));
  owner->buffer->on_resource_destroyed();
  owner->buffer->resource_ = nullptr;
}

std::shared_ptr<ClientBuffer> ClientBuffer::of(Compositor& compositor, wl_resource* buffer) {
  if (wl_listener* listener = wl_resource_get_destroy_listener(buffer, on_destroyed)) {
    return reinterpret_cast<Owner*>(listener)->buffer;
  }
  // The other kinds are tied when they are made, so this one is wl_shm's.
  std::shared_ptr<ClientBuffer> made = make_shm_buffer(compositor, buffer);
  if (made != nullptr) tie(made, buffer);
  return made;
}

std::shared_ptr<FrameBuffer> ClientBuffer::use() {
  if (auto used = used_.lock()) return used;
  // The deleter lives on in used_'s control block, which this object holds: it has to let go of it.
  std::shared_ptr<FrameBuffer> used(static_cast<FrameBuffer*>(this),
                                    [self = shared_from_this()](FrameBuffer*) mutable {
                                      const std::shared_ptr<ClientBuffer> last = std::move(self);
                                      last->release();
                                    });
  used_ = used;
  return used;
}

// A later point of a timeline stands for those before it.
bool ClientBuffer::signal_at_release(SyncPoint point) {
  constexpr std::size_t kMostTimelines = 8;
  const auto same = std::ranges::find(releases_, point.timeline, &SyncPoint::timeline);
  if (same != releases_.end()) {
    same->value = std::max(same->value, point.value);
    return true;
  }
  if (releases_.size() == kMostTimelines) {
    compositor_.end_for_limit(wl_resource_get_client(resource_),
                              "timelines of one buffer's release");
    return false;
  }
  releases_.push_back(std::move(point));
  return true;
}

void ClientBuffer::release() {
  for (const SyncPoint& point : releases_) point.timeline->signal(point.value);
  releases_.clear();
  if (resource_ == nullptr) return;
  wl_buffer_send_release(resource_);
  compositor_.request_end_of_turn();
}

}  // namespace rp
