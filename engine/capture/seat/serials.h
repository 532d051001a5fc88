// SerialLedger: which serials each client was sent with an input event lately, so that a request
// which needs one (a selection, a cursor, a popup's grab) cannot be made up. Thread rule: the
// display's loop.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <unordered_map>

#include <wayland-server-core.h>

#include "engine/capture/listener.h"

namespace rp {

class SerialLedger {
 public:
  // `display` must outlive the ledger.
  explicit SerialLedger(wl_display* display) : display_(display) {}

  // Starts to remember for a client; it is forgotten when it goes.
  void add_client(wl_client* client) {
    auto& record = records_[client];
    if (record) return;
    record = std::make_unique<Record>();
    record->gone.set_callback([this, client](void*) { records_.erase(client); });
    record->gone.connect_destroy(client);
  }

  // False once the client is leaving: no new object may be made for it.
  [[nodiscard]] bool serves(wl_client* client) const { return records_.contains(client); }

  // A new serial, remembered for `client` when it is a known one.
  std::uint32_t issue(wl_client* client) {
    const std::uint32_t serial = wl_display_next_serial(display_);
    if (const auto found = records_.find(client); found != records_.end()) {
      Record& record = *found->second;
      record.serials[record.next++ % record.serials.size()] = serial;
    }
    return serial;
  }

  [[nodiscard]] bool knows(wl_client* client, std::uint32_t serial) const {
    const auto found = records_.find(client);
    return found != records_.end() && serial != 0 &&
           std::ranges::find(found->second->serials, serial) != found->second->serials.end();
  }

  // For events nobody may answer to (leave, modifiers).
  std::uint32_t next() { return wl_display_next_serial(display_); }

 private:
  struct Record {
    std::array<std::uint32_t, 256> serials{};
    std::size_t next = 0;
    Listener gone;
  };

  wl_display* display_;
  std::unordered_map<wl_client*, std::unique_ptr<Record>> records_;
};

}  // namespace rp
