#include "engine/capture/xdg_activation.h"

#include <vector>

#include "engine/base/limits.h"
#include "engine/base/random.h"
#include "engine/capture/compositor.h"
#include "engine/capture/resource.h"
#include "engine/capture/xdg_toplevel.h"
#include "protocol/xdg-activation-v1-server.h"

namespace rp {
namespace {

class Token {
 public:
  Token(wl_resource* resource, Activation& activation)
      : resource_(resource), activation_(activation) {}

  void set_serial(std::uint32_t serial) {
    if (usable()) serial_ = serial;
  }
  void commit() {
    if (!usable()) return;
    used_ = true;
    const std::string token = activation_.make_token(wl_resource_get_client(resource_), serial_);
    xdg_activation_token_v1_send_done(resource_, token.c_str());
  }
  bool usable() {
    if (!used_) return true;
    wl_resource_post_error(resource_, XDG_ACTIVATION_TOKEN_V1_ERROR_ALREADY_USED,
                           "the token was committed already");
    return false;
  }

 private:
  wl_resource* resource_;
  Activation& activation_;
  std::optional<std::uint32_t> serial_;
  bool used_ = false;
};

Token& token(wl_resource* r) { return *object_of<Token>(r); }

const struct xdg_activation_token_v1_interface kToken = {
    .set_serial = [](wl_client*, wl_resource* r, std::uint32_t serial,
                     wl_resource* /*seat*/) { token(r).set_serial(serial); },
    .set_app_id = [](wl_client*, wl_resource* r, const char*) { (void)token(r).usable(); },
    .set_surface = [](wl_client*, wl_resource* r, wl_resource*) { (void)token(r).usable(); },
    .commit = [](wl_client*, wl_resource* r) { token(r).commit(); },
    .destroy = destroy_resource,
};

const struct xdg_activation_v1_interface kActivation = {
    .destroy = destroy_resource,
    .get_activation_token =
        [](wl_client* client, wl_resource* r, std::uint32_t id) {
          make_object<Token>(client, xdg_activation_token_v1_interface, wl_resource_get_version(r),
                             id, kToken, *object_of<Activation>(r));
        },
    .activate =
        [](wl_client*, wl_resource* r, const char* text, wl_resource* surface) {
          object_of<Activation>(r)->activate(text, *Surface::from(surface));
        },
};

}  // namespace

void Activation::make_global() {
  wl_global_create(compositor_.display(), &xdg_activation_v1_interface, 1, this,
                   [](wl_client* client, void* self, std::uint32_t version, std::uint32_t id) {
                     wl_resource* r = make_resource(client, xdg_activation_v1_interface,
                                                    static_cast<int>(version), id);
                     if (r != nullptr) implement(r, kActivation, self);
                   });
}

std::string Activation::make_token(wl_client* client, std::optional<std::uint32_t> serial) {
  constexpr const char* kDigits = "0123456789abcdef";
  std::string token;
  for (const char byte : SystemRandom().bytes(16)) {
    token += kDigits[static_cast<unsigned char>(byte) >> 4U];
    token += kDigits[static_cast<unsigned char>(byte) & 15U];
  }
  if (!is_worthy(client, serial)) return token;
  if (tokens_.size() >= limits::kMaxActivationTokens) tokens_.erase(tokens_.begin());
  tokens_.push_back(token);
  return token;
}

void Activation::activate(const std::string& token, Surface& surface) {
  if (std::erase(tokens_, token) == 0) return;
  const XdgSurface* xdg = surface.shell_object();
  if (xdg == nullptr || xdg->role() == nullptr || surface.role() != RoleKind::kToplevel) return;
  compositor_.shell().activate(static_cast<Toplevel&>(*xdg->role()));
}

bool Activation::is_worthy(wl_client* client, std::optional<std::uint32_t> serial) const {
  const Surface* focus = compositor_.shell().keyboard_target();
  if (focus == nullptr || focus->client() == client) return true;
  const SeatFocus* seat = compositor_.seat();
  return serial && seat != nullptr && seat->knows_serial(client, *serial);
}

}  // namespace rp
