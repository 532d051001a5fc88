// wp_single_pixel_buffer_manager_v1: buffers of one pixel, given as numbers.
#include <drm_fourcc.h>

#include <array>

#include <wayland-server-protocol.h>

#include "engine/capture/client_buffer.h"
#include "engine/capture/compositor.h"
#include "engine/capture/resource.h"
#include "engine/capture/small_protocols.h"
#include "protocol/single-pixel-buffer-v1-server.h"

namespace rp {
namespace {

// Rounds the top of the 32-bit range to 255 as well as the bottom to 0.
std::uint8_t to_byte(std::uint32_t value) {
  return static_cast<std::uint8_t>((static_cast<std::uint64_t>(value) * 255 + UINT32_MAX / 2) /
                                   UINT32_MAX);
}

class SinglePixelBuffer final : public ClientBuffer {
 public:
  // Premultiplied, each over the whole range of 32 bits.
  SinglePixelBuffer(Compositor& compositor, std::uint32_t r, std::uint32_t g, std::uint32_t b,
                    std::uint32_t a)
      : ClientBuffer(compositor), pixel_{to_byte(b), to_byte(g), to_byte(r), to_byte(a)} {
    size_ = {1, 1};
    format_ = FourCc{a == UINT32_MAX ? DRM_FORMAT_XRGB8888 : DRM_FORMAT_ARGB8888};
    planes_[0].stride_bytes = sizeof pixel_;
  }
  static void tie_to(const std::shared_ptr<ClientBuffer>& buffer, wl_resource* resource) {
    tie(buffer, resource);
  }

  const std::uint8_t* begin_cpu_read() override { return pixel_.data(); }
  bool end_cpu_read() override { return true; }

 private:
  std::array<std::uint8_t, 4> pixel_;  // little-endian ARGB
};

const struct wl_buffer_interface kBuffer = {.destroy = destroy_resource};

void create_buffer(wl_client* client, wl_resource* manager, std::uint32_t id, std::uint32_t r,
                   std::uint32_t g, std::uint32_t b, std::uint32_t a) {
  wl_resource* buffer = make_resource(client, wl_buffer_interface, 1, id);
  if (buffer == nullptr) return;
  implement(buffer, kBuffer, nullptr);
  auto& compositor = *object_of<Compositor>(manager);
  SinglePixelBuffer::tie_to(std::make_shared<SinglePixelBuffer>(compositor, r, g, b, a), buffer);
}

const struct wp_single_pixel_buffer_manager_v1_interface kManager = {
    .destroy = destroy_resource,
    .create_u32_rgba_buffer = create_buffer,
};

}  // namespace

void make_single_pixel_global(Compositor& compositor) {
  wl_global_create(
      compositor.display(), &wp_single_pixel_buffer_manager_v1_interface, 1, &compositor,
      [](wl_client* client, void* self, std::uint32_t version, std::uint32_t id) {
        wl_resource* r = make_resource(client, wp_single_pixel_buffer_manager_v1_interface,
                                       static_cast<int>(version), id);
        if (r != nullptr) implement(r, kManager, self);
      });
}

}  // namespace rp
