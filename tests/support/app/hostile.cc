// rackphone-hostile-app MODE: a client that does what it must not, for tests of what the engine
// survives. Each mode goes on until the display ends it (exit 0, the reason on standard output) or
// 20 s are over (exit 1).
//   shrink     a shared buffer that gets shorter after it was committed
//   surfaces   100,000 surfaces
//   commits    commits without end, never reading an answer
//   callbacks  frame callbacks without end on one surface
//   error      a request on an object of the wrong kind of state (xdg_surface without a role
//   committed twice) regions    a region of a million rectangles as opaque region
#include <sys/mman.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstring>
#include <functional>
#include <map>
#include <string_view>

#include <wayland-client.h>

#include "engine/base/unique_fd.h"
#include "protocol/xdg-shell-client.h"

namespace rp::testapp {
namespace {

constexpr int kSide_px = 256;
constexpr int kBufferBytes = kSide_px * kSide_px * 4;

struct Client {
  wl_display* display = nullptr;
  wl_compositor* compositor = nullptr;
  wl_shm* shm = nullptr;
  xdg_wm_base* wm = nullptr;
  wl_surface* surface = nullptr;
  bool configured = false;
};

void global(void* data, wl_registry* registry, std::uint32_t name, const char* interface,
            std::uint32_t) {
  auto& client = *static_cast<Client*>(data);
  const auto bind = [&](const wl_interface& which, std::uint32_t version) {
    return wl_registry_bind(registry, name, &which, version);
  };
  const std::string_view which(interface);
  if (which == "wl_compositor")
    client.compositor = static_cast<wl_compositor*>(bind(wl_compositor_interface, 4));
  if (which == "wl_shm") client.shm = static_cast<wl_shm*>(bind(wl_shm_interface, 1));
  if (which == "xdg_wm_base") client.wm = static_cast<xdg_wm_base*>(bind(xdg_wm_base_interface, 1));
}

void configure(void* data, xdg_surface* surface, std::uint32_t serial) {
  xdg_surface_ack_configure(surface, serial);
  static_cast<Client*>(data)->configured = true;
}

bool connect(Client& client) {
  client.display = wl_display_connect(nullptr);
  if (client.display == nullptr) return false;
  static constexpr wl_registry_listener kRegistry = {global,
                                                     [](void*, wl_registry*, std::uint32_t) {}};
  wl_registry_add_listener(wl_display_get_registry(client.display), &kRegistry, &client);
  wl_display_roundtrip(client.display);
  if (client.compositor == nullptr || client.shm == nullptr || client.wm == nullptr) return false;
  static constexpr xdg_wm_base_listener kWm = {
      [](void*, xdg_wm_base* wm, std::uint32_t serial) { xdg_wm_base_pong(wm, serial); }};
  xdg_wm_base_add_listener(client.wm, &kWm, nullptr);
  static constexpr xdg_surface_listener kSurface = {configure};
  client.surface = wl_compositor_create_surface(client.compositor);
  xdg_surface* shell = xdg_wm_base_get_xdg_surface(client.wm, client.surface);
  xdg_surface_add_listener(shell, &kSurface, &client);
  static constexpr xdg_toplevel_listener kToplevel = {
      [](void*, xdg_toplevel*, std::int32_t, std::int32_t, wl_array*) {},
      [](void*, xdg_toplevel*) {}, nullptr, nullptr};
  xdg_toplevel_add_listener(xdg_surface_get_toplevel(shell), &kToplevel, nullptr);
  wl_surface_commit(client.surface);
  while (!client.configured && wl_display_dispatch(client.display) >= 0) {
  }
  return client.configured;
}

// A buffer whose file is not sealed, so that it can be cut short.
wl_buffer* make_buffer(const Client& client, int& fd) {
  fd = ::memfd_create("hostile", MFD_CLOEXEC);
  if (fd < 0 || ::ftruncate(fd, kBufferBytes) != 0) return nullptr;
  wl_shm_pool* pool = wl_shm_create_pool(client.shm, fd, kBufferBytes);
  wl_buffer* buffer =
      wl_shm_pool_create_buffer(pool, 0, kSide_px, kSide_px, kSide_px * 4, WL_SHM_FORMAT_XRGB8888);
  wl_shm_pool_destroy(pool);
  return buffer;
}

void show(const Client& client, wl_buffer* buffer) {
  wl_surface_attach(client.surface, buffer, 0, 0);
  wl_surface_damage(client.surface, 0, 0, kSide_px, kSide_px);
  wl_surface_commit(client.surface);
}

// Does `once` often, waiting for the display now and then: libwayland gives up on a full socket,
// and the misdeed would end at our own end.
void repeat(Client& client, int times, const std::function<void()>& once) {
  for (int i = 0; i < times && wl_display_get_error(client.display) == 0; ++i) {
    once();
    if (i % 64 == 63) wl_display_roundtrip(client.display);
  }
}

using Misdeed = std::function<void(Client&)>;

const std::map<std::string_view, Misdeed>& misdeeds() {
  static const std::map<std::string_view, Misdeed> all = {
      {"shrink",
       [](Client& client) {
         static int fd = -1;
         static wl_buffer* buffer = make_buffer(client, fd);
         if (::ftruncate(fd, 0) != 0) return;
         show(client, buffer);
         ::usleep(20'000);
       }},
      {"surfaces",
       [](Client& client) {
         repeat(client, 1000, [&] { wl_compositor_create_surface(client.compositor); });
       }},
      {"commits",
       [](Client& client) {
         static int fd = -1;
         static wl_buffer* buffer = make_buffer(client, fd);
         repeat(client, 1000, [&] { show(client, buffer); });
       }},
      {"callbacks",
       [](Client& client) {
         repeat(client, 1000, [&] { wl_surface_frame(client.surface); });
         wl_surface_commit(client.surface);
       }},
      {"error", [](Client& client) { xdg_wm_base_get_xdg_surface(client.wm, client.surface); }},
      {"regions",
       [](Client& client) {
         wl_region* region = wl_compositor_create_region(client.compositor);
         for (int i = 0; i < 5'000; ++i)
           wl_region_add(region, 3 * (i % 1000), 3 * (i / 1000), 1, 1);
         wl_surface_set_opaque_region(client.surface, region);
         wl_surface_commit(client.surface);
       }},
  };
  return all;
}

int run(std::string_view mode) {
  const auto found = misdeeds().find(mode);
  if (found == misdeeds().end()) {
    std::fputs("usage: rackphone-hostile-app shrink|surfaces|commits|callbacks|error|regions\n",
               stderr);
    return 2;
  }
  Client client;
  if (!connect(client)) {
    std::fputs("rackphone-hostile-app: no display\n", stderr);
    return 2;
  }
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (std::chrono::steady_clock::now() < until) {
    found->second(client);
    if (wl_display_roundtrip(client.display) >= 0) continue;
    std::printf("ended: %s\n", std::strerror(wl_display_get_error(client.display)));
    return 0;
  }
  return 1;
}

}  // namespace
}  // namespace rp::testapp

int main(int argc, char** argv) { return rp::testapp::run(argc > 1 ? argv[1] : ""); }
