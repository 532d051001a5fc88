#include "engine/capture/client_buffer.h"

#include <drm_fourcc.h>

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

void ClientBuffer::release() {
  if (resource_ == nullptr) return;
  wl_buffer_send_release(resource_);
  compositor_.request_end_of_turn();
}

std::int32_t bytes_per_pixel(FourCc format) {
  switch (static_cast<std::uint32_t>(format)) {
    case DRM_FORMAT_ARGB8888:
    case DRM_FORMAT_XRGB8888:
    case DRM_FORMAT_ABGR8888:
    case DRM_FORMAT_XBGR8888:
      return 4;
    case DRM_FORMAT_RGB565:
    case DRM_FORMAT_BGR565:
      return 2;
    default:
      return 0;
  }
}

bool is_opaque(FourCc format) {
  const auto code = static_cast<std::uint32_t>(format);
  return code != DRM_FORMAT_ARGB8888 && code != DRM_FORMAT_ABGR8888;
}

}  // namespace rp
