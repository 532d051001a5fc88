#include "engine/capture/shell.h"

#include <algorithm>

#include "engine/capture/compositor.h"
#include "engine/capture/subsurface.h"
#include "engine/capture/xdg_popup.h"
#include "engine/capture/xdg_toplevel.h"

namespace rp {
namespace {

void visit_tree(Surface& surface, const std::function<void(Surface&)>& visit) {
  for (Subsurface* child : surface.stack()) {
    if (child == nullptr) {
      visit(surface);
    } else {
      visit_tree(child->surface(), visit);
    }
  }
}

Toplevel& family_head(Toplevel& toplevel) {
  Toplevel* head = &toplevel;
  while (head->parent() != nullptr) head = head->parent();
  return *head;
}

}  // namespace

Size Shell::output_size() const { return compositor_.logical_size(); }

// ---- policy

bool Shell::is_dialog(const Toplevel& toplevel) const {
  if (toplevel.parent() != nullptr) return true;
  const Size fixed = toplevel.max_size();
  const Size output = output_size();
  return fixed == toplevel.min_size() && !fixed.empty() && fixed.width <= output.width &&
         fixed.height <= output.height && fixed != output;
}

WindowShape Shell::shape_for(const Toplevel& toplevel) const {
  WindowShape shape;
  shape.bounds = output_size();
  shape.fullscreen = toplevel.wants_fullscreen();
  shape.maximized =
      policy_ == WindowPolicy::kPhone ? !is_dialog(toplevel) : toplevel.wants_maximized();
  if (shape.fullscreen || shape.maximized) shape.size = shape.bounds;
  return shape;
}

void Shell::arrange(Toplevel& toplevel) {
  Surface* surface = toplevel.surface();
  if (surface == nullptr) return;
  const Rect geometry = toplevel.xdg()->geometry();
  const Size output = output_size();
  Point corner;
  const WindowShape shape = shape_for(toplevel);
  if (policy_ == WindowPolicy::kFloating && !shape.maximized && !shape.fullscreen) {
    corner = toplevel.floating();
  } else {
    // Smaller windows stand in the middle; of bigger ones the top left corner shows.
    corner = {std::max(0, (output.width - geometry.width) / 2),
              std::max(0, (output.height - geometry.height) / 2)};
  }
  surface->set_position({corner.x - geometry.x, corner.y - geometry.y});
  arrange_popups(*toplevel.xdg());
}

void Shell::arrange_popups(XdgSurface& xdg) {
  for (Popup* popup : xdg.popups()) {
    if (popup->xdg() == nullptr || !popup->xdg()->mapped()) continue;
    popup->arrange();
    arrange_popups(*popup->xdg());
  }
}

// ---- windows

void Shell::toplevel_mapped(Toplevel& toplevel) {
  end_grabs();
  windows_.push_back(&toplevel);
  raise(toplevel);
  arrange(toplevel);
  restack();
  toplevel.surface()->update_enter();
}

void Shell::toplevel_unmapped(Toplevel& toplevel) {
  std::erase(windows_, &toplevel);
  restack();
  if (Surface* surface = toplevel.surface()) surface->update_enter();
}

void Shell::toplevel_committed(Toplevel& toplevel) { arrange(toplevel); }

void Shell::toplevel_changed(Toplevel& toplevel) {
  if (toplevel.xdg() == nullptr || !toplevel.xdg()->mapped()) return;
  toplevel.xdg()->configure();
  arrange(toplevel);
  restack();
}

void Shell::toplevel_gone(Toplevel& toplevel) {
  if (std::erase(windows_, &toplevel) != 0) restack();
  toplevels_.erase(&toplevel);
  // Its dialogs become windows of their grandparent (xdg_toplevel.set_parent).
  for (Toplevel* other : toplevels_) other->parent_gone(toplevel);
}

// The whole family comes to the top; within it the one that was asked for, with its own dialogs, is
// last.
void Shell::raise(Toplevel& toplevel) {
  const Toplevel* head = &family_head(toplevel);
  std::vector<Toplevel*> order;
  std::vector<Toplevel*> family;
  std::vector<Toplevel*> chosen;
  for (Toplevel* window : windows_) {
    const Toplevel* ancestor = window;
    while (ancestor != nullptr && ancestor != &toplevel) ancestor = ancestor->parent();
    if (ancestor != nullptr) {
      chosen.push_back(window);
    } else {
      (&family_head(*window) == head ? family : order).push_back(window);
    }
  }
  order.insert(order.end(), family.begin(), family.end());
  order.insert(order.end(), chosen.begin(), chosen.end());
  windows_ = std::move(order);
}

void Shell::activate(Toplevel& toplevel) {
  if (toplevel.xdg() == nullptr || !toplevel.xdg()->mapped()) return;
  if (windows_.back() == &toplevel) return;
  end_grabs();
  raise(toplevel);
  restack();
}

void Shell::restack() {
  roots_.clear();
  first_drawn_ = 0;
  if (policy_ == WindowPolicy::kPhone) {
    for (std::size_t i = windows_.size(); i-- > 0;) {
      if (is_dialog(*windows_[i])) continue;
      first_drawn_ = i;
      break;
    }
  }
  for (std::size_t i = first_drawn_; i < windows_.size(); ++i) {
    roots_.push_back(windows_[i]->surface());
    add_popup_roots(*windows_[i]->xdg());
  }
  for (Toplevel* window : windows_) window->set_activated(window == windows_.back());
  compositor_.layout_changed();
  update_focus();
}

void Shell::add_popup_roots(XdgSurface& xdg) {
  for (Popup* popup : xdg.popups()) {
    if (!popup->shown()) continue;
    roots_.push_back(popup->surface());
    add_popup_roots(*popup->xdg());
  }
}

void Shell::output_changed() {
  for (Toplevel* window : toplevels_) {
    if (window->xdg() == nullptr) continue;
    window->xdg()->configure();
    if (window->xdg()->mapped()) arrange(*window);
  }
  compositor_.layout_changed();
}

void Shell::place(Surface& surface, Point logical) {
  for (Toplevel* window : windows_) {
    if (window->surface() != &surface) continue;
    window->set_floating(logical);
    arrange(*window);
  }
}

// ---- popups

Point Shell::geometry_origin(const XdgSurface& xdg) const {
  if (xdg.surface() == nullptr) return {};
  const Point origin = xdg.surface()->position();
  const Rect geometry = xdg.geometry();
  return {origin.x + geometry.x, origin.y + geometry.y};
}

bool Shell::may_grab(const Popup& popup) const {
  if (grabs_.empty()) return true;
  return grabs_.back()->xdg() == popup.parent();
}

void Shell::popup_mapped(Popup& popup) {
  popup.arrange();
  if (popup.grabbing()) grabs_.push_back(&popup);
  restack();
  popup.surface()->update_enter();
}

void Shell::popup_committed(Popup& popup) {
  popup.arrange();
  arrange_popups(*popup.xdg());
}

void Shell::popup_gone(Popup& popup) {
  std::erase(grabs_, &popup);
  if (popup.surface() == nullptr) return;
  restack();
  popup.surface()->update_enter();
}

void Shell::end_grabs() {
  while (!grabs_.empty()) {
    Popup* top = grabs_.back();
    grabs_.pop_back();
    top->dismiss();
  }
}

// ---- what is shown

bool Shell::shows_root(const Surface& root) const {
  const XdgSurface* xdg = root.shell_object();
  if (xdg == nullptr || !xdg->mapped()) return false;
  if (root.role() == RoleKind::kToplevel) return true;
  const auto* popup = static_cast<const Popup*>(xdg->role());
  return popup != nullptr && popup->shown() && popup->parent()->surface() != nullptr &&
         shows_root(*popup->parent()->surface());
}

bool Shell::draws_root(const Surface& root) const {
  return std::find(roots_.begin(), roots_.end(), &root) != roots_.end();
}

void Shell::for_each_surface(const std::function<void(Surface&)>& visit) const {
  for (const Toplevel* window : windows_) visit_tree(*window->surface(), visit);
  for (Surface* root : roots_) {
    if (root->role() == RoleKind::kPopup) visit_tree(*root, visit);
  }
}

// ---- Desktop

namespace {

// A surface without content hides its subsurfaces with it.
SurfaceHit hit_tree(Surface& surface, double x_px, double y_px) {
  if (!surface.has_buffer()) return {};
  const auto& stack = surface.stack();
  for (auto it = stack.rbegin(); it != stack.rend(); ++it) {
    if (*it != nullptr) {
      const SurfaceHit hit = hit_tree((*it)->surface(), x_px, y_px);
      if (hit.surface != nullptr) return hit;
      continue;
    }
    const PointF local = surface.to_local(x_px, y_px);
    if (surface.accepts_input(local.x, local.y)) return {&surface, local};
  }
  return {};
}

}  // namespace

SurfaceHit Shell::surface_at(double x_px, double y_px) {
  const wl_client* only = grabs_.empty() ? nullptr : grabs_.back()->surface()->client();
  for (auto it = roots_.rbegin(); it != roots_.rend(); ++it) {
    if (only != nullptr && (*it)->client() != only) continue;
    const SurfaceHit hit = hit_tree(**it, x_px, y_px);
    if (hit.surface != nullptr) return hit;
  }
  return {};
}

bool Shell::pressed(Surface* surface) {
  if (!grabs_.empty()) {
    if (surface != nullptr && surface->client() == grabs_.back()->surface()->client()) return false;
    end_grabs();
    return true;
  }
  if (surface == nullptr) return false;
  Surface& root = surface->root();
  for (Toplevel* window : windows_) {
    if (window->surface() != &root) continue;
    activate(*window);
    break;
  }
  return false;
}

Surface* Shell::keyboard_target() {
  if (!grabs_.empty()) return grabs_.back()->surface();
  return windows_.empty() ? nullptr : windows_.back()->surface();
}

void Shell::update_focus() {
  Surface* target = keyboard_target();
  if (focus_.lock().get() == target) return;
  focus_ = target == nullptr ? WeakSurface() : target->weak();
  if (compositor_.seat() != nullptr) compositor_.seat()->focus_keyboard(target);
}

void Shell::request_frame() { compositor_.request_frame(); }

}  // namespace rp
