// Output: the phone's one screen as clients see it: wl_output and xdg_output.
// Thread rule: the display's loop.
#pragma once

#include <vector>

#include <wayland-server-core.h>

#include "engine/capture/surface.h"

namespace rp {

class Output {
 public:
  explicit Output(Compositor& compositor) : compositor_(compositor) {}
  Output(const Output&) = delete;
  Output& operator=(const Output&) = delete;
  void make_globals();

  // The mode has changed: tells everyone bound.
  void send_mode();
  // wl_surface.enter/leave with each wl_output of the surface's client.
  void send_enter(Surface& surface);
  void send_leave(Surface& surface);
  void send_sync_output(wl_resource* presentation_feedback);

 private:
  void bind(wl_client* client, std::uint32_t version, std::uint32_t id);
  void send_state(wl_resource* output) const;
  void bind_xdg(wl_client* client, std::uint32_t version, std::uint32_t id);
  void send_xdg_state(wl_resource* xdg_output) const;
  static void get_xdg_output(wl_client* client, wl_resource* manager, std::uint32_t id,
                             wl_resource* output);

  Compositor& compositor_;
  std::vector<wl_resource*> outputs_;
  std::vector<wl_resource*> xdg_outputs_;
};

}  // namespace rp
