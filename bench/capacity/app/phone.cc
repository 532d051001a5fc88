#include "bench/capacity/app/phone.h"

#include <sys/epoll.h>

#include <algorithm>
#include <cerrno>
#include <ctime>
#include <string_view>
#include <utility>

#include <wayland-client.h>

#include "bench/capacity/app/screen.h"
#include "bench/capacity/app/window_buffers.h"
#include "protocol/xdg-shell-client.h"

namespace rp {
namespace {

// A page that waits for its tap longer than this shows itself: the tap was lost.
constexpr Duration kTapPatience = std::chrono::milliseconds(1'000);

int minute_of_day(std::int64_t& until_next_s) {
  const std::time_t now = std::time(nullptr);
  std::tm local{};
  ::localtime_r(&now, &local);
  until_next_s = 60 - std::min(local.tm_sec, 59);
  return local.tm_hour * 60 + local.tm_min;
}

}  // namespace

struct LoadPhone::State {
  State(EventLoop& loop_in, const LoadAssets& assets, LoadPhoneOptions options_in,
        std::function<void(const Error&)> ended_in)
      : loop(loop_in),
        options(std::move(options_in)),
        ended(std::move(ended_in)),
        trace(options.workload, options.seed, options.user, options.size.height),
        next_event(trace.next()),
        screen(assets, options.size, options.user + 1),
        timer(loop.timer([this] { on_time(); })) {}

  Status connect();
  Status make_window();
  void on_readable();
  void on_time();
  void play(TimePoint now);
  void draw();
  void rest();
  void flush();
  void end(Error why);

  EventLoop& loop;
  LoadPhoneOptions options;
  std::function<void(const Error&)> ended;
  TraceStream trace;
  TraceEvent next_event;
  LoadScreen screen;
  TimePoint next_minute{0};
  TimePoint tap_deadline{0};  // 0: no page waits

  wl_display* display = nullptr;
  wl_registry* registry = nullptr;
  wl_compositor* compositor = nullptr;
  wl_shm* shm = nullptr;
  wl_seat* seat = nullptr;
  xdg_wm_base* wm = nullptr;
  wl_surface* surface = nullptr;
  xdg_surface* shell_surface = nullptr;
  xdg_toplevel* toplevel = nullptr;
  wl_callback* frame = nullptr;  // the display will say when to draw next
  wl_touch* touch = nullptr;
  wl_keyboard* keyboard = nullptr;
  std::unique_ptr<WindowBuffers> buffers;
  EventLoop::Watch watch;
  EventLoop::Timer timer;
};

namespace {

using S = LoadPhone::State;
S& self(void* data) { return *static_cast<S*>(data); }

void on_global(void* data, wl_registry* registry, std::uint32_t name, const char* interface,
               std::uint32_t version) {
  S& s = self(data);
  const std::string_view which(interface);
  const auto bind = [&](const wl_interface& wanted, std::uint32_t most) {
    return wl_registry_bind(registry, name, &wanted, std::min(version, most));
  };
  if (which == wl_compositor_interface.name) {
    s.compositor = static_cast<wl_compositor*>(bind(wl_compositor_interface, 4));
  } else if (which == wl_shm_interface.name) {
    s.shm = static_cast<wl_shm*>(bind(wl_shm_interface, 1));
  } else if (which == wl_seat_interface.name) {
    s.seat = static_cast<wl_seat*>(bind(wl_seat_interface, 5));
  } else if (which == xdg_wm_base_interface.name) {
    s.wm = static_cast<xdg_wm_base*>(bind(xdg_wm_base_interface, 1));
  }
}
constexpr wl_registry_listener kRegistry = {on_global, [](void*, wl_registry*, std::uint32_t) {}};

constexpr xdg_wm_base_listener kWm = {
    [](void*, xdg_wm_base* wm, std::uint32_t serial) { xdg_wm_base_pong(wm, serial); }};

constexpr xdg_surface_listener kShellSurface = {
    [](void* data, xdg_surface* surface, std::uint32_t serial) {
      xdg_surface_ack_configure(surface, serial);
      S& s = self(data);
      if (s.frame == nullptr) s.draw();
    }};

constexpr xdg_toplevel_listener kToplevel = {
    [](void*, xdg_toplevel*, std::int32_t, std::int32_t, wl_array*) {},
    [](void* data, xdg_toplevel*) {
      self(data).end({ErrorCode::kClosed, 0, "window closed"});
    },
    nullptr, nullptr};

constexpr wl_callback_listener kFrame = {[](void* data, wl_callback* callback, std::uint32_t) {
  S& s = self(data);
  wl_callback_destroy(callback);
  s.frame = nullptr;
  s.draw();
}};

// What a finger or key changed is drawn by rest(), once for all events read at a time.
constexpr wl_touch_listener kTouch = {
    [](void* data, wl_touch*, std::uint32_t, std::uint32_t, wl_surface*, std::int32_t, wl_fixed_t x,
       wl_fixed_t y) {
      S& s = self(data);
      const TimePoint now = s.loop.clock().now();
      s.play(now);
      s.screen.touch_down(wl_fixed_to_double(x), wl_fixed_to_double(y), now);
    },
    [](void* data, wl_touch*, std::uint32_t, std::uint32_t, std::int32_t) {
      self(data).screen.touch_up(self(data).loop.clock().now());
    },
    [](void* data, wl_touch*, std::uint32_t, std::int32_t, wl_fixed_t, wl_fixed_t y) {
      self(data).screen.touch_move(wl_fixed_to_double(y));
    },
    [](void*, wl_touch*) {},
    [](void*, wl_touch*) {},
    [](void*, wl_touch*, std::int32_t, wl_fixed_t, wl_fixed_t) {},
    [](void*, wl_touch*, std::int32_t, wl_fixed_t) {}};

constexpr wl_keyboard_listener kKeyboard = {
    [](void*, wl_keyboard*, std::uint32_t, std::int32_t fd, std::uint32_t) { ::close(fd); },
    [](void*, wl_keyboard*, std::uint32_t, wl_surface*, wl_array*) {},
    [](void*, wl_keyboard*, std::uint32_t, wl_surface*) {},
    [](void* data, wl_keyboard*, std::uint32_t, std::uint32_t, std::uint32_t key,
       std::uint32_t state) {
      if (state == WL_KEYBOARD_KEY_STATE_PRESSED)
        self(data).screen.key(key, self(data).loop.clock().now());
    },
    [](void*, wl_keyboard*, std::uint32_t, std::uint32_t, std::uint32_t, std::uint32_t,
       std::uint32_t) {},
    [](void*, wl_keyboard*, std::int32_t, std::int32_t) {}};

constexpr wl_seat_listener kSeat = {
    [](void* data, wl_seat* seat, std::uint32_t bits) {
      S& s = self(data);
      if ((bits & WL_SEAT_CAPABILITY_TOUCH) != 0 && s.touch == nullptr) {
        s.touch = wl_seat_get_touch(seat);
        wl_touch_add_listener(s.touch, &kTouch, data);
      }
      if ((bits & WL_SEAT_CAPABILITY_KEYBOARD) != 0 && s.keyboard == nullptr) {
        s.keyboard = wl_seat_get_keyboard(seat);
        wl_keyboard_add_listener(s.keyboard, &kKeyboard, data);
      }
    },
    [](void*, wl_seat*, const char*) {}};

}  // namespace

Status LoadPhone::State::connect() {
  display = wl_display_connect(options.socket.c_str());
  if (display == nullptr) return fail_errno("connect to " + options.socket);
  registry = wl_display_get_registry(display);
  wl_registry_add_listener(registry, &kRegistry, this);
  if (wl_display_roundtrip(display) < 0) return fail_errno("talk to " + options.socket);
  if (compositor == nullptr || shm == nullptr || wm == nullptr || seat == nullptr) {
    return fail(ErrorCode::kUnsupported,
                "the display lacks wl_compositor, wl_shm, wl_seat or xdg_wm_base");
  }
  return {};
}

Status LoadPhone::State::make_window() {
  RP_ASSIGN(buffers, WindowBuffers::create(shm, options.size, [this] {
              if (frame == nullptr) on_time();
            }));
  xdg_wm_base_add_listener(wm, &kWm, this);
  wl_seat_add_listener(seat, &kSeat, this);
  surface = wl_compositor_create_surface(compositor);
  shell_surface = xdg_wm_base_get_xdg_surface(wm, surface);
  xdg_surface_add_listener(shell_surface, &kShellSurface, this);
  toplevel = xdg_surface_get_toplevel(shell_surface);
  xdg_toplevel_add_listener(toplevel, &kToplevel, this);
  xdg_toplevel_set_title(toplevel, "Workload");
  xdg_toplevel_set_app_id(toplevel, "rackphone.workload");
  wl_surface_commit(surface);
  RP_ASSIGN(watch, loop.watch(wl_display_get_fd(display), EPOLLIN,
                              [this](std::uint32_t) { on_readable(); }));
  flush();
  return {};
}

void LoadPhone::State::on_readable() {
  while (wl_display_prepare_read(display) != 0) {
    if (wl_display_dispatch_pending(display) < 0) break;
  }
  if (wl_display_read_events(display) < 0 || wl_display_dispatch_pending(display) < 0)
    return end({ErrorCode::kClosed, errno, "talk to " + options.socket});
  on_time();
}

void LoadPhone::State::on_time() {
  if (surface == nullptr || buffers == nullptr) return;
  if (frame == nullptr) {
    draw();
  } else {
    play(loop.clock().now());
    rest();
  }
}

// The phone's own half of the trace.
void LoadPhone::State::play(TimePoint now) {
  while (options.epoch + next_event.at <= now) {
    if (next_event.kind == TraceKind::kActivity) {
      screen.begin_activity(next_event.activity, next_event.caret);
      // The first page is there at once, without a tap.
      tap_deadline = options.epoch + next_event.at +
                     (next_event.at == Duration(0) ? Duration(0) : kTapPatience);
    } else if (next_event.kind == TraceKind::kBubble) {
      screen.bubble();
    }
    do {
      next_event = trace.next();
    } while (is_input(next_event.kind));
  }
  if (tap_deadline != TimePoint{0} && now >= tap_deadline) {
    screen.show_waiting(now);
    tap_deadline = {0};
  }
  if (now >= next_minute) {
    std::int64_t left_s = 0;
    screen.set_minute(minute_of_day(left_s));
    next_minute = now + std::chrono::seconds(left_s);
  }
}

void LoadPhone::State::draw() {
  const TimePoint now = loop.clock().now();
  play(now);
  screen.advance(now);
  if (WindowBuffers::Buffer* buffer = buffers->take(); buffer != nullptr) {
    const Region damage = screen.take_damage();
    if (!damage.empty()) {
      for (const pixman_box32_t& box : damage.boxes()) {
        const Rect part = Region::rect_of(box);
        screen.paint(buffer->canvas, part);
        wl_surface_damage_buffer(surface, part.x, part.y, part.width, part.height);
      }
      frame = wl_surface_frame(surface);
      wl_callback_add_listener(frame, &kFrame, this);
      wl_surface_attach(surface, buffer->buffer, 0, 0);
      wl_surface_commit(surface);
      buffers->drawn(*buffer, damage);
    }
  }
  rest();
}

// Until the next thing that happens by itself. While a frame callback is awaited, only the trace.
void LoadPhone::State::rest() {
  const TimePoint now = loop.clock().now();
  TimePoint next = std::min(options.epoch + next_event.at, next_minute);
  if (tap_deadline != TimePoint{0}) next = std::min(next, tap_deadline);
  if (frame == nullptr) {
    if (const auto change = screen.next_change(now)) next = std::min(next, *change);
  }
  timer.arm_at(next);
  flush();
}

void LoadPhone::State::flush() {
  // A display that does not read fills the socket; the connection then ends at the next read.
  (void)wl_display_flush(display);
}

void LoadPhone::State::end(Error why) {
  watch.reset();
  timer.cancel();
  if (ended) std::exchange(ended, nullptr)(why);
}

LoadPhone::LoadPhone(std::unique_ptr<State> state) : state_(std::move(state)) {}

Result<std::unique_ptr<LoadPhone>> LoadPhone::create(EventLoop& loop, const LoadAssets& assets,
                                                     LoadPhoneOptions options,
                                                     std::function<void(const Error&)> ended) {
  std::unique_ptr<LoadPhone> phone(
      new LoadPhone(std::make_unique<State>(loop, assets, std::move(options), std::move(ended))));
  RP_TRY(phone->state_->connect());
  RP_TRY(phone->state_->make_window());
  return phone;
}

LoadPhone::~LoadPhone() {
  if (state_->display == nullptr) return;
  state_->watch.reset();
  state_->buffers.reset();
  wl_display_disconnect(state_->display);
}

}  // namespace rp
