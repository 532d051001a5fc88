// rackphone-test-app: the smallest app that tests and benchmarks need inside a phone.
//   scroll   a page of text, 6 pixels further each frame, as fast as frame callbacks come
//   still    the page, drawn once
//   caret    the page; a caret comes and goes with every frame callback
//   noise    the page with fresh noise over its middle each frame: more bits than most links carry
//   pages    a page of text; each press on its middle shows the next one and nothing else draws
//   button   a button in the middle; each press on it changes its colour and nothing else draws
#include <algorithm>
#include <cstdio>
#include <string_view>

#include "tests/support/app/picture.h"
#include "tests/support/app/window.h"

namespace rp::testapp {
namespace {

constexpr int kScrollStep_px = 6;
constexpr Window::Damage kCaret{200, 300, 2, 20};

void fill_rows(std::span<std::uint32_t> pixels, int width, Window::Damage area) {
  for (int y = area.y; y < area.y + area.height; ++y) {
    const auto from = static_cast<std::size_t>(y * width + area.x);
    if (from + static_cast<std::size_t>(area.width) > pixels.size()) return;
    std::ranges::fill(pixels.subspan(from, static_cast<std::size_t>(area.width)), 0xFF10'1010U);
  }
}

int run(std::string_view mode, WindowOptions options) {
  Page page;
  int top = 0;
  unsigned presses = 0;
  unsigned noisy_frames = 0;
  bool pressed = false;
  bool caret = false;
  int last_width = 0;
  int last_height = 0;
  const auto draw = [&](int width, int height, std::span<std::uint32_t> pixels,
                        Window::Damage& damage) {
    const bool resized = width != last_width || height != last_height;
    last_width = width;
    last_height = height;
    if (mode == "button") {
      const bool changed = std::exchange(pressed, false) || resized;
      if (changed) draw_button(width, height, presses, pixels);
      return changed;
    }
    if (page.width != width) page = text_page(width, 4 * 1280);
    const bool turned = mode == "pages" && std::exchange(pressed, false);
    if (turned) top = (top + height) % page.height;
    copy_rows(page, top, height, pixels);
    if (mode == "pages") return turned || resized;
    if (mode == "noise") {
      draw_noise(width, height, ++noisy_frames, pixels);
      return true;
    }
    if (mode == "still") return resized;
    if (mode == "caret") {
      caret = !caret;
      if (caret) fill_rows(pixels, width, kCaret);
      if (!resized) damage = kCaret;
      return true;
    }
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
  if (mode != "scroll" && mode != "still" && mode != "caret" && mode != "button" &&
      mode != "noise" && mode != "pages") {
    std::fputs("usage: rackphone-test-app scroll|still|caret|noise|pages|button\n", stderr);
    return 2;
  }
  return rp::testapp::run(mode, {});
}
