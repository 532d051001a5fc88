// zwp_linux_buffer_params_v1: planes gathered for one dma-buf buffer, and the checks before it is
// one. Thread rule: the display's loop.
#pragma once

#include <cstdint>

#include <wayland-server-core.h>

namespace rp {

class DmabufGlobal;

void make_dmabuf_params(DmabufGlobal& global, wl_client* client, wl_resource* dmabuf,
                        std::uint32_t id);

}  // namespace rp
