// Window: a plain Wayland client with one toplevel and three buffers, of shared memory or of the
// kernel's dma-heap, for tests and benchmarks.
// Thread rule: one thread; run() blocks until the display goes or stop() is called.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>

#include "engine/base/result.h"

namespace rp::testapp {

struct WindowOptions {
  int width = 0;  // 0: what the display configures
  int height = 0;
  bool fullscreen = false;
  std::string title = "rackphone test app";
  bool dma_heap = false;  // dma-bufs of /dev/dma_heap/system
  bool sealed = true;     // shared memory cannot shrink
  // Called with the dma-buf of each picture before it is committed.
  std::function<void(int dmabuf)> before_commit = {};
};

class Window {
 public:
  // What of a frame differs from the one before; at first all of it.
  struct Damage {
    int x = 0;
    int y = 0;
    int width = 0;
    int height = 0;
  };
  // Draws one frame into XRGB8888 pixels of width × height; returns false when nothing changed, and
  // then nothing is committed until the next press, key or size.
  using Draw =
      std::function<bool(int width, int height, std::span<std::uint32_t> pixels, Damage& damage)>;
  // A press by touch or mouse, in surface coordinates, or a key (code > 0).
  using Press = std::function<void(double x, double y)>;

  // Connects to $WAYLAND_DISPLAY. kUnavailable when there is none.
  [[nodiscard]] static Result<std::unique_ptr<Window>> create(WindowOptions options, Draw draw,
                                                              Press press);
  ~Window();
  Window(const Window&) = delete;
  Window& operator=(const Window&) = delete;

  [[nodiscard]] Status run();
  void stop();

  struct State;  // public by name only: the C listeners carry a pointer to it

 private:
  explicit Window(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace rp::testapp
