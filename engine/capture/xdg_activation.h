// xdg_activation_v1: an app hands another the right to come to the front. A token is worth
// something when it was asked for with the serial of a recent input event, or by the app that has
// the keyboard; a worthless one is handed out all the same and does nothing. Thread rule: the
// display's loop.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <wayland-server-core.h>

namespace rp {

class Compositor;
class Surface;

class Activation {
 public:
  explicit Activation(Compositor& compositor) : compositor_(compositor) {}
  Activation(const Activation&) = delete;
  Activation& operator=(const Activation&) = delete;
  void make_global();

  [[nodiscard]] std::string make_token(wl_client* client, std::optional<std::uint32_t> serial);
  // Uses the token up.
  void activate(const std::string& token, Surface& surface);

 private:
  [[nodiscard]] bool is_worthy(wl_client* client, std::optional<std::uint32_t> serial) const;

  Compositor& compositor_;
  std::vector<std::string> tokens_;  // oldest first
};

}  // namespace rp
