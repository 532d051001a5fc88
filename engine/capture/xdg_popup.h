// Popup: xdg_popup, a menu or tooltip placed beside its parent. Thread rule: the display's loop.
// Owned by its xdg_popup resource.
#pragma once

#include "engine/capture/xdg_positioner.h"
#include "engine/capture/xdg_surface.h"

namespace rp {

class Shell;

// `parent` may be null: the popup then is an error at its first commit, for no other protocol here
// gives popups a parent.
void create_popup(wl_client* client, XdgSurface& xdg, std::uint32_t id, XdgSurface* parent,
                  wl_resource* positioner);

class Popup final : public XdgRole {
 public:
  Popup(wl_resource* resource, XdgSurface& xdg, XdgSurface* parent, const PopupRules& rules);
  Popup(const Popup&) = delete;
  Popup& operator=(const Popup&) = delete;
  ~Popup() override;

  [[nodiscard]] wl_resource* resource() const { return resource_; }
  [[nodiscard]] XdgSurface* xdg() const { return xdg_; }
  [[nodiscard]] Surface* surface() const { return xdg_ == nullptr ? nullptr : xdg_->surface(); }
  [[nodiscard]] XdgSurface* parent() const { return parent_; }
  // Mapped and not dismissed.
  [[nodiscard]] bool shown() const {
    return !dismissed_ && parent_ != nullptr && surface() != nullptr && xdg_->mapped();
  }
  [[nodiscard]] bool grabbing() const { return grabbing_; }
  // Puts the surface where the rules say, seen from where the parent is now.
  void arrange();
  // Tells the client that the popup is over and hides it.
  void dismiss();
  void parent_gone();
  // The output or the parent changed: a reactive popup finds its place anew.
  void parent_moved();

  // ---- requests
  void grab(std::uint32_t serial);
  void reposition(const PopupRules& rules, std::uint32_t token);

  // ---- XdgRole
  void send_configure() override;
  void committed(bool was_mapped) override;
  void orphaned() override;
  [[nodiscard]] bool may_commit() override;

 private:
  friend class Shell;
  void leave_parent();
  [[nodiscard]] Rect solve() const;

  wl_resource* resource_;
  XdgSurface* xdg_;
  XdgSurface* parent_;
  Shell& shell_;
  PopupRules rules_;
  Rect place_;  // relative to the parent's geometry
  bool grabbing_ = false;
  bool dismissed_ = false;
};

}  // namespace rp
