// XdgSurface: what toplevels and popups share: the handshake of configure and ack, the window
// geometry, and being mapped. Thread rule: the display's loop. Owned by its xdg_surface resource.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "engine/capture/surface.h"

namespace rp {

class Popup;
class XdgSurface;

// xdg_wm_base.
void make_xdg_wm_base_global(Compositor& compositor);

// One binding of xdg_wm_base. Shared, because its surfaces may outlive it while a client is torn
// down.
struct WmBase {
  wl_resource* resource;
  std::size_t surfaces = 0;
};

// The toplevel or popup on an XdgSurface.
class XdgRole {
 public:
  virtual ~XdgRole() = default;
  // Sends the role's own configure event; the xdg_surface's follows.
  virtual void send_configure() = 0;
  // The surface was committed; `was_mapped` tells how it was before.
  virtual void committed(bool was_mapped) = 0;
  // Its wl_surface or xdg_surface went away: the role stays as an empty shell.
  virtual void orphaned() = 0;
  [[nodiscard]] virtual bool may_commit() { return true; }
};

class XdgSurface final : public RoleHandler {
 public:
  XdgSurface(wl_resource* resource, Surface& surface, std::shared_ptr<WmBase> wm_base);
  XdgSurface(const XdgSurface&) = delete;
  XdgSurface& operator=(const XdgSurface&) = delete;
  ~XdgSurface() override;

  [[nodiscard]] static XdgSurface* from(wl_resource* resource);

  [[nodiscard]] wl_resource* resource() const { return resource_; }
  [[nodiscard]] Surface* surface() const { return surface_; }  // null once the wl_surface is gone
  [[nodiscard]] XdgRole* role() const { return role_; }
  [[nodiscard]] const WmBase& wm_base() const { return *wm_base_; }
  // Window geometry in surface-local coordinates: what the client set within what it drew.
  [[nodiscard]] Rect geometry() const;
  [[nodiscard]] bool mapped() const { return mapped_; }
  [[nodiscard]] bool initial_commit_done() const { return initial_commit_done_; }
  // Sends a configure sequence now; when too many await their ack, after the next one.
  void configure();

  // Popups on this, in the order they were mapped.
  [[nodiscard]] std::vector<Popup*>& popups() { return popups_; }

  // Gives the surface its role. False: an error was posted.
  [[nodiscard]] bool take_role(XdgRole& role, RoleKind kind);
  void drop_role();

  // Posts the error of a buffer on a surface that has no toplevel or popup yet.
  void refuse_buffer();

  // ---- requests
  void set_window_geometry(Rect geometry) { pending_geometry_ = geometry; }
  void ack(std::uint32_t serial);

  // ---- RoleHandler
  [[nodiscard]] bool may_commit(const SurfaceState& pending) override;
  void on_commit() override;
  void on_surface_destroyed() override;

 private:
  void unmap();

  wl_resource* resource_;
  Surface* surface_;
  std::shared_ptr<WmBase> wm_base_;
  XdgRole* role_ = nullptr;
  std::optional<Rect> pending_geometry_;
  std::optional<Rect> set_geometry_;
  std::vector<std::uint32_t> unacked_;
  bool configure_owed_ = false;
  bool initial_commit_done_ = false;
  bool mapped_ = false;
  std::vector<Popup*> popups_;
};

}  // namespace rp
