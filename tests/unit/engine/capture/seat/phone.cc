#include "tests/unit/engine/capture/seat/phone.h"

#include <poll.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <cstring>

#include "protocol/xdg-shell-client.h"
#include "tests/unit/engine/capture/seat/client_events.h"

// libwayland-client leaves the proxies that were not destroyed one by one when a connection ends;
// the tests end connections without that, as clients do that crash.
extern "C" const char* __lsan_default_suppressions() { return "leak:libwayland-client"; }

namespace rp::test {

Phone::Phone(OutputMode mode) {
  std::signal(SIGPIPE, SIG_IGN);
  std::string path = "/tmp/rackphone-seat-XXXXXX";
  RP_CHECK(mkdtemp(path.data()) != nullptr);
  directory_ = path;
  socket_ = directory_ + "/wayland-0";
  auto loop = EventLoop::create(clock_);
  RP_CHECK(loop);
  loop_ = std::move(*loop);
  auto display =
      Display::create(*loop_, {.socket_path = socket_, .mode = mode, .xkb_layout = "us"}, *this);
  RP_CHECK(display);
  display_ = std::move(*display);
}

Phone::~Phone() {
  display_.reset();
  rmdir(directory_.c_str());
}

void Phone::turn() {
  clock_.advance(Duration(1'000));
  loop_->run_once(Duration(0));
  for (Client* client : clients_) client->pump();
}

bool Phone::until(const std::function<bool()>& done) {
  // Everything is on one thread and one socket: what will come comes within a few turns.
  for (int i = 0; i < 20'000; ++i) {
    if (done()) return true;
    turn();
  }
  return false;
}

void Phone::settle() {
  for (int i = 0; i < 12; ++i) turn();
}

Client::Client(Phone& on, std::uint32_t seat_version) : phone(on), max_seat_version(seat_version) {
  xkb = make_xkb();
  display = wl_display_connect(on.socket().c_str());
  RP_CHECK(display != nullptr);
  phone.clients_.push_back(this);
  bind_all();
}

Client::~Client() {
  std::erase(phone.clients_, this);
  wl_display_disconnect(display);
}

void Client::bind_all() {
  registry = wl_display_get_registry(display);
  wl_registry_add_listener(registry, registry_listener(), this);
  RP_CHECK(phone.until([&] {
    return relative_pointers != nullptr && shell != nullptr && seat != nullptr &&
           text_input_manager != nullptr && data_manager != nullptr && primary_manager != nullptr;
  }));
  listen(*this);
  phone.settle();
}

void Client::pump() {
  while (wl_display_prepare_read(display) != 0) wl_display_dispatch_pending(display);
  wl_display_flush(display);
  pollfd fd{wl_display_get_fd(display), POLLIN, 0};
  if (poll(&fd, 1, 0) > 0) {
    wl_display_read_events(display);
  } else {
    wl_display_cancel_read(display);
  }
  wl_display_dispatch_pending(display);
  wl_display_flush(display);
}

Window* Client::make_surface(const std::string& name) {
  windows_.push_back(std::make_unique<Window>());
  Window* window = windows_.back().get();
  window->name = name;
  window->surface = wl_compositor_create_surface(compositor);
  wl_surface_set_user_data(window->surface, window);
  return window;
}

Window* Client::open_window(const std::string& name) {
  Window* window = make_surface(name);
  window->shell = xdg_wm_base_get_xdg_surface(shell, window->surface);
  static constexpr xdg_surface_listener kListener = {
      .configure = [](void* data, xdg_surface* surface, std::uint32_t serial) {
        ++static_cast<Client*>(data)->pending_configures_;
        xdg_surface_ack_configure(surface, serial);
      }};
  xdg_surface_add_listener(window->shell, &kListener, this);
  window->toplevel = xdg_surface_get_toplevel(window->shell);
  wl_surface_commit(window->surface);
  const int before = pending_configures_;
  RP_CHECK(phone.until([&] { return pending_configures_ > before; }));
  const Size size = phone.display().mode().size;
  const int scale = phone.display().mode().scale_120 / 120;
  paint(*window, size.width / scale, size.height / scale, 0xFFFFFFFF);
  phone.settle();
  return window;
}

wl_buffer* Client::make_buffer(int width, int height, std::uint32_t argb) {
  const auto pixels = static_cast<std::size_t>(width) * static_cast<std::size_t>(height);
  auto file = create_memory_file("window", pixels * 4);
  RP_CHECK(file);
  void* memory = mmap(nullptr, pixels * 4, PROT_READ | PROT_WRITE, MAP_SHARED, file->get(), 0);
  RP_CHECK(memory != MAP_FAILED);
  std::fill_n(static_cast<std::uint32_t*>(memory), pixels, argb);
  munmap(memory, pixels * 4);
  wl_shm_pool* pool = wl_shm_create_pool(shm, file->get(), static_cast<int>(pixels * 4));
  wl_buffer* buffer =
      wl_shm_pool_create_buffer(pool, 0, width, height, width * 4, WL_SHM_FORMAT_ARGB8888);
  wl_shm_pool_destroy(pool);
  return buffer;
}

void Client::paint(Window& window, int width, int height, std::uint32_t argb) {
  wl_buffer* buffer = make_buffer(width, height, argb);
  wl_surface_attach(window.surface, buffer, 0, 0);
  wl_surface_damage(window.surface, 0, 0, width, height);
  wl_surface_commit(window.surface);
  wl_display_flush(display);
}

void Client::close_window(Window& window) {
  xdg_toplevel_destroy(window.toplevel);
  xdg_surface_destroy(window.shell);
  wl_surface_destroy(window.surface);
}

bool Client::logged(const std::string& prefix) const { return count(prefix) > 0; }

std::size_t Client::count(const std::string& prefix) const {
  return static_cast<std::size_t>(std::ranges::count_if(
      log, [&](const std::string& line) { return line.starts_with(prefix); }));
}

std::string Client::name_of(wl_surface* surface) const {
  if (surface == nullptr) return "-";
  return static_cast<const Window*>(wl_surface_get_user_data(surface))->name;
}

}  // namespace rp::test
