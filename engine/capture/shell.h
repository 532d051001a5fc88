// Shell: which windows are shown, where, and who has the keyboard. The phone's policy: one big
// window at a time, the newest on top with the focus, its dialogs centred above it; when it goes,
// the one below is shown again. kFloating leaves windows their size and place, as the conformance
// suite needs it. Thread rule: the display's loop.
#pragma once

#include <functional>
#include <unordered_set>
#include <vector>

#include "engine/capture/focus.h"

namespace rp {

class Popup;
class Toplevel;
class XdgSurface;

enum class WindowPolicy { kPhone, kFloating };

// What a toplevel is to be told.
struct WindowShape {
  Size size;    // logical; 0×0 leaves it to the client
  Size bounds;  // logical
  bool maximized = false;
  bool fullscreen = false;
};

class Shell final : public Desktop {
 public:
  Shell(Compositor& compositor, WindowPolicy policy) : compositor_(compositor), policy_(policy) {}
  Shell(const Shell&) = delete;
  Shell& operator=(const Shell&) = delete;

  // ---- windows
  [[nodiscard]] WindowShape shape_for(const Toplevel& toplevel) const;
  void toplevel_made(Toplevel& toplevel) { toplevels_.insert(&toplevel); }
  void toplevel_mapped(Toplevel& toplevel);
  void toplevel_unmapped(Toplevel& toplevel);
  void toplevel_committed(Toplevel& toplevel);
  void toplevel_changed(Toplevel& toplevel);  // its parent is another
  void toplevel_gone(Toplevel& toplevel);
  void activate(Toplevel& toplevel);  // raises it with its family
  // The output has a new mode: everyone gets a new shape.
  void output_changed();
  // kFloating: moves the window whose root is `surface`.
  void place(Surface& surface, Point logical);

  // ---- popups
  void popup_mapped(Popup& popup);
  void popup_committed(Popup& popup);
  void popup_gone(Popup& popup);  // unmapped, dismissed or destroyed
  [[nodiscard]] bool may_grab(const Popup& popup) const;
  // Logical coordinates of the window geometry's corner.
  [[nodiscard]] Point geometry_origin(const XdgSurface& xdg) const;
  [[nodiscard]] Size output_size() const;

  // ---- what is shown
  // Roots of the drawn trees, back to front. Valid until a window comes, goes or is raised.
  [[nodiscard]] const std::vector<Surface*>& roots() const { return roots_; }
  [[nodiscard]] bool shows_root(const Surface& root) const;  // mapped
  [[nodiscard]] bool draws_root(const Surface& root) const;  // and not hidden behind a big window
  // Mapped surfaces, also hidden ones, with their subsurfaces.
  void for_each_surface(const std::function<void(Surface&)>& visit) const;

  // ---- Desktop
  [[nodiscard]] SurfaceHit surface_at(double x_px, double y_px) override;
  bool pressed(Surface* surface) override;
  [[nodiscard]] Surface* keyboard_target() override;
  void request_frame() override;

 private:
  [[nodiscard]] bool is_dialog(const Toplevel& toplevel) const;
  void raise(Toplevel& toplevel);
  void arrange(Toplevel& toplevel);
  void arrange_popups(XdgSurface& xdg);
  void add_popup_roots(XdgSurface& xdg);
  // After any change of the stack: roots, places, activation, focus.
  void restack();
  void update_focus();
  void end_grabs();

  Compositor& compositor_;
  WindowPolicy policy_;
  std::vector<Toplevel*> windows_;           // mapped, bottom to top
  std::unordered_set<Toplevel*> toplevels_;  // all that live, mapped or not
  std::vector<Popup*> grabs_;                // bottom to top
  std::vector<Surface*> roots_;
  std::size_t first_drawn_ = 0;  // index into windows_
  std::weak_ptr<Surface> focus_;
};

}  // namespace rp
