#include "engine/capture/seat/cursor_shape.h"

#include <array>

#include "protocol/cursor-shape-v1-server.h"

namespace rp {
namespace {

// CSS names (CSS Basic User Interface 4, section 5.1.1) in the order of the protocol's values,
// from 1.
constexpr std::array<const char*, 34> kShapes = {
    "default",    "context-menu", "help",        "pointer",       "progress",    "wait",
    "cell",       "crosshair",    "text",        "vertical-text", "alias",       "copy",
    "move",       "no-drop",      "not-allowed", "grab",          "grabbing",    "e-resize",
    "n-resize",   "ne-resize",    "nw-resize",   "s-resize",      "se-resize",   "sw-resize",
    "w-resize",   "ew-resize",    "ns-resize",   "nesw-resize",   "nwse-resize", "col-resize",
    "row-resize", "all-scroll",   "zoom-in",     "zoom-out"};
static_assert(kShapes.size() == WP_CURSOR_SHAPE_DEVICE_V1_SHAPE_ZOOM_OUT);

}  // namespace

struct CursorShapes::Requests {
  static CursorShapes& self(wl_resource* resource) {
    return *static_cast<CursorShapes*>(wl_resource_get_user_data(resource));
  }
  static void set_shape(wl_client* client, wl_resource* device, std::uint32_t serial,
                        std::uint32_t shape) {
    if (shape == 0 || shape > kShapes.size()) {
      wl_resource_post_error(device, WP_CURSOR_SHAPE_DEVICE_V1_ERROR_INVALID_SHAPE,
                             "unknown cursor shape %u", shape);
      return;
    }
    Pointer& pointer = self(device).pointer_;
    if (pointer.may_set_cursor(client, serial)) pointer.cursor().show_shape(kShapes[shape - 1]);
  }
  static constexpr struct wp_cursor_shape_device_v1_interface kDevice = {
      .destroy = destroy_resource, .set_shape = set_shape};

  static void get_pointer(wl_client* client, wl_resource* manager, std::uint32_t id,
                          wl_resource* /*pointer*/) {
    CursorShapes& me = self(manager);
    me.devices_.create(me.context_, client, wp_cursor_shape_device_v1_interface, 1, id, &kDevice,
                       &me);
  }
  static void get_tablet_tool(wl_client* client, wl_resource*, std::uint32_t, wl_resource*) {
    wl_client_post_implementation_error(client, "there is no tablet tool on this seat");
  }
  static constexpr struct wp_cursor_shape_manager_v1_interface kManager = {
      .destroy = destroy_resource,
      .get_pointer = get_pointer,
      .get_tablet_tool_v2 = get_tablet_tool};
};

CursorShapes::CursorShapes(SeatContext& context, Pointer& pointer)
    : context_(context),
      pointer_(pointer),
      global_(wl_global_create(context.display.display(), &wp_cursor_shape_manager_v1_interface, 1,
                               this, bind)) {}

CursorShapes::~CursorShapes() { wl_global_destroy(global_); }

void CursorShapes::bind(wl_client* client, void* data, std::uint32_t version, std::uint32_t id) {
  auto* self = static_cast<CursorShapes*>(data);
  self->managers_.create(self->context_, client, wp_cursor_shape_manager_v1_interface, version, id,
                         &Requests::kManager, self);
}

}  // namespace rp
