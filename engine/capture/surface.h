// Surface: one wl_surface with its role, its state and its place on the output.
//
//   buffer pixels ─ transform⁻¹ ─ ÷ scale ─ viewport ─► surface-local ─ + position ─► logical ─ ×
//   output scale ─► output pixels
//
// Thread rule: the display's loop. Owned by its wl_resource: it dies with the wl_surface.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include <wayland-server-core.h>

#include "engine/capture/surface_state.h"
#include "engine/capture/sync_device.h"

namespace rp {

class ClientBuffer;
class ClientRecord;
class Compositor;
class Subsurface;
class Surface;
class SurfaceSync;
class XdgSurface;

// Empty once the surface is gone. A surface never outlives its call chain through one of these:
// lock it for the statement, do not keep the lock.
using WeakSurface = std::weak_ptr<Surface>;

enum class RoleKind : std::uint8_t { kNone, kCursor, kDragIcon, kSubsurface, kToplevel, kPopup };

// What gives a surface its meaning: implemented by xdg shell, subsurfaces, and the seat (cursor,
// drag icon).
class RoleHandler {
 public:
  virtual ~RoleHandler() = default;
  // Before pending state becomes current. False: a protocol error was posted, nothing is applied.
  [[nodiscard]] virtual bool may_commit(const SurfaceState& /*pending*/) { return true; }
  // The state is current (surface.current(), surface.last_offset()).
  virtual void on_commit() = 0;
  // The wl_surface goes now; its resource is still valid. The handler is not called again.
  virtual void on_surface_destroyed() = 0;
};

class Surface {
 public:
  // Null for a null resource.
  [[nodiscard]] static Surface* from(wl_resource* resource);

  Surface(Compositor& compositor, ClientRecord& client, wl_resource* resource);
  Surface(const Surface&) = delete;
  Surface& operator=(const Surface&) = delete;
  ~Surface();

  [[nodiscard]] wl_resource* resource() const { return resource_; }
  [[nodiscard]] wl_client* client() const { return wl_resource_get_client(resource_); }
  [[nodiscard]] ClientRecord& client_record() const { return client_; }
  [[nodiscard]] Compositor& compositor() const { return compositor_; }
  [[nodiscard]] WeakSurface weak() const { return self_; }
  // Unique within the display and never used again.
  [[nodiscard]] std::uint64_t id() const { return id_; }

  // ---- role: given once and for ever; the handler (the role object) may go and come again.
  [[nodiscard]] RoleKind role() const { return role_; }
  [[nodiscard]] RoleHandler* role_handler() const { return handler_; }
  // False when the surface has another role, or has this one and a handler already: the caller
  // posts its interface's error. The same handler twice is fine.
  [[nodiscard]] bool set_role(RoleKind role, RoleHandler& handler);
  void clear_role_handler() { handler_ = nullptr; }

  // ---- state
  [[nodiscard]] SurfaceState& pending() { return pending_; }
  [[nodiscard]] const SurfaceState& current() const { return current_; }
  // Callbacks of the current state that nobody has answered yet: for the role that paces them.
  [[nodiscard]] ResourceQueue& frame_callbacks() { return current_.frame_callbacks; }
  // The attach or offset movement of the newest commit alone.
  [[nodiscard]] Point last_offset() const { return last_offset_; }
  // Surface-local; empty without a buffer.
  [[nodiscard]] Size size() const { return size_; }
  [[nodiscard]] bool has_buffer() const { return current_.buffer != nullptr; }
  // Part of the current buffer that shows, in pixels of the upright buffer.
  [[nodiscard]] RectF source() const;
  // True while it is on the output or hidden only by what is above it.
  [[nodiscard]] bool mapped() const;

  // ---- place. Set by whoever maps the tree's root; logical coordinates of the surface's origin.
  [[nodiscard]] Point position() const;
  void set_position(Point logical);  // roots only (toplevel, popup, drag icon)
  // Output pixels to surface-local coordinates.
  [[nodiscard]] PointF to_local(double x_px, double y_px) const;
  // True when surface-local (x, y) is inside the surface and its input region.
  [[nodiscard]] bool accepts_input(double x, double y) const;

  // ---- tree
  [[nodiscard]] Subsurface* subsurface() const { return subsurface_; }
  [[nodiscard]] Surface&
  root();  // the surface at the top of the subsurface tree, itself if it has no parent
  // Children back to front; a null entry stands for this surface itself.
  [[nodiscard]] const std::vector<Subsurface*>& stack() const { return stack_; }

  // wp_fractional_scale_v1 of this surface, or null.
  [[nodiscard]] wl_resource* fractional_scale() const { return fractional_scale_; }
  void set_fractional_scale(wl_resource* object) { fractional_scale_ = object; }

  // Made current by the next commit.
  [[nodiscard]] const std::vector<Subsurface*>& pending_stack() const { return pending_stack_; }
  // The xdg_surface that stands on it, or null. It keeps other roles away before one is set.
  [[nodiscard]] XdgSurface* shell_object() const { return shell_object_; }
  [[nodiscard]] bool has_shell_object() const { return shell_object_ != nullptr; }
  void set_shell_object(XdgSurface* object) { shell_object_ = object; }
  [[nodiscard]] bool has_pending_buffer() const { return !pending_buffer_.expired(); }

  // What waits for the picture that was just taken.
  [[nodiscard]] ResourceQueue& taken_callbacks() { return current_.frame_callbacks; }
  [[nodiscard]] ResourceQueue& taken_feedbacks() { return current_.feedbacks; }

  // ---- wl_surface
  void attach(wl_resource* buffer, Point offset);
  void commit();
  // Makes `state` current. Called by commit() and, for a synchronised subsurface, by the parent's
  // commit.
  void apply(SurfaceState& state);
  // Sends wl_surface.enter or leave to this surface and its subsurfaces where that has changed.
  void update_enter();
  [[nodiscard]] bool entered() const { return entered_; }

  // wp_viewport of this surface, or null. Errors of its values are the viewport's.
  [[nodiscard]] wl_resource* viewport() const { return viewport_; }
  void set_viewport(wl_resource* viewport) { viewport_ = viewport; }

  // wp_linux_drm_syncobj_surface_v1 of this surface, or null.
  [[nodiscard]] SurfaceSync* sync() const { return sync_; }
  void set_sync(SurfaceSync* sync) { sync_ = sync; }
  // Applies the commits that are held when what they wait for is there, or too late. True: none is
  // held any more.
  bool look_at_held(TimePoint now);

 private:
  friend class Subsurface;
  friend class SceneBuilder;

  // The buffer attached since the last commit, if there is one still.
  [[nodiscard]] std::shared_ptr<ClientBuffer> take_attached();
  // False when the client has been ended for what it asked.
  [[nodiscard]] bool take_points(const std::shared_ptr<ClientBuffer>& buffer, SyncPoint& acquire);
  void hold(std::shared_ptr<ClientBuffer> buffer, SyncPoint acquire);
  void finish_commit(SurfaceState& state);
  [[nodiscard]] bool compute_size();
  void post_viewport_error(std::uint32_t code, const char* text);
  // New order and positions of the children, and the cached state of the synchronised ones. True
  // when anything moved.
  [[nodiscard]] bool apply_children();

  Compositor& compositor_;
  ClientRecord& client_;
  wl_resource* resource_;
  std::shared_ptr<Surface> self_;  // does not own: its weak pointers end with the surface
  std::uint64_t id_;
  RoleKind role_ = RoleKind::kNone;
  RoleHandler* handler_ = nullptr;
  SurfaceState pending_;
  std::weak_ptr<ClientBuffer> pending_buffer_;
  SurfaceState current_;
  // Commits whose newest buffer has no fence to wait for yet, as one state.
  struct Held {
    SurfaceState state;
    std::shared_ptr<ClientBuffer> buffer;
    SyncPoint acquire;
    TimePoint until;
  };
  std::unique_ptr<Held> held_;
  SurfaceSync* sync_ = nullptr;
  Point last_offset_;
  Size size_;
  Point position_;
  bool entered_ = false;
  XdgSurface* shell_object_ = nullptr;
  wl_resource* viewport_ = nullptr;
  wl_resource* fractional_scale_ = nullptr;
  Subsurface* subsurface_ = nullptr;
  std::vector<Subsurface*> stack_{nullptr};
  std::vector<Subsurface*> pending_stack_{nullptr};
};

}  // namespace rp
