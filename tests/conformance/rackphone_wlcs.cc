// Goal: let wlcs, the Wayland conformance suite, drive our display server.
// Method: this shared object implements wlcs' integration interface (display_server.h, version 3):
// the display runs on a thread of its own; wlcs' calls are carried to it and waited for.
#include <linux/input-event-codes.h>
#include <sys/socket.h>

#include <array>
#include <csignal>
#include <future>
#include <map>
#include <memory>
#include <thread>
#include <utility>

#include <wayland-client-core.h>
#include <wlcs/display_server.h>
#include <wlcs/pointer.h>
#include <wlcs/touch.h>

#include "engine/base/log.h"
#include "engine/capture/wayland_display.h"

namespace rp {
namespace {

// Shows each frame at once: the suite waits for nothing but answers.
class Conformance final : public DisplayListener {
 public:
  static Conformance& of(WlcsDisplayServer* server);

  Conformance();
  ~Conformance() override { stop(); }

  WlcsDisplayServer* server() { return &face_.server; }
  void start();
  void stop();
  int create_client_socket();
  void place(wl_display* client, wl_surface* surface, Point logical);
  // Runs `task` on the display's thread and returns when it has.
  template <typename F>
  void run(F task) {
    std::promise<void> done;
    loop_->post([&] {
      task(*display_);
      done.set_value();
    });
    done.get_future().wait();
  }

  void on_frame_wanted() override { frame_.arm_after(Duration(2'000)); }
  void on_cursor(const CursorImage&) override {}
  void on_clipboard(std::string_view) override {}
  void on_text_input(const TextInputState&) override {}

  int next_touch_slot = 0;

 private:
  struct Face {
    WlcsDisplayServer server;
    Conformance* self;
  };

  SystemClock clock_;
  std::unique_ptr<EventLoop> loop_;
  EventLoop::Timer frame_;
  std::unique_ptr<WaylandDisplay> display_;
  std::thread thread_;
  std::map<int, wl_client*> clients_;  // by the client's end of the socket
  std::uint64_t frames_ = 0;
  Face face_{};
};

struct FakePointer {
  WlcsPointer face;
  Conformance* conformance;
  double x = 0;
  double y = 0;
};

struct FakeTouch {
  WlcsTouch face;
  Conformance* conformance;
  int slot;
};

// Reads every row, as a composer would: that is where buffers that lie about their size are found
// out.
void read(const Scene& scene) {
  for (const Layer& layer : scene.layers) {
    if (const std::uint8_t* pixels = layer.buffer->begin_cpu_read()) {
      const std::size_t stride = layer.buffer->plane(0).stride_bytes;
      for (int y = 0; y < layer.buffer->size().height; ++y) {
        const volatile std::uint8_t first = pixels[static_cast<std::size_t>(y) * stride];
        (void)first;
      }
      layer.buffer->end_cpu_read();
    }
  }
}

FakePointer& of(WlcsPointer* pointer) { return *reinterpret_cast<FakePointer*>(pointer); }
FakeTouch& of(WlcsTouch* touch) { return *reinterpret_cast<FakeTouch*>(touch); }

void move_pointer(FakePointer& p, double x, double y) {
  p.x = x;
  p.y = y;
  p.conformance->run([&](Display& display) { display.pointer_motion(x, y); });
}

void press(WlcsPointer* pointer, int code, bool pressed) {
  PointerButton button = PointerButton::kLeft;
  if (code == BTN_RIGHT) button = PointerButton::kRight;
  if (code == BTN_MIDDLE) button = PointerButton::kMiddle;
  of(pointer).conformance->run([&](Display& display) { display.pointer_button(button, pressed); });
}

WlcsPointer* create_pointer(WlcsDisplayServer* server) {
  auto* pointer = new FakePointer{{}, &Conformance::of(server)};
  pointer->face.version = WLCS_POINTER_VERSION;
  pointer->face.move_absolute = [](WlcsPointer* p, wl_fixed_t x, wl_fixed_t y) {
    move_pointer(of(p), wl_fixed_to_double(x), wl_fixed_to_double(y));
  };
  pointer->face.move_relative = [](WlcsPointer* p, wl_fixed_t dx, wl_fixed_t dy) {
    move_pointer(of(p), of(p).x + wl_fixed_to_double(dx), of(p).y + wl_fixed_to_double(dy));
  };
  pointer->face.button_down = [](WlcsPointer* p, int button) { press(p, button, true); };
  pointer->face.button_up = [](WlcsPointer* p, int button) { press(p, button, false); };
  pointer->face.destroy = [](WlcsPointer* p) { delete &of(p); };
  return &pointer->face;
}

template <typename F>
void touch_event(WlcsTouch* touch, F event) {
  const FakeTouch& t = of(touch);
  t.conformance->run([&](Display& display) {
    event(display, t.slot);
    display.touch_frame();
  });
}

WlcsTouch* create_touch(WlcsDisplayServer* server) {
  Conformance& conformance = Conformance::of(server);
  auto* touch = new FakeTouch{{}, &conformance, conformance.next_touch_slot++};
  touch->face.version = WLCS_TOUCH_VERSION;
  // The header says wl_fixed_t, but wlcs 1.5 hands over whole pixels here.
  touch->face.touch_down = [](WlcsTouch* t, wl_fixed_t x, wl_fixed_t y) {
    touch_event(t, [&](Display& display, int slot) { display.touch_down(slot, x, y); });
  };
  touch->face.touch_move = [](WlcsTouch* t, wl_fixed_t x, wl_fixed_t y) {
    touch_event(t, [&](Display& display, int slot) { display.touch_motion(slot, x, y); });
  };
  touch->face.touch_up = [](WlcsTouch* t) {
    touch_event(t, [](Display& display, int slot) { display.touch_up(slot); });
  };
  touch->face.destroy = [](WlcsTouch* t) { delete &of(t); };
  return &touch->face;
}

constexpr std::array<WlcsExtensionDescriptor, 12> kExtensions = {{
    {"wl_compositor", 5},
    {"wl_subcompositor", 1},
    {"wl_shm", 1},
    {"wl_output", 4},
    {"wl_seat", 8},
    {"wl_data_device_manager", 3},
    {"xdg_wm_base", 5},
    {"wp_viewporter", 1},
    {"zwp_primary_selection_device_manager_v1", 1},
    {"zwp_text_input_manager_v3", 1},
    {"zwp_relative_pointer_manager_v1", 1},
    {"zwp_pointer_constraints_v1", 1},
}};
constexpr WlcsIntegrationDescriptor kDescriptor = {WLCS_INTEGRATION_DESCRIPTOR_VERSION,
                                                   kExtensions.size(), kExtensions.data()};

Conformance::Conformance() {
  face_.self = this;
  WlcsDisplayServer& s = face_.server;
  s.version = WLCS_DISPLAY_SERVER_VERSION;
  s.start = [](WlcsDisplayServer* server) { of(server).start(); };
  s.stop = [](WlcsDisplayServer* server) { of(server).stop(); };
  s.create_client_socket = [](WlcsDisplayServer* server) {
    return of(server).create_client_socket();
  };
  s.position_window_absolute = [](WlcsDisplayServer* server, wl_display* client,
                                  wl_surface* surface, int x, int y) {
    of(server).place(client, surface, {x, y});
  };
  s.create_pointer = create_pointer;
  s.create_touch = create_touch;
  s.get_descriptor = [](WlcsDisplayServer const*) { return &kDescriptor; };
}

Conformance& Conformance::of(WlcsDisplayServer* server) {
  return *reinterpret_cast<Face*>(server)->self;
}

void Conformance::start() {
  loop_ = EventLoop::create(clock_).value();
  frame_ = loop_->timer([this] {
    read(display_->take_scene());
    display_->frame_done(clock_.now(), ++frames_);
  });
  DisplayOptions options;
  options.mode.size = {1280, 1024};
  display_ = WaylandDisplay::create(*loop_, options, *this, WindowPolicy::kFloating).value();
  thread_ = std::thread([this] { loop_->run(); });
}

void Conformance::stop() {
  if (!thread_.joinable()) return;
  loop_->stop();
  thread_.join();
  display_.reset();
  frame_ = {};
  loop_.reset();
}

int Conformance::create_client_socket() {
  std::array<int, 2> ends{-1, -1};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) return -1;
  run([&](WaylandDisplay& display) {
    clients_[ends[0]] = display.compositor().adopt_client(UniqueFd(ends[1])).value();
  });
  return ends[0];
}

void Conformance::place(wl_display* client, wl_surface* surface, Point logical) {
  const int fd = wl_display_get_fd(client);
  const std::uint32_t id = wl_proxy_get_id(reinterpret_cast<wl_proxy*>(surface));
  run([&](WaylandDisplay& display) {
    wl_resource* resource = wl_client_get_object(clients_.at(fd), id);
    display.compositor().shell().place(*Surface::from(resource), logical);
  });
}

}  // namespace
}  // namespace rp

extern "C" {
// NOLINTNEXTLINE: wlcs gives the name.
extern __attribute__((visibility("default"))) WlcsServerIntegration const wlcs_server_integration;
WlcsServerIntegration const wlcs_server_integration = {
    WLCS_SERVER_INTEGRATION_VERSION,
    [](int, char const**) -> WlcsDisplayServer* {
      std::signal(SIGPIPE, SIG_IGN);
      rp::set_log_level(rp::LogLevel::kOff);
      return (new rp::Conformance())->server();
    },
    [](WlcsDisplayServer* server) { delete &rp::Conformance::of(server); },
};
}
