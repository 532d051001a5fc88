// Subsurface: wl_subsurface, the role of a surface that belongs to a parent's tree.
// Thread rule: the display's loop. Owned by its wl_subsurface resource.
#pragma once

#include "engine/capture/surface.h"

namespace rp {

// wl_subcompositor.
void make_subcompositor_global(Compositor& compositor);

class Subsurface final : public RoleHandler {
 public:
  Subsurface(wl_resource* resource, Surface& surface, Surface& parent);
  Subsurface(const Subsurface&) = delete;
  Subsurface& operator=(const Subsurface&) = delete;
  ~Subsurface() override;

  // Of a subsurface that is in a parent's stack, which those without a wl_surface never are.
  [[nodiscard]] Surface& surface() const { return *surface_; }
  [[nodiscard]] Surface* surface_or_null() const { return surface_; }
  [[nodiscard]] Surface* parent() const { return parent_; }
  [[nodiscard]] Point position() const { return position_; }
  // In the parent's current stack: the parent was committed since this was made.
  [[nodiscard]] bool placed() const { return placed_; }
  // Its own mode or an ancestor's holds commits back for the parent's.
  [[nodiscard]] bool synchronised() const;

  void cache(SurfaceState& pending);
  // The parent's state became current. True when the position changed.
  [[nodiscard]] bool parent_applied();
  void parent_destroyed();

  // ---- wl_subsurface
  void set_position(Point position) { pending_position_ = position; }
  // Above or below `sibling`, which may be the parent; posts bad_surface.
  void place(wl_resource* sibling, bool above);
  void set_sync(bool sync);

  // ---- RoleHandler
  void on_commit() override {}
  void on_surface_destroyed() override;

 private:
  void apply_cached();
  void leave_parent();

  wl_resource* resource_;
  Surface* surface_;  // null once the wl_surface is gone
  Surface* parent_;   // null once the parent is gone
  bool sync_ = true;
  bool placed_ = false;
  bool has_cached_ = false;
  Point position_;
  Point pending_position_;
  SurfaceState cached_;
};

}  // namespace rp
