#include "tests/support/app/picture.h"

#include <cairo.h>

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <random>
#include <string>

namespace rp::testapp {
namespace {

constexpr const char* kWords[] = {"frame",  "encoder", "phone",  "server", "touch",   "window",
                                  "stream", "buffer",  "damage", "viewer", "network", "policy",
                                  "shard",  "latency", "a",      "the",    "of",      "and",
                                  "with",   "never",   "always"};

std::string line_of_words(std::mt19937& random, std::size_t characters) {
  std::string line;
  while (line.size() < characters) {
    line += kWords[random() % std::size(kWords)];
    line += ' ';
  }
  return line;
}

}  // namespace

Page text_page(int width, int height) {
  cairo_surface_t* surface = cairo_image_surface_create(CAIRO_FORMAT_RGB24, width, height);
  cairo_t* cr = cairo_create(surface);
  cairo_set_source_rgb(cr, 0.98, 0.98, 0.97);
  cairo_paint(cr);
  cairo_select_font_face(cr, "sans-serif", CAIRO_FONT_SLANT_NORMAL, CAIRO_FONT_WEIGHT_NORMAL);
  std::mt19937 random(42);
  int row = 0;
  for (int y = 34; y < height; y += 30, ++row) {
    const bool heading = row % 9 == 0;
    cairo_set_font_size(cr, heading ? 26 : 20);
    heading ? cairo_set_source_rgb(cr, 0.1, 0.3, 0.7) : cairo_set_source_rgb(cr, 0.12, 0.12, 0.14);
    cairo_move_to(cr, 16, y);
    cairo_show_text(
        cr, line_of_words(random, static_cast<std::size_t>(width) / (heading ? 24 : 11)).c_str());
  }
  cairo_destroy(cr);
  cairo_surface_flush(surface);
  Page page{width, height, {}};
  page.pixels.resize(static_cast<std::size_t>(width) * static_cast<std::size_t>(height));
  const unsigned char* rows = cairo_image_surface_get_data(surface);
  const auto stride = static_cast<std::size_t>(cairo_image_surface_get_stride(surface));
  for (std::size_t y = 0; y < static_cast<std::size_t>(height); ++y) {
    const auto* from = reinterpret_cast<const std::uint32_t*>(rows + y * stride);
    std::copy_n(from, width, page.pixels.begin() + static_cast<std::ptrdiff_t>(y) * width);
  }
  cairo_surface_destroy(surface);
  return page;
}

void copy_rows(const Page& page, int top, int height, std::span<std::uint32_t> out) {
  const auto width = static_cast<std::size_t>(page.width);
  for (int y = 0; y < height; ++y) {
    const auto from = static_cast<std::size_t>((top + y) % page.height) * width;
    std::copy_n(page.pixels.begin() + static_cast<std::ptrdiff_t>(from), width,
                out.begin() + static_cast<std::ptrdiff_t>(y) * page.width);
  }
}

void draw_button(int width, int height, unsigned presses, std::span<std::uint32_t> out) {
  const std::uint32_t colour = kButtonColours[presses % std::size(kButtonColours)];
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      const bool inside =
          x >= width / 4 && x < width * 3 / 4 && y >= height / 4 && y < height * 3 / 4;
      out[static_cast<std::size_t>(y) * static_cast<std::size_t>(width) +
          static_cast<std::size_t>(x)] = inside ? colour : 0xFFF4F4F2;
    }
  }
}

void draw_noise(int width, int height, unsigned seed, std::span<std::uint32_t> out) {
  std::minstd_rand random(seed + 1);
  for (int y = height * 7 / 20; y + 1 < height * 13 / 20; y += 2) {
    for (int x = width * 7 / 20; x + 1 < width * 13 / 20; x += 2) {
      const auto grey = static_cast<std::uint32_t>(random() >> 8U) & 0xFFU;
      const std::uint32_t colour = 0xFF000000 | grey << 16U | grey << 8U | grey;
      const auto at = static_cast<std::size_t>(y) * static_cast<std::size_t>(width) +
                      static_cast<std::size_t>(x);
      for (const std::size_t i : {at, at + 1}) {
        out[i] = colour;
        out[i + static_cast<std::size_t>(width)] = colour;
      }
    }
  }
}

}  // namespace rp::testapp
