// The listeners of the test client: each event becomes a line in its log.
#pragma once

#include "engine/capture/seat/keymap.h"
#include "tests/unit/engine/capture/seat/phone.h"

namespace rp::test {

struct Client::Xkb {
  XkbContext context;
  XkbKeymap keymap;
  XkbState state;
};

[[nodiscard]] std::unique_ptr<Client::Xkb> make_xkb();
[[nodiscard]] const wl_registry_listener* registry_listener();
// Makes pointer, keyboard, touch and data device, and listens to all of them.
void listen(Client& client);

}  // namespace rp::test
