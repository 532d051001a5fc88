// zwp_linux_dmabuf_v1: buffers that are kernel objects. On a machine without a device they are read
// by mapping them, so only LINEAR is advertised. Version 4 with feedback; binders below 4 get the
// format and modifier events of old (Waydroid's allocator follows those). Thread rule: the
// display's loop.
#pragma once

#include <wayland-server-core.h>

#include "engine/base/result.h"
#include "engine/base/unique_fd.h"

namespace rp {

class Compositor;

class DmabufGlobal {
 public:
  explicit DmabufGlobal(Compositor& compositor) : compositor_(compositor) {}
  DmabufGlobal(const DmabufGlobal&) = delete;
  DmabufGlobal& operator=(const DmabufGlobal&) = delete;
  [[nodiscard]] Status start();

  [[nodiscard]] Compositor& compositor() const { return compositor_; }
  void bind(wl_client* client, std::uint32_t version, std::uint32_t id);
  void send_feedback(wl_resource* feedback) const;

 private:
  Compositor& compositor_;
  UniqueFd table_;  // format table that feedback objects share, sealed
  std::uint32_t table_bytes_ = 0;
};

}  // namespace rp
