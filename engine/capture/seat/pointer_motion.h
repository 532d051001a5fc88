// PointerMotion: zwp_relative_pointer_v1 (the device's own movement) and zwp_pointer_constraints_v1
// (lock the pointer, or keep it on a surface), as games and drawing programs want. A constraint
// holds for its whole surface: regions and position hints are accepted and not used, since the
// viewer's pointer is absolute. Place: follows the pointer. Thread rule: the display's loop.
#pragma once

#include <memory>
#include <vector>

#include "engine/capture/seat/pointer.h"
#include "engine/capture/seat/resources.h"

namespace rp {

class PointerMotion final : public PointerFollower {
 public:
  PointerMotion(SeatContext& context, Pointer& pointer);
  ~PointerMotion() override;

  void focus_changed(Surface* focus) override;
  void moved(wl_client* client, double dx, double dy) override;
  [[nodiscard]] bool allow(Surface& focus, double& x_px, double& y_px) override;

 private:
  struct Constraint;
  struct Requests;

  static void bind_relative(wl_client* client, void* data, std::uint32_t version, std::uint32_t id);
  static void bind_constraints(wl_client* client, void* data, std::uint32_t version,
                               std::uint32_t id);
  void constrain(wl_client* client, wl_resource* manager, std::uint32_t id, bool lock,
                 Surface& surface, std::uint32_t lifetime);
  void set_active(Constraint& constraint, bool active);
  void remove(Constraint* constraint);

  SeatContext& context_;
  Pointer& pointer_;
  wl_global* relative_global_;
  wl_global* constraints_global_;
  ResourceSet managers_;
  ResourceSet relative_pointers_;
  ResourceSet constraint_resources_;
  std::vector<Constraint*> constraints_;  // owned by their resources
};

}  // namespace rp
