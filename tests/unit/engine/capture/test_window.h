// TestWindow: a toplevel as a well-behaved client makes one. For the tests of this folder.
#pragma once

#include <optional>
#include <vector>

#include "protocol/xdg-shell-client.h"
#include "tests/unit/engine/capture/test_client.h"

namespace rp::testing {

// The globals most tests need, bound once per client.
struct Globals {
  explicit Globals(TestClient& client)
      : compositor(client.bind<wl_compositor>(wl_compositor_interface, 5)),
        subcompositor(client.bind<wl_subcompositor>(wl_subcompositor_interface, 1)),
        shm(client.bind<wl_shm>(wl_shm_interface, 1)),
        wm_base(client.bind<xdg_wm_base>(xdg_wm_base_interface, 5)) {}
  wl_compositor* compositor;
  wl_subcompositor* subcompositor;
  wl_shm* shm;
  xdg_wm_base* wm_base;
};

struct TestWindow {
  TestWindow(TestClient& client_in, Globals& globals_in) : client(client_in), globals(globals_in) {
    surface = wl_compositor_create_surface(globals.compositor);
    xdg = xdg_wm_base_get_xdg_surface(globals.wm_base, surface);
    static const xdg_surface_listener kSurface = {
        .configure = [](void* data, xdg_surface* x, std::uint32_t serial) {
          static_cast<TestWindow*>(data)->configures += 1;
          xdg_surface_ack_configure(x, serial);
        }};
    xdg_surface_add_listener(xdg, &kSurface, this);
    toplevel = xdg_surface_get_toplevel(xdg);
    static const xdg_toplevel_listener kToplevel = {
        .configure =
            [](void* data, xdg_toplevel*, std::int32_t width, std::int32_t height,
               wl_array* states) {
              auto* self = static_cast<TestWindow*>(data);
              self->size = {width, height};
              const auto* first = static_cast<const std::uint32_t*>(states->data);
              self->states.assign(first, first + states->size / sizeof *first);
            },
        .close = [](void*, xdg_toplevel*) {},
        .configure_bounds = [](void*, xdg_toplevel*, std::int32_t, std::int32_t) {},
        .wm_capabilities = [](void*, xdg_toplevel*, wl_array*) {},
    };
    xdg_toplevel_add_listener(toplevel, &kToplevel, this);
  }
  TestWindow(const TestWindow&) = delete;
  TestWindow& operator=(const TestWindow&) = delete;
  ~TestWindow() { destroy(); }

  // The initial commit, then one with a buffer of `pixel` as large as was asked (or `fallback`).
  void map(std::uint32_t pixel, Size fallback = {100, 50},
           std::uint32_t format = WL_SHM_FORMAT_XRGB8888) {
    wl_surface_commit(surface);
    client.roundtrip();
    show(pixel, size.empty() ? fallback : size, format);
  }
  // Commits a new buffer, damaged all over.
  void show(std::uint32_t pixel, Size buffer_size, std::uint32_t format = WL_SHM_FORMAT_XRGB8888) {
    buffers.push_back(std::make_unique<ShmBuffer>(globals.shm, buffer_size, pixel, format));
    wl_surface_attach(surface, buffers.back()->get(), 0, 0);
    wl_surface_damage_buffer(surface, 0, 0, buffer_size.width, buffer_size.height);
    wl_surface_commit(surface);
    client.roundtrip();
  }
  [[nodiscard]] bool has_state(std::uint32_t state) const {
    return std::find(states.begin(), states.end(), state) != states.end();
  }
  void destroy() {
    if (surface == nullptr) return;
    xdg_toplevel_destroy(toplevel);
    xdg_surface_destroy(xdg);
    wl_surface_destroy(std::exchange(surface, nullptr));
  }

  TestClient& client;
  Globals& globals;
  wl_surface* surface;
  xdg_surface* xdg;
  xdg_toplevel* toplevel;
  Size size;
  std::vector<std::uint32_t> states;
  int configures = 0;
  std::vector<std::unique_ptr<ShmBuffer>> buffers;
};

}  // namespace rp::testing
