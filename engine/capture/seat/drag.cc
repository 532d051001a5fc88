#include "engine/capture/seat/drag.h"

#include <algorithm>

#include <wayland-server-protocol.h>

namespace rp {
namespace {

constexpr int kActionsSince = WL_DATA_SOURCE_ACTION_SINCE_VERSION;

DragOffer& offer_of(wl_resource* resource) {
  return *static_cast<DragOffer*>(wl_resource_get_user_data(resource));
}

}  // namespace

void DragSource::send(const std::string& mime_type, UniqueFd fd) {
  if (resource_ == nullptr) return;
  wl_data_source_send_send(resource_, mime_type.c_str(), fd.get());
  context_.display.request_end_of_turn();
}

void DragSource::cancelled() {
  if (resource_ != nullptr) wl_data_source_send_cancelled(resource_);
}

void DragSource::target(const char* mime_type_or_null) {
  if (resource_ != nullptr) wl_data_source_send_target(resource_, mime_type_or_null);
}

void DragSource::action(std::uint32_t action) {
  if (resource_ != nullptr && wl_resource_get_version(resource_) >= kActionsSince) {
    wl_data_source_send_action(resource_, action);
  }
}

void DragSource::drop_performed() {
  if (resource_ != nullptr && wl_resource_get_version(resource_) >= kActionsSince) {
    wl_data_source_send_dnd_drop_performed(resource_);
  }
}

void DragSource::finished() {
  if (resource_ != nullptr && wl_resource_get_version(resource_) >= kActionsSince) {
    wl_data_source_send_dnd_finished(resource_);
  }
}

void DragOffer::negotiate(wl_resource* offer) {
  const auto from = drag_source.lock();
  if (from == nullptr || over) return;
  constexpr std::uint32_t kCopy = WL_DATA_DEVICE_MANAGER_DND_ACTION_COPY;
  // Either side may be older than actions; a copy is what such clients mean.
  const bool speaks = wl_resource_get_version(offer) >= kActionsSince;
  const std::uint32_t both = from->actions.value_or(kCopy) & (speaks ? actions : kCopy);
  std::uint32_t agreed = both & preferred;
  if (agreed == 0) agreed = both & (~both + 1);  // the lowest bit: copy before move before ask
  if (agreed == action) return;
  action = agreed;
  from->action(action);
  if (speaks) wl_data_offer_send_action(offer, action);
}

Drag::Drag(SeatContext& context, ResourceSet& devices, Options options)
    : context_(context), devices_(devices), options_(std::move(options)), at_px_(options_.at_px) {
  target_.on_gone = [this] { leave(); };
}

Drag::~Drag() {
  if (options_.icon != nullptr) options_.icon->clear_role_handler();
}

bool Drag::take_icon() {
  if (options_.icon == nullptr || options_.icon->set_role(RoleKind::kDragIcon, *this)) return true;
  options_.icon = nullptr;
  return false;
}

void Drag::on_commit() {
  const Point moved = options_.icon->last_offset();
  icon_offset_ = {icon_offset_.x + moved.x, icon_offset_.y + moved.y};
  context_.desktop.request_frame();
}

void Drag::on_surface_destroyed() {
  options_.icon = nullptr;
  context_.desktop.request_frame();
}

std::optional<DragIcon> Drag::icon() const {
  if (options_.icon == nullptr || !options_.icon->has_buffer()) return std::nullopt;
  const double scale = context_.output_scale();
  return DragIcon{options_.icon,
                  {at_px_.x + icon_offset_.x * scale, at_px_.y + icon_offset_.y * scale}};
}

void Drag::enter(SurfaceHit hit) {
  leave();
  target_.set(hit.surface);
  if (hit.surface == nullptr) return;
  const std::uint32_t serial = context_.serials.issue(target_.client());
  devices_.each(target_.client(), [&](wl_resource* device) {
    wl_resource* offer = nullptr;
    if (options_.source != nullptr) {
      offer = options_.make_offer(device);
      if (offer == nullptr) return;
      offers_.push_back(offer);
      if (wl_resource_get_version(offer) >= kActionsSince) {
        wl_data_offer_send_source_actions(offer, options_.source->actions.value_or(0));
      }
    }
    wl_data_device_send_enter(device, serial, hit.surface->resource(),
                              wl_fixed_from_double(hit.local.x), wl_fixed_from_double(hit.local.y),
                              offer);
    if (offer != nullptr) offer_of(offer).negotiate(offer);
  });
}

void Drag::leave() {
  devices_.each(target_.client(), [](wl_resource* device) { wl_data_device_send_leave(device); });
  for (wl_resource* offer : offers_) offer_of(offer).over = true;
  const bool had_offers = !std::exchange(offers_, {}).empty();
  target_.set(nullptr);
  if (had_offers && options_.source != nullptr) {
    options_.source->target(nullptr);
    options_.source->action(WL_DATA_DEVICE_MANAGER_DND_ACTION_NONE);
  }
}

void Drag::motion(double x_px, double y_px) {
  at_px_ = {x_px, y_px};
  if (options_.icon != nullptr) context_.desktop.request_frame();
  SurfaceHit hit = context_.desktop.surface_at(x_px, y_px);
  const bool inside_only = options_.source == nullptr;
  if (inside_only && hit.surface != nullptr && hit.surface->client() != options_.client) hit = {};
  if (hit.surface != target_.get()) {
    enter(hit);
  } else if (hit.surface != nullptr) {
    const std::uint32_t time = context_.time_ms();
    devices_.each(target_.client(), [&](wl_resource* device) {
      wl_data_device_send_motion(device, time, wl_fixed_from_double(hit.local.x),
                                 wl_fixed_from_double(hit.local.y));
    });
  }
  context_.display.request_end_of_turn();
}

void Drag::released() {
  const bool taken = std::ranges::any_of(offers_, [](wl_resource* offer) {
    return offer_of(offer).accepted && offer_of(offer).action != 0;
  });
  const bool inside = options_.source == nullptr && target_.get() != nullptr;
  if (!taken && !inside) return cancelled();
  devices_.each(target_.client(), [](wl_resource* device) { wl_data_device_send_drop(device); });
  for (wl_resource* offer : offers_) offer_of(offer).dropped = true;
  offers_.clear();
  if (options_.source != nullptr) options_.source->drop_performed();
  leave();  // clients expect one after the drop as well; their offers stay
  context_.display.request_end_of_turn();
  end();
}

void Drag::cancelled() {
  leave();
  if (options_.source != nullptr) options_.source->cancelled();
  context_.display.request_end_of_turn();
  end();
}

void Drag::end() {
  const auto ended = std::move(options_.ended);  // outlives the drag it ends
  ended();
}

void Drag::forget_offer(wl_resource* offer) { std::erase(offers_, offer); }

}  // namespace rp
