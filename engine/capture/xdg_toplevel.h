// Toplevel: xdg_toplevel, a window. The shell decides its size and place; this speaks the protocol.
// Thread rule: the display's loop. Owned by its xdg_toplevel resource.
#pragma once

#include <string>

#include "engine/capture/xdg_surface.h"

namespace rp {

class Shell;

void create_toplevel(wl_client* client, XdgSurface& xdg, std::uint32_t id);

class Toplevel final : public XdgRole {
 public:
  Toplevel(wl_resource* resource, XdgSurface& xdg);
  Toplevel(const Toplevel&) = delete;
  Toplevel& operator=(const Toplevel&) = delete;
  ~Toplevel() override;

  [[nodiscard]] wl_resource* resource() const { return resource_; }
  // Null once the xdg_surface or wl_surface is gone.
  [[nodiscard]] XdgSurface* xdg() const { return xdg_; }
  [[nodiscard]] Surface* surface() const { return xdg_ == nullptr ? nullptr : xdg_->surface(); }
  [[nodiscard]] Toplevel* parent() const { return parent_; }
  [[nodiscard]] Size min_size() const { return min_size_; }
  [[nodiscard]] Size max_size() const { return max_size_; }
  [[nodiscard]] bool wants_maximized() const { return maximized_; }
  [[nodiscard]] bool wants_fullscreen() const { return fullscreen_; }
  [[nodiscard]] bool activated() const { return activated_; }
  void set_activated(bool activated);
  // Where a floating window stands: logical coordinates of its geometry.
  [[nodiscard]] Point floating() const { return floating_; }
  void set_floating(Point point) { floating_ = point; }
  void parent_gone(const Toplevel& gone);

  // zxdg_toplevel_decoration_v1 of this, or null.
  [[nodiscard]] wl_resource* decoration() const { return decoration_; }
  void set_decoration(wl_resource* decoration) { decoration_ = decoration; }

  // ---- requests
  void set_parent(Toplevel* parent);
  void set_min_size(Size size);
  void set_max_size(Size size);
  void set_maximized(bool on);
  void set_fullscreen(bool on);

  // ---- XdgRole
  void send_configure() override;
  void committed(bool was_mapped) override;
  void orphaned() override;
  [[nodiscard]] bool may_commit() override;

 private:
  void leave();

  wl_resource* resource_;
  XdgSurface* xdg_;
  Shell& shell_;
  Toplevel* parent_ = nullptr;
  Size min_size_;
  Size max_size_;
  Size pending_min_size_;
  Size pending_max_size_;
  bool maximized_ = false;
  bool fullscreen_ = false;
  bool activated_ = false;
  bool told_capabilities_ = false;
  Point floating_;
  wl_resource* decoration_ = nullptr;
};

}  // namespace rp
