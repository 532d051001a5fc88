#include "engine/capture/seat/seat.h"

#include <wayland-server-protocol.h>

#include "engine/capture/seat/cursor_shape.h"
#include "engine/capture/seat/data_device.h"
#include "engine/capture/seat/keyboard.h"
#include "engine/capture/seat/pointer.h"
#include "engine/capture/seat/pointer_motion.h"
#include "engine/capture/seat/primary_selection.h"
#include "engine/capture/seat/text_input.h"
#include "engine/capture/seat/touch.h"

namespace rp {
namespace {

constexpr int kSeatVersion = 8;

constexpr std::uint32_t kPointerAndKeyboard =
    WL_SEAT_CAPABILITY_POINTER | WL_SEAT_CAPABILITY_KEYBOARD;
constexpr std::uint32_t kAll = kPointerAndKeyboard | WL_SEAT_CAPABILITY_TOUCH;
// The Wayland backend of wlroots 0.15 (phoc, cage), which binds exactly this version, never makes a
// touch device of a touch that was there before its backend started. Seats of this version hear of
// touch when the client's window takes the focus, which is after that.
constexpr std::uint32_t kLateTouchVersion = 5;

std::uint32_t version_of(wl_resource* resource) {
  return static_cast<std::uint32_t>(wl_resource_get_version(resource));
}

}  // namespace

// Members in the order they depend on each other.
struct Seat::State {
  State(DisplayContext& display, Desktop& desktop, DisplayListener& listener,
        std::unique_ptr<Keymap> keymap)
      : context{display, desktop, listener, SerialLedger(display.display())},
        cursor(context),
        pointer(context, cursor),
        touch(context),
        keyboard(context, std::move(keymap)),
        motion(context, pointer),
        shapes(context, pointer),
        text_inputs(context),
        data_devices(context, pointer, touch),
        primary(context),
        global(wl_global_create(display.display(), &wl_seat_interface, kSeatVersion, this, bind)) {}
  ~State() { wl_global_destroy(global); }

  static void bind(wl_client* client, void* data, std::uint32_t version, std::uint32_t id);
  static State& of(wl_resource* resource) {
    return *static_cast<State*>(wl_resource_get_user_data(resource));
  }

  SeatContext context;
  Cursor cursor;
  Pointer pointer;
  Touch touch;
  Keyboard keyboard;
  PointerMotion motion;
  CursorShapes shapes;
  TextInputs text_inputs;
  DataDevices data_devices;
  PrimarySelection primary;
  ResourceSet seats;
  wl_global* global;
};

void Seat::State::bind(wl_client* client, void* data, std::uint32_t version, std::uint32_t id) {
  static constexpr struct wl_seat_interface kImplementation = {
      .get_pointer =
          [](wl_client* c, wl_resource* seat, std::uint32_t pointer_id) {
            of(seat).pointer.add_resource(c, version_of(seat), pointer_id);
          },
      .get_keyboard =
          [](wl_client* c, wl_resource* seat, std::uint32_t keyboard_id) {
            of(seat).keyboard.add_resource(c, version_of(seat), keyboard_id);
          },
      .get_touch =
          [](wl_client* c, wl_resource* seat, std::uint32_t touch_id) {
            of(seat).touch.add_resource(c, version_of(seat), touch_id);
          },
      .release = destroy_resource};
  auto* self = static_cast<State*>(data);
  self->context.serials.add_client(client);
  wl_resource* seat = self->seats.create(self->context, client, wl_seat_interface, version, id,
                                         &kImplementation, self);
  if (seat == nullptr) return;
  wl_seat_send_capabilities(seat, version == kLateTouchVersion ? kPointerAndKeyboard : kAll);
  if (version >= WL_SEAT_NAME_SINCE_VERSION) wl_seat_send_name(seat, "seat0");
}

Result<std::unique_ptr<Seat>> Seat::create(DisplayContext& context, Desktop& desktop,
                                           DisplayListener& listener, std::string_view xkb_layout) {
  RP_ASSIGN(auto keymap, Keymap::create(xkb_layout));
  std::unique_ptr<Seat> seat(
      new Seat(std::make_unique<State>(context, desktop, listener, std::move(keymap))));
  seat->focus_keyboard(desktop.keyboard_target());
  return seat;
}

Seat::Seat(std::unique_ptr<State> state) : state_(std::move(state)) {}
Seat::~Seat() = default;

bool Seat::is_seat(wl_resource* resource) const { return state_->seats.contains(resource); }

void Seat::focus_keyboard(Surface* surface) {
  wl_client* client = surface == nullptr ? nullptr : surface->client();
  // Selections are announced before the enter, as clients expect.
  state_->data_devices.set_focus(client);
  state_->primary.set_focus(client);
  state_->keyboard.set_focus(surface);
  state_->text_inputs.set_focus(surface);
  state_->seats.each(client, [](wl_resource* seat) {
    if (version_of(seat) == kLateTouchVersion) wl_seat_send_capabilities(seat, kAll);
  });
}

void Seat::layout_changed() {
  state_->pointer.layout_changed();
  state_->text_inputs.layout_changed();
  state_->context.display.request_end_of_turn();
}

bool Seat::knows_serial(wl_client* client, std::uint32_t serial) const {
  return state_->context.serials.knows(client, serial);
}

std::optional<DragIcon> Seat::drag_icon() { return state_->data_devices.drag_icon(); }

void Seat::settle() { state_->pointer.end_turn(); }

void Seat::end_turn() {
  state_->pointer.end_turn();
  state_->cursor.end_turn();
  state_->text_inputs.end_turn();
  state_->data_devices.end_turn();
}

void Seat::pointer_motion(double x, double y) { state_->pointer.motion(x, y); }
void Seat::pointer_button(PointerButton button, bool pressed) {
  state_->pointer.button(button, pressed);
}
void Seat::pointer_axis(double dx, double dy, std::int32_t notches_120_x,
                        std::int32_t notches_120_y) {
  state_->pointer.axis(dx, dy, notches_120_x, notches_120_y);
}
void Seat::pointer_leave() { state_->pointer.leave(); }
void Seat::touch_down(int slot, double x, double y) { state_->touch.down(slot, x, y); }
void Seat::touch_motion(int slot, double x, double y) { state_->touch.motion(slot, x, y); }
void Seat::touch_up(int slot) { state_->touch.up(slot); }
void Seat::touch_frame() { state_->touch.frame(); }
void Seat::touch_cancel() { state_->touch.cancel(); }
void Seat::key(std::uint32_t evdev_code, bool pressed) {
  state_->keyboard.key(evdev_code, pressed);
}

void Seat::commit_text(std::string_view text) {
  if (!state_->text_inputs.commit(text)) state_->keyboard.type(text);
}

void Seat::preedit_text(std::string_view text, std::int32_t cursor_bytes) {
  state_->text_inputs.preedit(text, cursor_bytes);
}

Status Seat::set_layout(std::string_view xkb_layout) {
  return state_->keyboard.set_layout(xkb_layout);
}

void Seat::release_input() {
  state_->touch.cancel();
  state_->pointer.release_all();
  state_->keyboard.release_all();
}

void Seat::set_clipboard(std::string text) { state_->data_devices.set_clipboard(std::move(text)); }

}  // namespace rp
