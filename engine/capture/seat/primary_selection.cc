#include "engine/capture/seat/primary_selection.h"

#include "protocol/primary-selection-unstable-v1-server.h"

namespace rp {

class PrimarySelection::Source final : public DataSource {
 public:
  explicit Source(PrimarySelection& owner) : owner_(owner) {}
  void send(const std::string& mime_type, UniqueFd fd) override {
    if (resource_ == nullptr) return;
    zwp_primary_selection_source_v1_send_send(resource_, mime_type.c_str(), fd.get());
    owner_.context_.display.request_end_of_turn();
  }
  void cancelled() override {
    if (resource_ != nullptr) zwp_primary_selection_source_v1_send_cancelled(resource_);
  }
  void set_resource(wl_resource* resource) { resource_ = resource; }
  [[nodiscard]] std::vector<std::string>& types() { return mime_types_; }
  [[nodiscard]] PrimarySelection& owner() { return owner_; }

 private:
  PrimarySelection& owner_;
  wl_resource* resource_ = nullptr;
};

struct PrimarySelection::Requests {
  using SourceHandle = std::shared_ptr<Source>;
  using OfferHandle = std::weak_ptr<DataSource>;

  static PrimarySelection& self(wl_resource* resource) {
    return *static_cast<PrimarySelection*>(wl_resource_get_user_data(resource));
  }
  static SourceHandle& source(wl_resource* resource) {
    return *static_cast<SourceHandle*>(wl_resource_get_user_data(resource));
  }

  static void offer(wl_client* client, wl_resource* resource, const char* mime_type) {
    Source& made = *source(resource);
    (void)add_mime_type(made.owner().context_, client, made.types(), mime_type);
  }
  static constexpr struct zwp_primary_selection_source_v1_interface kSource = {
      .offer = offer, .destroy = destroy_resource};

  static void receive(wl_client*, wl_resource* resource, const char* mime_type, std::int32_t fd) {
    UniqueFd owned(fd);
    const auto from = static_cast<OfferHandle*>(wl_resource_get_user_data(resource))->lock();
    if (from != nullptr && from->offers(mime_type)) from->send(mime_type, std::move(owned));
  }
  static constexpr struct zwp_primary_selection_offer_v1_interface kOffer = {
      .receive = receive, .destroy = destroy_resource};

  static void set_selection(wl_client* client, wl_resource* device, wl_resource* source_resource,
                            std::uint32_t serial) {
    SourceHandle wanted = source_resource == nullptr ? nullptr : source(source_resource);
    if (!self(device).selection_.request(client, wanted, serial) && wanted != nullptr) {
      wanted->cancelled();
    }
  }
  static constexpr struct zwp_primary_selection_device_v1_interface kDevice = {
      .set_selection = set_selection, .destroy = destroy_resource};

  static void create_source(wl_client* client, wl_resource* manager, std::uint32_t id) {
    PrimarySelection& me = self(manager);
    auto handle = std::make_unique<SourceHandle>(std::make_shared<Source>(me));
    wl_resource* made =
        me.sources_.create(me.context_, client, zwp_primary_selection_source_v1_interface, 1, id,
                           &kSource, handle.get(), [](wl_resource* resource) {
                             const std::unique_ptr<SourceHandle> gone(&source(resource));
                             (*gone)->set_resource(nullptr);
                             (*gone)->owner().selection_.drop(gone->get());
                           });
    if (made == nullptr) return;
    (*handle)->set_resource(made);
    (void)handle.release();  // owned by the resource
  }
  static void get_device(wl_client* client, wl_resource* manager, std::uint32_t id,
                         wl_resource* /*seat*/) {
    PrimarySelection& me = self(manager);
    wl_resource* made = me.devices_.create(
        me.context_, client, zwp_primary_selection_device_v1_interface, 1, id, &kDevice, &me);
    if (made != nullptr) me.selection_.announce(made);
  }
  static constexpr struct zwp_primary_selection_device_manager_v1_interface kManager = {
      .create_source = create_source, .get_device = get_device, .destroy = destroy_resource};
};

PrimarySelection::PrimarySelection(SeatContext& context)
    : context_(context),
      global_(wl_global_create(context.display.display(),
                               &zwp_primary_selection_device_manager_v1_interface, 1, this, bind)),
      selection_(context, *this, devices_) {}

PrimarySelection::~PrimarySelection() { wl_global_destroy(global_); }

void PrimarySelection::bind(wl_client* client, void* data, std::uint32_t version,
                            std::uint32_t id) {
  auto* self = static_cast<PrimarySelection*>(data);
  self->managers_.create(self->context_, client, zwp_primary_selection_device_manager_v1_interface,
                         version, id, &Requests::kManager, self);
}

wl_resource* PrimarySelection::send_offer(wl_resource* device,
                                          const std::shared_ptr<DataSource>& source) {
  wl_client* client = wl_resource_get_client(device);
  if (!context_.serials.serves(client)) return nullptr;
  if (offers_.count(client) >= limits::kMaxOffersPerClient) return nullptr;
  auto handle = std::make_unique<Requests::OfferHandle>(source);
  wl_resource* offer = offers_.create(
      context_, client, zwp_primary_selection_offer_v1_interface, 1, 0, &Requests::kOffer,
      handle.get(), [](wl_resource* resource) {
        delete static_cast<Requests::OfferHandle*>(wl_resource_get_user_data(resource));
      });
  if (offer == nullptr) return nullptr;
  (void)handle.release();  // owned by the resource
  zwp_primary_selection_device_v1_send_data_offer(device, offer);
  for (const std::string& type : source->mime_types()) {
    zwp_primary_selection_offer_v1_send_offer(offer, type.c_str());
  }
  return offer;
}

void PrimarySelection::send_selection(wl_resource* device, wl_resource* offer) {
  zwp_primary_selection_device_v1_send_selection(device, offer);
}

}  // namespace rp
