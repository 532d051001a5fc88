// DataDevices: wl_data_device_manager: the clipboard, shared with the viewer, and drag and drop
// among the phone's clients. Place: follows the keyboard's focus; drags take the pointer or a
// touch. Thread rule: the display's loop.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "engine/capture/seat/drag.h"
#include "engine/capture/seat/pointer.h"
#include "engine/capture/seat/selection.h"
#include "engine/capture/seat/touch.h"

namespace rp {

class DataDevices final : private SelectionWire {
 public:
  DataDevices(SeatContext& context, Pointer& pointer, Touch& touch);
  ~DataDevices() override;

  void set_focus(wl_client* client) { selection_.set_focus(client); }
  void set_clipboard(std::string text);
  [[nodiscard]] std::optional<DragIcon> drag_icon();
  void end_turn();

 private:
  struct Requests;

  static void bind(wl_client* client, void* data, std::uint32_t version, std::uint32_t id);
  wl_resource* send_offer(wl_resource* device, const std::shared_ptr<DataSource>& source) override;
  void send_selection(wl_resource* device, wl_resource* offer) override;
  void select(wl_client* client, const std::shared_ptr<DragSource>& source, std::uint32_t serial);
  void start_drag(wl_client* client, wl_resource* device, const std::shared_ptr<DragSource>& source,
                  Surface& origin, Surface* icon, std::uint32_t serial);

  SeatContext& context_;
  Pointer& pointer_;
  Touch& touch_;
  wl_global* global_;
  ResourceSet managers_;
  ResourceSet devices_;
  ResourceSet sources_;
  ResourceSet offers_;
  Selection selection_;
  WriteTransfers transfers_;
  TextReader reader_;
  std::optional<std::string> copied_;  // for the listener
  std::unique_ptr<Drag> drag_;
};

}  // namespace rp
