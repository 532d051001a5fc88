// PrimarySelection: zwp_primary_selection_v1, the selection of the middle button. It stays among
// the phone's clients: the viewer's clipboard knows no such thing. Thread rule: the display's loop.
#pragma once

#include "engine/capture/seat/selection.h"

namespace rp {

class PrimarySelection final : private SelectionWire {
 public:
  explicit PrimarySelection(SeatContext& context);
  ~PrimarySelection() override;
  void set_focus(wl_client* client) { selection_.set_focus(client); }

 private:
  class Source;
  struct Requests;

  static void bind(wl_client* client, void* data, std::uint32_t version, std::uint32_t id);
  wl_resource* send_offer(wl_resource* device, const std::shared_ptr<DataSource>& source) override;
  void send_selection(wl_resource* device, wl_resource* offer) override;

  SeatContext& context_;
  wl_global* global_;
  ResourceSet managers_;
  ResourceSet devices_;
  ResourceSet sources_;
  ResourceSet offers_;
  Selection selection_;
};

}  // namespace rp
