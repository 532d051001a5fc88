#include "engine/capture/seat/data_device.h"

#include <wayland-server-protocol.h>

#include "engine/base/log.h"

namespace rp {
namespace {

constexpr std::uint32_t kAllActions = WL_DATA_DEVICE_MANAGER_DND_ACTION_COPY |
                                      WL_DATA_DEVICE_MANAGER_DND_ACTION_MOVE |
                                      WL_DATA_DEVICE_MANAGER_DND_ACTION_ASK;

}  // namespace

struct DataDevices::Requests {
  struct SourceHandle {
    DataDevices* owner;
    std::shared_ptr<DragSource> source;
  };
  struct OfferHandle : DragOffer {  // user data of a wl_data_offer
    DataDevices* owner = nullptr;
  };

  static DataDevices& self(wl_resource* resource) {
    return *static_cast<DataDevices*>(wl_resource_get_user_data(resource));
  }
  static SourceHandle& source(wl_resource* resource) {
    return *static_cast<SourceHandle*>(wl_resource_get_user_data(resource));
  }
  static OfferHandle& offer(wl_resource* resource) {
    return *static_cast<OfferHandle*>(static_cast<DragOffer*>(wl_resource_get_user_data(resource)));
  }

  // ---- wl_data_source
  static void source_offer(wl_client* client, wl_resource* resource, const char* mime_type) {
    SourceHandle& handle = source(resource);
    (void)add_mime_type(handle.owner->context_, client, handle.source->types(), mime_type);
  }
  static void source_set_actions(wl_client*, wl_resource* resource, std::uint32_t actions) {
    DragSource& made = *source(resource).source;
    if ((actions & ~kAllActions) != 0) {
      wl_resource_post_error(resource, WL_DATA_SOURCE_ERROR_INVALID_ACTION_MASK,
                             "unknown drag and drop action");
    } else if (made.actions || made.used) {
      wl_resource_post_error(resource, WL_DATA_SOURCE_ERROR_INVALID_SOURCE,
                             "actions are set once, before the drag");
    } else {
      made.actions = actions;
    }
  }
  static constexpr struct wl_data_source_interface kSource = {
      .offer = source_offer, .destroy = destroy_resource, .set_actions = source_set_actions};

  static void source_destroyed(wl_resource* resource) {
    const std::unique_ptr<SourceHandle> gone(&source(resource));
    gone->source->set_resource(nullptr);
    DataDevices& me = *gone->owner;
    me.selection_.drop(gone->source.get());
    if (me.drag_ == nullptr || me.drag_->source() != gone->source) return;
    me.pointer_.end_grab(*me.drag_);
    me.touch_.end_grab(*me.drag_);
    me.drag_->cancelled();
  }

  // ---- wl_data_offer
  static void accept(wl_client*, wl_resource* resource, std::uint32_t, const char* mime_type) {
    OfferHandle& handle = offer(resource);
    const auto from = handle.drag_source.lock();
    if (from == nullptr || handle.over || handle.dropped) return;
    handle.accepted = mime_type != nullptr && from->offers(mime_type);
    from->target(handle.accepted ? mime_type : nullptr);
  }
  static void receive(wl_client*, wl_resource* resource, const char* mime_type, std::int32_t fd) {
    UniqueFd owned(fd);
    const auto from = offer(resource).source.lock();
    if (from != nullptr && from->offers(mime_type)) from->send(mime_type, std::move(owned));
  }
  static void finish(wl_client*, wl_resource* resource) {
    OfferHandle& handle = offer(resource);
    if (!handle.dropped || !handle.accepted || handle.action == 0 || handle.over) {
      wl_resource_post_error(resource, WL_DATA_OFFER_ERROR_INVALID_FINISH,
                             "finish without an accepted drop");
      return;
    }
    handle.over = true;
    if (const auto from = handle.drag_source.lock()) from->finished();
  }
  static void offer_set_actions(wl_client*, wl_resource* resource, std::uint32_t actions,
                                std::uint32_t preferred) {
    OfferHandle& handle = offer(resource);
    const bool one_or_none = (preferred & (preferred - 1)) == 0;
    if ((actions & ~kAllActions) != 0) {
      wl_resource_post_error(resource, WL_DATA_OFFER_ERROR_INVALID_ACTION_MASK,
                             "unknown drag and drop action");
    } else if (!one_or_none || (preferred & ~actions) != 0) {
      wl_resource_post_error(resource, WL_DATA_OFFER_ERROR_INVALID_ACTION,
                             "preferred action is not one of the actions");
    } else {
      handle.actions = actions;
      handle.preferred = preferred;
      handle.negotiate(resource);
    }
  }
  static constexpr struct wl_data_offer_interface kOffer = {.accept = accept,
                                                            .receive = receive,
                                                            .destroy = destroy_resource,
                                                            .finish = finish,
                                                            .set_actions = offer_set_actions};

  static void offer_destroyed(wl_resource* resource) {
    const std::unique_ptr<OfferHandle> gone(&offer(resource));
    if (gone->owner->drag_ != nullptr) gone->owner->drag_->forget_offer(resource);
    const auto from = gone->drag_source.lock();
    if (from == nullptr || !gone->dropped || gone->over) return;
    // Clients older than finish say it by destroying the offer; of others it is a change of mind.
    if (wl_resource_get_version(resource) < WL_DATA_OFFER_FINISH_SINCE_VERSION) {
      from->finished();
    } else {
      from->cancelled();
    }
  }

  // ---- wl_data_device
  static void start_drag(wl_client* client, wl_resource* device, wl_resource* source_resource,
                         wl_resource* origin, wl_resource* icon, std::uint32_t serial) {
    const auto from = source_resource == nullptr ? nullptr : source(source_resource).source;
    self(device).start_drag(client, device, from, *Surface::from(origin), Surface::from(icon),
                            serial);
  }
  static void set_selection(wl_client* client, wl_resource* device, wl_resource* source_resource,
                            std::uint32_t serial) {
    const auto from = source_resource == nullptr ? nullptr : source(source_resource).source;
    if (from != nullptr && from->actions) {
      wl_resource_post_error(source_resource, WL_DATA_SOURCE_ERROR_INVALID_SOURCE,
                             "source is for drag and drop");
      return;
    }
    self(device).select(client, from, serial);
  }
  static constexpr struct wl_data_device_interface kDevice = {
      .start_drag = start_drag, .set_selection = set_selection, .release = destroy_resource};

  // ---- wl_data_device_manager
  static void create_data_source(wl_client* client, wl_resource* manager, std::uint32_t id) {
    DataDevices& me = self(manager);
    auto handle = std::make_unique<SourceHandle>(&me, std::make_shared<DragSource>(me.context_));
    const auto version = static_cast<std::uint32_t>(wl_resource_get_version(manager));
    wl_resource* made = me.sources_.create(me.context_, client, wl_data_source_interface, version,
                                           id, &kSource, handle.get(), source_destroyed);
    if (made == nullptr) return;
    handle->source->set_resource(made);
    (void)handle.release();  // owned by the resource
  }
  static void get_data_device(wl_client* client, wl_resource* manager, std::uint32_t id,
                              wl_resource* /*seat*/) {
    DataDevices& me = self(manager);
    const auto version = static_cast<std::uint32_t>(wl_resource_get_version(manager));
    wl_resource* made = me.devices_.create(me.context_, client, wl_data_device_interface, version,
                                           id, &kDevice, &me);
    if (made != nullptr) me.selection_.announce(made);
  }
  static constexpr struct wl_data_device_manager_interface kManager = {
      .create_data_source = create_data_source, .get_data_device = get_data_device};
};

DataDevices::DataDevices(SeatContext& context, Pointer& pointer, Touch& touch)
    : context_(context),
      pointer_(pointer),
      touch_(touch),
      global_(wl_global_create(context.display.display(), &wl_data_device_manager_interface, 3,
                               this, bind)),
      selection_(context, *this, devices_),
      transfers_(context.display.loop()),
      reader_(context.display.loop(), [this](std::string text) {
        copied_ = std::move(text);
        context_.display.request_end_of_turn();
      }) {}

DataDevices::~DataDevices() { wl_global_destroy(global_); }

void DataDevices::bind(wl_client* client, void* data, std::uint32_t version, std::uint32_t id) {
  auto* self = static_cast<DataDevices*>(data);
  self->managers_.create(self->context_, client, wl_data_device_manager_interface, version, id,
                         &Requests::kManager, self);
}

wl_resource* DataDevices::send_offer(wl_resource* device,
                                     const std::shared_ptr<DataSource>& source) {
  wl_client* client = wl_resource_get_client(device);
  if (!context_.serials.serves(client)) return nullptr;
  if (offers_.count(client) >= limits::kMaxOffersPerClient) return nullptr;
  auto handle = std::make_unique<Requests::OfferHandle>();
  handle->owner = this;
  handle->source = source;
  const auto version = static_cast<std::uint32_t>(wl_resource_get_version(device));
  wl_resource* offer =
      offers_.create(context_, client, wl_data_offer_interface, version, 0, &Requests::kOffer,
                     static_cast<DragOffer*>(handle.get()), Requests::offer_destroyed);
  if (offer == nullptr) return nullptr;
  (void)handle.release();  // owned by the resource
  wl_data_device_send_data_offer(device, offer);
  for (const std::string& type : source->mime_types()) {
    wl_data_offer_send_offer(offer, type.c_str());
  }
  return offer;
}

void DataDevices::send_selection(wl_resource* device, wl_resource* offer) {
  wl_data_device_send_selection(device, offer);
}

void DataDevices::select(wl_client* client, const std::shared_ptr<DragSource>& source,
                         std::uint32_t serial) {
  if (source != nullptr && source->used) return;
  if (!selection_.request(client, source, serial)) {
    if (source != nullptr) source->cancelled();
    return;
  }
  reader_.stop();
  if (source == nullptr) return;
  source->used = true;
  reader_.read(*source);
}

void DataDevices::set_clipboard(std::string text) {
  if (text.size() > limits::kMaxClipboardBytes) {
    log_limited(LogLevel::kWarning, "seat.clipboard_too_large", {{"bytes", text.size()}});
    return;
  }
  reader_.stop();
  selection_.set(std::make_shared<TextSource>(transfers_, std::move(text)));
}

void DataDevices::start_drag(wl_client* client, wl_resource* device,
                             const std::shared_ptr<DragSource>& source, Surface& origin,
                             Surface* icon, std::uint32_t serial) {
  const bool by_pointer = pointer_.holds_grab(origin, serial);
  const int slot = by_pointer ? -1 : touch_.slot_with_grab(origin, serial);
  const bool unused = source == nullptr || !source->used;
  if (drag_ != nullptr || !unused || (!by_pointer && slot < 0)) {
    if (source != nullptr && unused) source->cancelled();
    return;
  }
  const PointF at =
      by_pointer ? PointF{pointer_.x_px(), pointer_.y_px()} : touch_.position_px(slot);
  Drag::Options options{.source = source,
                        .client = client,
                        .icon = icon,
                        .at_px = at,
                        .make_offer =
                            [this, source](wl_resource* on) {
                              wl_resource* offer = send_offer(on, source);
                              if (offer != nullptr) Requests::offer(offer).drag_source = source;
                              return offer;
                            },
                        .ended =
                            [this] {
                              drag_.reset();
                              context_.desktop.request_frame();
                            }};
  auto made = std::make_unique<Drag>(context_, devices_, std::move(options));
  if (!made->take_icon()) {
    wl_resource_post_error(device, WL_DATA_DEVICE_ERROR_ROLE, "icon surface has another role");
    return;
  }
  if (source != nullptr) source->used = true;
  drag_ = std::move(made);
  if (by_pointer) {
    pointer_.start_grab(*drag_);
  } else {
    touch_.start_grab(slot, *drag_);
  }
  drag_->motion(at.x, at.y);
}

std::optional<DragIcon> DataDevices::drag_icon() {
  return drag_ == nullptr ? std::nullopt : drag_->icon();
}

void DataDevices::end_turn() {
  if (!copied_) return;
  const std::string text = std::move(*copied_);
  copied_.reset();
  context_.listener.on_clipboard(text);
}

}  // namespace rp
