// Selection: one thing that is copied (clipboard or primary selection): who owns it, who hears of
// it. The two protocols differ only in their messages (SelectionWire). Place: follows the
// keyboard's focus. Thread rule: the display's loop.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "engine/capture/seat/data_source.h"
#include "engine/capture/seat/resources.h"

namespace rp {

// One protocol's messages.
class SelectionWire {
 public:
  virtual ~SelectionWire() = default;
  // Makes an offer of `source` and sends it on `device` with its types; null when the client is
  // ended for it or has too many.
  virtual wl_resource* send_offer(wl_resource* device,
                                  const std::shared_ptr<DataSource>& source) = 0;
  virtual void send_selection(wl_resource* device, wl_resource* offer) = 0;
};

class Selection {
 public:
  Selection(SeatContext& context, SelectionWire& wire, ResourceSet& devices)
      : context_(context), wire_(wire), devices_(devices) {}

  // A client's request: refused (false, nothing changes) without a serial the client was sent, or
  // with one older than the current selection's. `source` may be null: nothing is selected.
  bool request(wl_client* client, std::shared_ptr<DataSource> source, std::uint32_t serial);
  // The viewer's.
  void set(std::shared_ptr<DataSource> source);
  // The source's object went away.
  void drop(const DataSource* source);
  void set_focus(wl_client* client);
  // A device was made: it hears of the selection if its client has the keyboard.
  void announce(wl_resource* device);
  [[nodiscard]] const std::shared_ptr<DataSource>& source() const { return source_; }

 private:
  SeatContext& context_;
  SelectionWire& wire_;
  ResourceSet& devices_;
  std::shared_ptr<DataSource> source_;  // shared with the source's resource
  std::uint32_t serial_ = 0;
  wl_client* focus_ = nullptr;
};

// Types a client's source announces; both protocols' offer request. Over the bounds: false, the
// client is being ended.
[[nodiscard]] bool add_mime_type(SeatContext& context, wl_client* client,
                                 std::vector<std::string>& types, const char* type);

}  // namespace rp
