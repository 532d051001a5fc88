// rackphone-test-app: the smallest app that tests and benchmarks need inside a phone.
//   scroll   a page of text, 6 pixels further each frame, as fast as frame callbacks come
//   still    the page, drawn once
//   button   a button in the middle; each press on it changes its colour and nothing else draws
#include <cstdio>
#include <string_view>

#include "tests/support/app/picture.h"
#include "tests/support/app/window.h"

namespace rp::testapp {
namespace {

constexpr int kScrollStep_px = 6;

int run(std::string_view mode, WindowOptions options) {
  Page page;
  int top = 0;
  unsigned presses = 0;
  bool pressed = false;
  int last_width = 0;
  int last_height = 0;
  const auto draw = [&](int width, int height, std::span<std::uint32_t> pixels) {
    const bool resized = width != last_width || height != last_height;
    last_width = width;
    last_height = height;
    if (mode == "button") {
      const bool changed = std::exchange(pressed, false) || resized;
      if (changed) draw_button(width, height, presses, pixels);
      return changed;
    }
    if (page.width != width) page = text_page(width, 4 * 1280);
    copy_rows(page, top, height, pixels);
    if (mode == "still") return resized;
    top = (top + kScrollStep_px) % page.height;
    return true;
  };
  const auto press = [&](double x, double y) {
    if (x < last_width / 4.0 || x >= last_width * 0.75 || y < last_height / 4.0 ||
        y >= last_height * 0.75)
      return;
    ++presses;
    pressed = true;
  };
  auto window = Window::create(std::move(options), draw, press);
  const Status status = window ? (*window)->run() : Status(std::unexpected(window.error()));
  if (!status) {
    std::fprintf(stderr, "rackphone-test-app: %s\n", status.error().message().c_str());
    return 1;
  }
  return 0;
}

}  // namespace
}  // namespace rp::testapp

int main(int argc, char** argv) {
  const std::string_view mode = argc > 1 ? argv[1] : "";
  if (mode != "scroll" && mode != "still" && mode != "button") {
    std::fputs("usage: rackphone-test-app scroll|still|button\n", stderr);
    return 2;
  }
  return rp::testapp::run(mode, {});
}
