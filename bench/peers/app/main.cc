// rackphone-peers-app wayland|x11 text|camera FPS: the one workload that runs under every server in
// bench/peers: 720 × 1280 pixels, drawn whole FPS times a second at most (less where the display
// asks for less), each frame 6 pixels further and stamped with its time. See scene.h.
#include <time.h>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <span>
#include <string_view>

#include "bench/peers/app/scene.h"
#include "bench/peers/app/x11_window.h"
#include "tests/support/app/window.h"

namespace rp::peers {
namespace {

constexpr int kWidth_px = 720;
constexpr int kHeight_px = 1280;

// Holds the rate: waits for the next beat. A beat that was missed is dropped, never caught up with.
class Beat {
 public:
  explicit Beat(int fps) : period_ns_(1'000'000'000 / fps) {}

  void wait() {
    const std::int64_t now = now_ns();
    next_ns_ += period_ns_;
    if (next_ns_ < now) next_ns_ = now;
    const timespec until{next_ns_ / 1'000'000'000, next_ns_ % 1'000'000'000};
    while (::clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, nullptr) == EINTR) {
    }
  }

 private:
  static std::int64_t now_ns() {
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1'000'000'000 + now.tv_nsec;
  }

  std::int64_t period_ns_;
  std::int64_t next_ns_ = 0;
};

Status run(std::string_view display, std::string_view kind, int fps) {
  Scene scene(kind);
  Beat beat(fps);
  const auto draw = [&](int width, int height, std::span<std::uint32_t> pixels) {
    beat.wait();
    scene.draw(width, height, pixels);
    return true;
  };
  if (display == "x11") return run_x11(kWidth_px, kHeight_px, draw);
  testapp::WindowOptions options;
  options.width = kWidth_px;
  options.height = kHeight_px;
  options.fullscreen = true;
  options.title = "rackphone peers";
  RP_ASSIGN(const auto window,
            testapp::Window::create(
                std::move(options),
                [&](int width, int height, std::span<std::uint32_t> pixels,
                    testapp::Window::Damage&) { return draw(width, height, pixels); },
                [](double, double) {}));
  return window->run();
}

}  // namespace
}  // namespace rp::peers

int main(int argc, char** argv) {
  const std::string_view display = argc == 4 ? argv[1] : "";
  const std::string_view kind = argc == 4 ? argv[2] : "";
  const int fps = argc == 4 ? std::atoi(argv[3]) : 0;
  if ((display != "wayland" && display != "x11") || (kind != "text" && kind != "camera") ||
      fps < 1 || fps > 240) {
    std::fputs("usage: rackphone-peers-app wayland|x11 text|camera FPS\n", stderr);
    return 2;
  }
  if (const rp::Status status = rp::peers::run(display, kind, fps); !status) {
    std::fprintf(stderr, "rackphone-peers-app: %s\n", status.error().message().c_str());
    return 1;
  }
  return 0;
}
