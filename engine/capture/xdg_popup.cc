#include "engine/capture/xdg_popup.h"

#include <algorithm>

#include "engine/capture/compositor.h"
#include "engine/capture/resource.h"
#include "protocol/xdg-shell-server.h"

namespace rp {
namespace {

Popup& self(wl_resource* r) { return *object_of<Popup>(r); }

void destroy_popup(wl_client* /*client*/, wl_resource* r) {
  Popup& popup = self(r);
  if (popup.xdg() != nullptr && !popup.xdg()->popups().empty()) {
    wl_resource_post_error(popup.xdg()->wm_base().resource, XDG_WM_BASE_ERROR_NOT_THE_TOPMOST_POPUP,
                           "destroy the popups above this one first");
    return;
  }
  Compositor* compositor = popup.surface() == nullptr ? nullptr : &popup.surface()->compositor();
  wl_resource_destroy(r);
  if (compositor != nullptr) compositor->settle();
}

void reposition(wl_client* /*client*/, wl_resource* r, wl_resource* positioner,
                std::uint32_t token) {
  Popup& popup = self(r);
  if (popup.xdg() == nullptr) return;
  const PopupRules& rules = rules_of(positioner);
  if (!rules.complete()) {
    wl_resource_post_error(popup.xdg()->wm_base().resource, XDG_WM_BASE_ERROR_INVALID_POSITIONER,
                           "positioner has no size or no anchor rectangle");
    return;
  }
  popup.reposition(rules, token);
}

const struct xdg_popup_interface kPopup = {
    .destroy = destroy_popup,
    .grab = [](wl_client*, wl_resource* r, wl_resource* /*seat*/,
               std::uint32_t serial) { self(r).grab(serial); },
    .reposition = reposition,
};

}  // namespace

void create_popup(wl_client* client, XdgSurface& xdg, std::uint32_t id, XdgSurface* parent,
                  wl_resource* positioner) {
  const PopupRules& rules = rules_of(positioner);
  if (!rules.complete()) {
    wl_resource_post_error(xdg.wm_base().resource, XDG_WM_BASE_ERROR_INVALID_POSITIONER,
                           "positioner has no size or no anchor rectangle");
    return;
  }
  if (parent == &xdg) {
    wl_resource_post_error(xdg.wm_base().resource, XDG_WM_BASE_ERROR_INVALID_POPUP_PARENT,
                           "a popup cannot be its own parent");
    return;
  }
  wl_resource* r =
      make_resource(client, xdg_popup_interface, wl_resource_get_version(xdg.resource()), id);
  if (r == nullptr) return;
  auto popup = std::make_unique<Popup>(r, xdg, parent, rules);
  if (!xdg.take_role(*popup, RoleKind::kPopup)) popup->orphaned();
  implement(r, kPopup, popup.release(), [](wl_resource* gone) { delete &self(gone); });
}

Popup::Popup(wl_resource* resource, XdgSurface& xdg, XdgSurface* parent, const PopupRules& rules)
    : resource_(resource),
      xdg_(&xdg),
      parent_(parent),
      shell_(xdg.surface()->compositor().shell()),
      rules_(rules) {
  if (parent_ != nullptr) parent_->popups().push_back(this);
}

Popup::~Popup() {
  if (xdg_ != nullptr) xdg_->drop_role();
  shell_.popup_gone(*this);
  leave_parent();
}

void Popup::leave_parent() {
  if (parent_ != nullptr) std::erase(std::exchange(parent_, nullptr)->popups(), this);
}

void Popup::orphaned() {
  shell_.popup_gone(*this);
  leave_parent();
  xdg_ = nullptr;
}

void Popup::parent_gone() {
  parent_ = nullptr;
  dismiss();
}

void Popup::dismiss() {
  if (std::exchange(dismissed_, true)) return;
  xdg_popup_send_popup_done(resource_);
  shell_.popup_gone(*this);
}

// The bounds are the output, seen from the parent's window geometry.
Rect Popup::solve() const {
  const Point origin = shell_.geometry_origin(*parent_);
  const Size output = shell_.output_size();
  return place_popup(rules_, {-origin.x, -origin.y, output.width, output.height});
}

void Popup::arrange() {
  if (parent_ == nullptr || surface() == nullptr) return;
  const Point origin = shell_.geometry_origin(*parent_);
  const Rect own = xdg_->geometry();
  surface()->set_position({origin.x + place_.x - own.x, origin.y + place_.y - own.y});
}

void Popup::parent_moved() {
  if (!rules_.reactive || parent_ == nullptr || xdg_ == nullptr) return;
  if (solve() != place_) xdg_->configure();
}

void Popup::grab(std::uint32_t serial) {
  if (xdg_ == nullptr || parent_ == nullptr) return;
  if (xdg_->mapped()) {
    wl_resource_post_error(resource_, XDG_POPUP_ERROR_INVALID_GRAB,
                           "grab after the popup was mapped");
    return;
  }
  if (!shell_.may_grab(*this)) {
    wl_resource_post_error(xdg_->wm_base().resource, XDG_WM_BASE_ERROR_NOT_THE_TOPMOST_POPUP,
                           "the parent is not the topmost grabbing popup");
    return;
  }
  const SeatFocus* seat = surface()->compositor().seat();
  if (seat != nullptr && !seat->knows_serial(surface()->client(), serial)) {
    dismiss();
    return;
  }
  grabbing_ = true;
}

void Popup::reposition(const PopupRules& rules, std::uint32_t token) {
  rules_ = rules;
  xdg_popup_send_repositioned(resource_, token);
  xdg_->configure();
}

bool Popup::may_commit() {
  if (parent_ != nullptr || dismissed_) return true;
  wl_resource_post_error(xdg_->wm_base().resource, XDG_WM_BASE_ERROR_INVALID_POPUP_PARENT,
                         "the popup has no parent");
  return false;
}

void Popup::send_configure() {
  if (parent_ != nullptr) place_ = solve();
  xdg_popup_send_configure(resource_, place_.x, place_.y, place_.width, place_.height);
}

void Popup::committed(bool was_mapped) {
  if (!xdg_->mapped()) {
    if (was_mapped) shell_.popup_gone(*this);
    return;
  }
  if (dismissed_) return;
  if (was_mapped) {
    shell_.popup_committed(*this);
  } else {
    shell_.popup_mapped(*this);
  }
}

}  // namespace rp
