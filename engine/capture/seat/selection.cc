#include "engine/capture/seat/selection.h"

#include <cstring>

namespace rp {

bool Selection::request(wl_client* client, std::shared_ptr<DataSource> source,
                        std::uint32_t serial) {
  // Serials wrap; the difference tells which is older.
  const bool older = serial_ != 0 && static_cast<std::int32_t>(serial - serial_) < 0;
  if (older || !context_.serials.knows(client, serial)) return false;
  serial_ = serial;
  set(std::move(source));
  return true;
}

void Selection::set(std::shared_ptr<DataSource> source) {
  if (source == source_ && source != nullptr) return;
  const std::shared_ptr<DataSource> before = std::exchange(source_, std::move(source));
  if (before != nullptr) before->cancelled();
  devices_.each(focus_, [&](wl_resource* device) { announce(device); });
  context_.display.request_end_of_turn();
}

void Selection::drop(const DataSource* source) {
  if (source_.get() == source) set(nullptr);
}

void Selection::set_focus(wl_client* client) {
  if (client == focus_) return;
  focus_ = client;
  devices_.each(focus_, [&](wl_resource* device) { announce(device); });
}

void Selection::announce(wl_resource* device) {
  if (wl_resource_get_client(device) != focus_) return;
  wl_resource* offer = source_ == nullptr ? nullptr : wire_.send_offer(device, source_);
  wire_.send_selection(device, offer);
}

bool add_mime_type(SeatContext& context, wl_client* client, std::vector<std::string>& types,
                   const char* type) {
  if (types.size() >= limits::kMaxMimeTypes || std::strlen(type) > limits::kMaxMimeTypeBytes) {
    context.display.end_for_limit(client, "mime types of a data source");
    return false;
  }
  types.emplace_back(type);
  return true;
}

}  // namespace rp
