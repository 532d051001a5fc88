// ClientBuffer: the pixels behind one wl_buffer, and when it is released. One exists per wl_buffer
// that was ever attached; each use of it (a surface's state, a scene) shares one shared_ptr, and
// when the last of these is dropped the client gets wl_buffer.release. Thread rule: the display's
// loop, like every Frame.
#pragma once

#include <memory>
#include <vector>

#include <wayland-server-core.h>

#include "engine/capture/listener.h"
#include "engine/capture/sync_device.h"
#include "engine/frame/frame.h"

namespace rp {

class Compositor;

class ClientBuffer : public FrameBuffer, public std::enable_shared_from_this<ClientBuffer> {
 public:
  // Of any wl_buffer this display made. Null, with a protocol error posted, when its layout cannot
  // be read (wl_shm lets some through) or it is over limits::kMaxBufferSide_px.
  [[nodiscard]] static std::shared_ptr<ClientBuffer> of(Compositor& compositor,
                                                        wl_resource* buffer);

  // Counts as in use until every copy of the result is gone.
  [[nodiscard]] std::shared_ptr<FrameBuffer> use();
  // The client committed it anew: its content may be different, and still be under way.
  virtual void on_commit() {}
  // It can have fences of the client's naming (explicit_sync.h), and then takes this one.
  [[nodiscard]] virtual bool takes_fences() const { return false; }
  virtual void set_acquire_fence(UniqueFd /*fence*/) {}
  // Signalled with the next release. False, with the client ended: it names too many timelines.
  [[nodiscard]] bool signal_at_release(SyncPoint point);

 protected:
  explicit ClientBuffer(Compositor& compositor) : compositor_(compositor) {}
  // Hands ownership to the wl_buffer. `resource` is the buffer's.
  static void tie(const std::shared_ptr<ClientBuffer>& buffer, wl_resource* resource);
  [[nodiscard]] wl_resource* resource() const { return resource_; }
  [[nodiscard]] Compositor& compositor() const { return compositor_; }
  [[nodiscard]] bool in_use() const { return !used_.expired(); }
  // The wl_buffer goes now, while resource() is still valid for the last time.
  virtual void on_resource_destroyed() {}

 private:
  struct Owner;  // the destroy listener that keeps it alive
  static void on_destroyed(wl_listener* listener, void* data);
  void release();

  Compositor& compositor_;
  wl_resource* resource_ = nullptr;  // null once the client destroyed it
  std::weak_ptr<FrameBuffer> used_;
  std::vector<SyncPoint> releases_;  // one a timeline
};

// wl_shm: see shm_buffer.cc. `resource` is a wl_shm buffer.
[[nodiscard]] std::shared_ptr<ClientBuffer> make_shm_buffer(Compositor& compositor,
                                                            wl_resource* resource);
// Formats wl_shm takes beyond the two it always has.
void add_shm_formats(wl_display* display);

}  // namespace rp
