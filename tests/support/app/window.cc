#include "tests/support/app/window.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>

#include <wayland-client.h>

#include "protocol/linux-dmabuf-unstable-v1-client.h"
#include "protocol/xdg-shell-client.h"
#include "tests/support/app/pixel_memory.h"

namespace rp::testapp {
namespace {

constexpr std::uint32_t kXrgb8888 = 0x34325258;  // DRM_FORMAT_XRGB8888

struct Buffer {
  wl_buffer* buffer = nullptr;
  PixelMemory memory;
  bool busy = false;
};

}  // namespace

struct Window::State {
  WindowOptions options;
  Draw draw;
  Press press;
  wl_display* display = nullptr;
  wl_registry* registry = nullptr;
  wl_compositor* compositor = nullptr;
  wl_shm* shm = nullptr;
  zwp_linux_dmabuf_v1* dmabuf = nullptr;
  wl_seat* seat = nullptr;
  xdg_wm_base* wm = nullptr;
  wl_surface* surface = nullptr;
  xdg_surface* shell_surface = nullptr;
  xdg_toplevel* toplevel = nullptr;
  wl_callback* callback = nullptr;
  wl_pointer* pointer = nullptr;
  wl_touch* touch = nullptr;
  std::array<Buffer, 3> buffers;
  int width = 0;
  int height = 0;
  int next_width = 0;
  int next_height = 0;
  double pointer_x = 0;
  double pointer_y = 0;
  bool stopping = false;
  bool buffers_full = false;
  bool force = true;  // draw even when the picture says nothing changed

  Status make_buffers();
  Status make_buffer(Buffer& made);
  void drop_buffers();
  void frame();
  void redraw();
};

namespace {

template <typename S>
struct Listeners {
  static S& self(void* data) { return *static_cast<S*>(data); }

  static void global(void* data, wl_registry* registry, std::uint32_t name, const char* interface,
                     std::uint32_t version) {
    S& s = self(data);
    const std::string_view which(interface);
    if (which == wl_compositor_interface.name) {
      s.compositor = static_cast<wl_compositor*>(
          wl_registry_bind(registry, name, &wl_compositor_interface, std::min(version, 4U)));
    } else if (which == wl_shm_interface.name) {
      s.shm = static_cast<wl_shm*>(wl_registry_bind(registry, name, &wl_shm_interface, 1));
    } else if (which == zwp_linux_dmabuf_v1_interface.name && version >= 3) {
      s.dmabuf = static_cast<zwp_linux_dmabuf_v1*>(
          wl_registry_bind(registry, name, &zwp_linux_dmabuf_v1_interface, 3));
    } else if (which == wl_seat_interface.name) {
      s.seat = static_cast<wl_seat*>(
          wl_registry_bind(registry, name, &wl_seat_interface, std::min(version, 5U)));
    } else if (which == xdg_wm_base_interface.name) {
      s.wm = static_cast<xdg_wm_base*>(wl_registry_bind(registry, name, &xdg_wm_base_interface, 1));
    }
  }
  static void global_remove(void*, wl_registry*, std::uint32_t) {}

  static void ping(void*, xdg_wm_base* wm, std::uint32_t serial) { xdg_wm_base_pong(wm, serial); }

  static void toplevel_configure(void* data, xdg_toplevel*, std::int32_t width, std::int32_t height,
                                 wl_array*) {
    S& s = self(data);
    s.next_width = s.options.width > 0 ? s.options.width : width;
    s.next_height = s.options.height > 0 ? s.options.height : height;
  }
  static void toplevel_close(void* data, xdg_toplevel*) { self(data).stopping = true; }

  static void surface_configure(void* data, xdg_surface* surface, std::uint32_t serial) {
    S& s = self(data);
    xdg_surface_ack_configure(surface, serial);
    s.force = true;
    s.redraw();
  }

  static void done(void* data, wl_callback* callback, std::uint32_t) {
    S& s = self(data);
    wl_callback_destroy(callback);
    s.callback = nullptr;
    s.frame();
  }
  static void release(void* data, wl_buffer* buffer) {
    S& s = self(data);
    for (Buffer& b : s.buffers) {
      if (b.buffer == buffer) b.busy = false;
    }
    if (s.buffers_full) s.redraw();
  }

  static void seat_capabilities(void* data, wl_seat* seat, std::uint32_t bits) {
    S& s = self(data);
    if ((bits & WL_SEAT_CAPABILITY_POINTER) != 0 && s.pointer == nullptr) {
      static constexpr wl_pointer_listener kPointer = {
          enter,     leave,       motion,    button,        axis,
          frame_end, axis_source, axis_stop, axis_discrete, nullptr};
      s.pointer = wl_seat_get_pointer(seat);
      wl_pointer_add_listener(s.pointer, &kPointer, data);
    }
    if ((bits & WL_SEAT_CAPABILITY_TOUCH) != 0 && s.touch == nullptr) {
      static constexpr wl_touch_listener kTouch = {down,   up,    moved,      touch_frame,
                                                   cancel, shape, orientation};
      s.touch = wl_seat_get_touch(seat);
      wl_touch_add_listener(s.touch, &kTouch, data);
    }
  }
  static void seat_name(void*, wl_seat*, const char*) {}

  static void enter(void* data, wl_pointer*, std::uint32_t, wl_surface*, wl_fixed_t x,
                    wl_fixed_t y) {
    motion(data, nullptr, 0, x, y);
  }
  static void leave(void*, wl_pointer*, std::uint32_t, wl_surface*) {}
  static void motion(void* data, wl_pointer*, std::uint32_t, wl_fixed_t x, wl_fixed_t y) {
    self(data).pointer_x = wl_fixed_to_double(x);
    self(data).pointer_y = wl_fixed_to_double(y);
  }
  static void button(void* data, wl_pointer*, std::uint32_t, std::uint32_t, std::uint32_t,
                     std::uint32_t state) {
    S& s = self(data);
    if (state != WL_POINTER_BUTTON_STATE_PRESSED) return;
    s.press(s.pointer_x, s.pointer_y);
    s.redraw();
  }
  static void axis(void*, wl_pointer*, std::uint32_t, std::uint32_t, wl_fixed_t) {}
  static void frame_end(void*, wl_pointer*) {}
  static void axis_source(void*, wl_pointer*, std::uint32_t) {}
  static void axis_stop(void*, wl_pointer*, std::uint32_t, std::uint32_t) {}
  static void axis_discrete(void*, wl_pointer*, std::uint32_t, std::int32_t) {}

  static void down(void* data, wl_touch*, std::uint32_t, std::uint32_t, wl_surface*, std::int32_t,
                   wl_fixed_t x, wl_fixed_t y) {
    self(data).press(wl_fixed_to_double(x), wl_fixed_to_double(y));
    self(data).redraw();
  }
  static void up(void*, wl_touch*, std::uint32_t, std::uint32_t, std::int32_t) {}
  static void moved(void*, wl_touch*, std::uint32_t, std::int32_t, wl_fixed_t, wl_fixed_t) {}
  static void touch_frame(void*, wl_touch*) {}
  static void cancel(void*, wl_touch*) {}
  static void shape(void*, wl_touch*, std::int32_t, wl_fixed_t, wl_fixed_t) {}
  static void orientation(void*, wl_touch*, std::int32_t, wl_fixed_t) {}
};

}  // namespace

using L = Listeners<Window::State>;

void Window::State::drop_buffers() {
  for (Buffer& b : buffers) {
    if (b.buffer != nullptr) wl_buffer_destroy(b.buffer);
    b = {};
  }
}

Status Window::State::make_buffer(Buffer& made) {
  const auto pixels = static_cast<std::size_t>(width) * static_cast<std::size_t>(height);
  const std::int32_t stride = width * 4;
  if (options.dma_heap) {
    RP_ASSIGN(made.memory, PixelMemory::of_heap(pixels));
    zwp_linux_buffer_params_v1* params = zwp_linux_dmabuf_v1_create_params(dmabuf);
    zwp_linux_buffer_params_v1_add(params, made.memory.fd(), 0, 0,
                                   static_cast<std::uint32_t>(stride), 0, 0);  // linear
    made.buffer = zwp_linux_buffer_params_v1_create_immed(params, width, height, kXrgb8888, 0);
    zwp_linux_buffer_params_v1_destroy(params);
  } else {
    RP_ASSIGN(made.memory,
              options.sealed ? PixelMemory::shared(pixels) : PixelMemory::unsealed(pixels));
    wl_shm_pool* pool = wl_shm_create_pool(shm, made.memory.fd(), stride * height);
    made.buffer = wl_shm_pool_create_buffer(pool, 0, width, height, stride, WL_SHM_FORMAT_XRGB8888);
    wl_shm_pool_destroy(pool);
  }
  static constexpr wl_buffer_listener kBuffer = {L::release};
  wl_buffer_add_listener(made.buffer, &kBuffer, this);
  return {};
}

Status Window::State::make_buffers() {
  drop_buffers();
  for (Buffer& buffer : buffers) RP_TRY(make_buffer(buffer));
  return {};
}

// Draws now unless a frame callback is still to come, which will draw then.
void Window::State::redraw() {
  if (callback == nullptr) frame();
}

void Window::State::frame() {
  if (next_width <= 0 || next_height <= 0) {
    next_width = 720;
    next_height = 1280;
  }
  if (next_width != width || next_height != height) {
    width = next_width;
    height = next_height;
    force = true;
    if (!make_buffers()) {
      stopping = true;
      return;
    }
  }
  Buffer* free = nullptr;
  for (Buffer& b : buffers) {
    if (!b.busy) free = &b;
  }
  buffers_full = free == nullptr;
  if (buffers_full) return;
  Damage damage{0, 0, width, height};
  const bool drawn = draw(width, height, free->memory.pixels(), damage);
  free->memory.end_write();
  if (!drawn && !force) return;
  force = false;
  free->busy = true;
  if (options.before_commit) options.before_commit(free->memory.fd());
  static constexpr wl_callback_listener kCallback = {L::done};
  callback = wl_surface_frame(surface);
  wl_callback_add_listener(callback, &kCallback, this);
  wl_surface_attach(surface, free->buffer, 0, 0);
  wl_surface_damage_buffer(surface, damage.x, damage.y, damage.width, damage.height);
  wl_surface_commit(surface);
}

Window::Window(std::unique_ptr<State> state) : state_(std::move(state)) {}

Result<std::unique_ptr<Window>> Window::create(WindowOptions options, Draw draw, Press press) {
  auto state = std::make_unique<State>();
  State& s = *state;
  std::unique_ptr<Window> window(new Window(std::move(state)));
  s.options = std::move(options);
  s.draw = std::move(draw);
  s.press = std::move(press);
  s.display = wl_display_connect(nullptr);
  if (s.display == nullptr) return fail_errno("connect to $WAYLAND_DISPLAY");
  s.registry = wl_display_get_registry(s.display);
  static constexpr wl_registry_listener kRegistry = {L::global, L::global_remove};
  wl_registry_add_listener(s.registry, &kRegistry, &s);
  wl_display_roundtrip(s.display);
  if (s.compositor == nullptr || s.shm == nullptr || s.wm == nullptr) {
    return fail(ErrorCode::kUnsupported, "the display lacks wl_compositor, wl_shm or xdg_wm_base");
  }
  if (s.options.dma_heap && s.dmabuf == nullptr) {
    return fail(ErrorCode::kUnsupported, "the display lacks zwp_linux_dmabuf_v1");
  }
  static constexpr xdg_wm_base_listener kWm = {L::ping};
  static constexpr xdg_surface_listener kSurface = {L::surface_configure};
  static constexpr xdg_toplevel_listener kToplevel = {L::toplevel_configure, L::toplevel_close,
                                                      nullptr, nullptr};
  xdg_wm_base_add_listener(s.wm, &kWm, &s);
  if (s.seat != nullptr) {
    static constexpr wl_seat_listener kSeat = {L::seat_capabilities, L::seat_name};
    wl_seat_add_listener(s.seat, &kSeat, &s);
  }
  s.surface = wl_compositor_create_surface(s.compositor);
  s.shell_surface = xdg_wm_base_get_xdg_surface(s.wm, s.surface);
  xdg_surface_add_listener(s.shell_surface, &kSurface, &s);
  s.toplevel = xdg_surface_get_toplevel(s.shell_surface);
  xdg_toplevel_add_listener(s.toplevel, &kToplevel, &s);
  xdg_toplevel_set_title(s.toplevel, s.options.title.c_str());
  xdg_toplevel_set_app_id(s.toplevel, "rackphone.test-app");
  if (s.options.fullscreen) xdg_toplevel_set_fullscreen(s.toplevel, nullptr);
  wl_surface_commit(s.surface);
  return window;
}

Status Window::run() {
  while (!state_->stopping) {
    if (wl_display_dispatch(state_->display) < 0) {
      if (errno == EINTR) continue;
      return fail_errno("talk to the display");
    }
  }
  return {};
}

void Window::stop() { state_->stopping = true; }

Window::~Window() {
  if (state_->display == nullptr) return;
  state_->drop_buffers();
  wl_display_disconnect(state_->display);
}

}  // namespace rp::testapp
