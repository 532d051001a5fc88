// Drag: one drag and drop under way: the source, what is under it, the negotiation of what is done.
// DragSource and DragOffer are the objects behind wl_data_source and wl_data_offer; a selection
// uses them too, without the drag. Place: takes the pointer or a touch from the surfaces until it
// is let go. Thread rule: the display's loop.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/capture/seat/data_source.h"
#include "engine/capture/seat/pointer.h"
#include "engine/capture/seat/resources.h"

namespace rp {

class DragSource final : public DataSource {
 public:
  explicit DragSource(SeatContext& context) : context_(context) {}
  void set_resource(wl_resource* resource) { resource_ = resource; }
  [[nodiscard]] std::vector<std::string>& types() { return mime_types_; }

  void send(const std::string& mime_type, UniqueFd fd) override;
  void cancelled() override;
  // What the receiver would take, and what would be done with it.
  void target(const char* mime_type_or_null);
  void action(std::uint32_t action);
  void drop_performed();
  void finished();

  // Bits of wl_data_device_manager.dnd_action; empty until the client has said.
  std::optional<std::uint32_t> actions;
  bool used = false;

 private:
  SeatContext& context_;
  wl_resource* resource_ = nullptr;
};

// Behind a wl_data_offer. Owned by its resource.
struct DragOffer {
  std::weak_ptr<DataSource> source;
  std::weak_ptr<DragSource> drag_source;  // set for an offer of a drag
  std::uint32_t actions = 0;
  std::uint32_t preferred = 0;
  std::uint32_t action = 0;  // agreed on
  bool accepted = false;
  bool dropped = false;
  bool over = false;  // the drag has gone elsewhere, or it is finished

  // Agrees on an action and tells both sides when it has changed.
  void negotiate(wl_resource* offer);
};

class Drag final : public InputGrab, private RoleHandler {
 public:
  // Makes an offer of the source on a data device.
  using MakeOffer = std::function<wl_resource*(wl_resource* device)>;
  struct Options {
    std::shared_ptr<DragSource> source;  // null: a drag inside the client that began it
    wl_client* client = nullptr;
    Surface* icon = nullptr;  // has the drag icon role free
    PointF at_px;
    MakeOffer make_offer;
    std::function<void()> ended;  // may destroy the drag
  };
  Drag(SeatContext& context, ResourceSet& devices, Options options);
  ~Drag() override;

  [[nodiscard]] bool take_icon();
  void motion(double x_px, double y_px) override;
  void released() override;
  void cancelled() override;
  [[nodiscard]] std::optional<DragIcon> icon() const;
  [[nodiscard]] const std::shared_ptr<DragSource>& source() const { return options_.source; }
  // An offer is going away.
  void forget_offer(wl_resource* offer);

 private:
  void on_commit() override;
  void on_surface_destroyed() override;
  void enter(SurfaceHit hit);
  void leave();
  void end();

  SeatContext& context_;
  ResourceSet& devices_;
  Options options_;
  FocusedSurface target_;
  std::vector<wl_resource*> offers_;  // one for each device of the target's client
  PointF at_px_;
  Point icon_offset_;
};

}  // namespace rp
