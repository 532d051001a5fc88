#include "tests/unit/engine/capture/seat/client_events.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>

#include <fmt/format.h>

#include "protocol/cursor-shape-v1-client.h"
#include "protocol/pointer-constraints-unstable-v1-client.h"
#include "protocol/primary-selection-unstable-v1-client.h"
#include "protocol/relative-pointer-unstable-v1-client.h"
#include "protocol/text-input-unstable-v3-client.h"
#include "protocol/xdg-shell-client.h"

namespace rp::test {

std::unique_ptr<Client::Xkb> make_xkb() {
  auto xkb = std::make_unique<Client::Xkb>();
  xkb->context.reset(xkb_context_new(XKB_CONTEXT_NO_DEFAULT_INCLUDES));
  return xkb;
}

namespace {

Client& of(void* data) { return *static_cast<Client*>(data); }
double px(wl_fixed_t v) { return wl_fixed_to_double(v); }

template <typename T>
T* bind(wl_registry* registry, std::uint32_t id, const wl_interface& interface,
        std::uint32_t version) {
  return static_cast<T*>(wl_registry_bind(registry, id, &interface, version));
}

void global(void* data, wl_registry* r, std::uint32_t id, const char* interface,
            std::uint32_t version) {
  Client& c = of(data);
  const std::string_view name = interface;
  if (name == "wl_compositor")
    c.compositor = bind<wl_compositor>(r, id, wl_compositor_interface, 4);
  if (name == "wl_shm") c.shm = bind<wl_shm>(r, id, wl_shm_interface, 1);
  if (name == "xdg_wm_base") c.shell = bind<xdg_wm_base>(r, id, xdg_wm_base_interface, 1);
  if (name == "wl_seat")
    c.seat = bind<wl_seat>(r, id, wl_seat_interface, std::min(version, c.max_seat_version));
  if (name == "wl_data_device_manager") {
    c.data_manager = bind<wl_data_device_manager>(r, id, wl_data_device_manager_interface, 3);
  }
  if (name == "zwp_primary_selection_device_manager_v1") {
    c.primary_manager = bind<zwp_primary_selection_device_manager_v1>(
        r, id, zwp_primary_selection_device_manager_v1_interface, 1);
  }
  if (name == "zwp_text_input_manager_v3") {
    c.text_input_manager =
        bind<zwp_text_input_manager_v3>(r, id, zwp_text_input_manager_v3_interface, 1);
  }
  if (name == "wp_cursor_shape_manager_v1") {
    c.cursor_shapes =
        bind<wp_cursor_shape_manager_v1>(r, id, wp_cursor_shape_manager_v1_interface, 1);
  }
  if (name == "zwp_pointer_constraints_v1") {
    c.constraints =
        bind<zwp_pointer_constraints_v1>(r, id, zwp_pointer_constraints_v1_interface, 1);
  }
  if (name == "zwp_relative_pointer_manager_v1") {
    c.relative_pointers =
        bind<zwp_relative_pointer_manager_v1>(r, id, zwp_relative_pointer_manager_v1_interface, 1);
  }
}
void global_remove(void*, wl_registry*, std::uint32_t) {}
constexpr wl_registry_listener kRegistry = {global, global_remove};

constexpr wl_pointer_listener kPointer = {
    .enter =
        [](void* d, wl_pointer*, std::uint32_t serial, wl_surface* s, wl_fixed_t x, wl_fixed_t y) {
          of(d).serial = of(d).pointer_serial = serial;
          of(d).write(fmt::format("pointer.enter {} {} {}", of(d).name_of(s), px(x), px(y)));
        },
    .leave = [](void* d, wl_pointer*, std::uint32_t,
                wl_surface* s) { of(d).write("pointer.leave " + of(d).name_of(s)); },
    .motion = [](void* d, wl_pointer*, std::uint32_t, wl_fixed_t x,
                 wl_fixed_t y) { of(d).write(fmt::format("pointer.motion {} {}", px(x), px(y))); },
    .button =
        [](void* d, wl_pointer*, std::uint32_t serial, std::uint32_t, std::uint32_t button,
           std::uint32_t state) {
          of(d).serial = serial;
          of(d).write(fmt::format("pointer.button {:x} {}", button, state));
        },
    .axis = [](void* d, wl_pointer*, std::uint32_t, std::uint32_t axis,
               wl_fixed_t v) { of(d).write(fmt::format("pointer.axis {} {}", axis, px(v))); },
    .frame = [](void* d, wl_pointer*) { of(d).write("pointer.frame"); },
    .axis_source = [](void* d, wl_pointer*,
                      std::uint32_t s) { of(d).write(fmt::format("pointer.axis_source {}", s)); },
    .axis_stop = [](void* d, wl_pointer*, std::uint32_t,
                    std::uint32_t) { of(d).write("pointer.axis_stop"); },
    .axis_discrete =
        [](void* d, wl_pointer*, std::uint32_t axis, std::int32_t v) {
          of(d).write(fmt::format("pointer.axis_discrete {} {}", axis, v));
        },
    .axis_value120 =
        [](void* d, wl_pointer*, std::uint32_t axis, std::int32_t v) {
          of(d).write(fmt::format("pointer.axis_value120 {} {}", axis, v));
        }};

void keymap(void* d, wl_keyboard*, std::uint32_t, std::int32_t fd, std::uint32_t size) {
  const UniqueFd owned(fd);
  Client::Xkb& xkb = *of(d).xkb;
  void* text = mmap(nullptr, size, PROT_READ, MAP_PRIVATE, fd, 0);
  if (text == MAP_FAILED) return of(d).write("keyboard.keymap unreadable");
  xkb.keymap.reset(xkb_keymap_new_from_string(xkb.context.get(), static_cast<char*>(text),
                                              XKB_KEYMAP_FORMAT_TEXT_V1,
                                              XKB_KEYMAP_COMPILE_NO_FLAGS));
  munmap(text, size);
  xkb.state.reset(xkb.keymap ? xkb_state_new(xkb.keymap.get()) : nullptr);
  of(d).write(xkb.keymap ? "keyboard.keymap" : "keyboard.keymap invalid");
}

void key(void* d, wl_keyboard*, std::uint32_t serial, std::uint32_t, std::uint32_t code,
         std::uint32_t state) {
  of(d).serial = serial;
  of(d).write(fmt::format("keyboard.key {} {}", code, state));
  if (state == 0 || !of(d).xkb->state) return;
  std::array<char, 16> text{};
  xkb_state_key_get_utf8(of(d).xkb->state.get(), code + kXkbKeyOffset, text.data(), text.size());
  of(d).typed += text.data();
}

constexpr wl_keyboard_listener kKeyboard = {
    .keymap = keymap,
    .enter =
        [](void* d, wl_keyboard*, std::uint32_t serial, wl_surface* s, wl_array* keys) {
          of(d).serial = serial;
          std::string line = "keyboard.enter " + of(d).name_of(s);
          for (std::size_t i = 0; i < keys->size / 4; ++i) {
            line += fmt::format(" {}", static_cast<std::uint32_t*>(keys->data)[i]);
          }
          of(d).write(line);
        },
    .leave = [](void* d, wl_keyboard*, std::uint32_t,
                wl_surface* s) { of(d).write("keyboard.leave " + of(d).name_of(s)); },
    .key = key,
    .modifiers =
        [](void* d, wl_keyboard*, std::uint32_t, std::uint32_t depressed, std::uint32_t latched,
           std::uint32_t locked, std::uint32_t group) {
          of(d).write(
              fmt::format("keyboard.modifiers {} {} {} {}", depressed, latched, locked, group));
          if (!of(d).xkb->state) return;
          xkb_state_update_mask(of(d).xkb->state.get(), depressed, latched, locked, 0, 0, group);
        },
    .repeat_info = [](void* d, wl_keyboard*, std::int32_t,
                      std::int32_t) { of(d).write("keyboard.repeat_info"); }};

constexpr wl_touch_listener kTouch = {
    .down =
        [](void* d, wl_touch*, std::uint32_t serial, std::uint32_t, wl_surface* s, std::int32_t id,
           wl_fixed_t x, wl_fixed_t y) {
          of(d).serial = serial;
          of(d).write(fmt::format("touch.down {} {} {} {}", of(d).name_of(s), id, px(x), px(y)));
        },
    .up = [](void* d, wl_touch*, std::uint32_t, std::uint32_t,
             std::int32_t id) { of(d).write(fmt::format("touch.up {}", id)); },
    .motion =
        [](void* d, wl_touch*, std::uint32_t, std::int32_t id, wl_fixed_t x, wl_fixed_t y) {
          of(d).write(fmt::format("touch.motion {} {} {}", id, px(x), px(y)));
        },
    .frame = [](void* d, wl_touch*) { of(d).write("touch.frame"); },
    .cancel = [](void* d, wl_touch*) { of(d).write("touch.cancel"); },
    .shape = [](void*, wl_touch*, std::int32_t, wl_fixed_t, wl_fixed_t) {},
    .orientation = [](void*, wl_touch*, std::int32_t, wl_fixed_t) {}};

constexpr wl_data_offer_listener kOffer = {
    .offer = [](void* d, wl_data_offer*, const char* type) { of(d).offered.emplace_back(type); },
    .source_actions =
        [](void* d, wl_data_offer*, std::uint32_t a) {
          of(d).write(fmt::format("offer.source_actions {}", a));
        },
    .action = [](void* d, wl_data_offer*,
                 std::uint32_t a) { of(d).write(fmt::format("offer.action {}", a)); }};

constexpr wl_data_device_listener kDataDevice = {
    .data_offer =
        [](void* d, wl_data_device*, wl_data_offer* offer) {
          of(d).offer = offer;
          of(d).offered.clear();
          wl_data_offer_add_listener(offer, &kOffer, d);
        },
    .enter =
        [](void* d, wl_data_device*, std::uint32_t serial, wl_surface* s, wl_fixed_t x,
           wl_fixed_t y, wl_data_offer* offer) {
          of(d).serial = serial;
          of(d).write(fmt::format("drag.enter {} {} {} {}", of(d).name_of(s), px(x), px(y),
                                  offer == nullptr ? "nothing" : "offer"));
        },
    .leave = [](void* d, wl_data_device*) { of(d).write("drag.leave"); },
    .motion = [](void* d, wl_data_device*, std::uint32_t, wl_fixed_t x,
                 wl_fixed_t y) { of(d).write(fmt::format("drag.motion {} {}", px(x), px(y))); },
    .drop = [](void* d, wl_data_device*) { of(d).write("drag.drop"); },
    .selection =
        [](void* d, wl_data_device*, wl_data_offer* offer) {
          of(d).selection = offer;
          of(d).write(offer == nullptr ? "selection none" : "selection offer");
        }};

constexpr wl_seat_listener kSeat = {
    .capabilities = [](void* d, wl_seat*,
                       std::uint32_t c) { of(d).write(fmt::format("seat.capabilities {}", c)); },
    .name = [](void*, wl_seat*, const char*) {}};

}  // namespace

const wl_registry_listener* registry_listener() { return &kRegistry; }

void listen(Client& c) {
  wl_seat_add_listener(c.seat, &kSeat, &c);
  c.pointer = wl_seat_get_pointer(c.seat);
  wl_pointer_add_listener(c.pointer, &kPointer, &c);
  c.keyboard = wl_seat_get_keyboard(c.seat);
  wl_keyboard_add_listener(c.keyboard, &kKeyboard, &c);
  c.touch = wl_seat_get_touch(c.seat);
  wl_touch_add_listener(c.touch, &kTouch, &c);
  c.data_device = wl_data_device_manager_get_data_device(c.data_manager, c.seat);
  wl_data_device_add_listener(c.data_device, &kDataDevice, &c);
}

}  // namespace rp::test
