#include "bench/capacity/app/assets.h"

#include <cairo.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <memory>
#include <random>
#include <string>

namespace rp {
namespace {

constexpr std::array kWords = {"meeting", "tomorrow", "the",   "invoice",  "a",      "train",
                               "report",  "please",   "and",   "station",  "budget", "of",
                               "weather", "to",       "lunch", "project",  "with",   "question",
                               "answer",  "at",       "noon",  "customer", "in",     "delivery"};

struct CairoFree {
  void operator()(cairo_surface_t* surface) const { cairo_surface_destroy(surface); }
  void operator()(cairo_t* context) const { cairo_destroy(context); }
};
using Surface = std::unique_ptr<cairo_surface_t, CairoFree>;
using Context = std::unique_ptr<cairo_t, CairoFree>;

struct Drawing {
  Size size;
  std::vector<std::uint32_t> pixels;
};

Drawing pixels_of(cairo_surface_t* surface) {
  cairo_surface_flush(surface);
  Drawing bitmap;
  bitmap.size = {cairo_image_surface_get_width(surface), cairo_image_surface_get_height(surface)};
  const unsigned char* data = cairo_image_surface_get_data(surface);
  const int stride = cairo_image_surface_get_stride(surface);
  for (int y = 0; y < bitmap.size.height; ++y) {
    const auto* row =
        reinterpret_cast<const std::uint32_t*>(data + static_cast<std::ptrdiff_t>(y) * stride);
    bitmap.pixels.insert(bitmap.pixels.end(), row, row + bitmap.size.width);
  }
  return bitmap;
}

std::string words(std::mt19937& random, std::size_t characters) {
  std::string line;
  while (line.size() < characters) {
    line += kWords[random() % kWords.size()];
    line += ' ';
  }
  return line;
}

Drawing draw_page(Size size) {
  const Surface surface(cairo_image_surface_create(CAIRO_FORMAT_RGB24, size.width, size.height));
  const Context cr(cairo_create(surface.get()));
  cairo_set_source_rgb(cr.get(), 0.98, 0.98, 0.97);
  cairo_paint(cr.get());
  cairo_select_font_face(cr.get(), "sans-serif", CAIRO_FONT_SLANT_NORMAL, CAIRO_FONT_WEIGHT_NORMAL);
  std::mt19937 random(42);
  int line = 0;
  for (int y = 30; y + 10 < size.height; y += 30, ++line) {
    const bool heading = line % 11 == 0;
    cairo_set_font_size(cr.get(), heading ? 26 : 20);
    if (heading) {
      cairo_set_source_rgb(cr.get(), 0.1, 0.3, 0.7);
    } else {
      cairo_set_source_rgb(cr.get(), 0.12, 0.12, 0.14);
    }
    cairo_move_to(cr.get(), 16, y);
    const int per_line = size.width / (heading ? 24 : 11);
    cairo_show_text(cr.get(), words(random, static_cast<std::size_t>(per_line)).c_str());
  }
  return pixels_of(surface.get());
}

Drawing draw_glyphs() {
  constexpr int kCount = LoadAssets::kLastGlyph - LoadAssets::kFirstGlyph + 1;
  const Surface surface(cairo_image_surface_create(
      CAIRO_FORMAT_RGB24, kCount * LoadAssets::kGlyph.width, LoadAssets::kGlyph.height));
  const Context cr(cairo_create(surface.get()));
  cairo_set_source_rgb(cr.get(), 1, 1, 1);
  cairo_paint(cr.get());
  cairo_select_font_face(cr.get(), "monospace", CAIRO_FONT_SLANT_NORMAL, CAIRO_FONT_WEIGHT_NORMAL);
  cairo_set_font_size(cr.get(), 22);
  cairo_set_source_rgb(cr.get(), 0.1, 0.1, 0.1);
  for (int i = 0; i < kCount; ++i) {
    const std::array<char, 2> text = {static_cast<char>(LoadAssets::kFirstGlyph + i), '\0'};
    cairo_move_to(cr.get(), i * LoadAssets::kGlyph.width, 21);
    cairo_show_text(cr.get(), text.data());
  }
  return pixels_of(surface.get());
}

std::uint32_t level(double value) {
  return static_cast<std::uint32_t>(std::clamp(value, 0.0, 255.0));
}

// Sums of sines: smooth like faces and sky, with edges where they are cut off.
Drawing draw_film(Size size) {
  Drawing film{size, {}};
  film.pixels.reserve(static_cast<std::size_t>(size.width) * static_cast<std::size_t>(size.height));
  for (int y = 0; y < size.height; ++y) {
    for (int x = 0; x < size.width; ++x) {
      const double a = std::sin(x * 0.021) + std::sin(y * 0.017 + x * 0.004);
      const double b = std::sin(y * 0.033) + std::cos(x * 0.012 - y * 0.007);
      const double edge = std::sin(x * 0.05) * std::sin(y * 0.05) > 0.3 ? 40 : 0;
      film.pixels.push_back((level(110 + 50 * a + edge) << 16U) | (level(100 + 40 * b) << 8U) |
                            level(120 + 30 * (a - b) - edge));
    }
  }
  return film;
}

Drawing draw_grain(Size size) {
  std::mt19937 random(7);
  Drawing grain{size, {}};
  grain.pixels.resize(static_cast<std::size_t>(size.width) * static_cast<std::size_t>(size.height));
  // Up to 15 levels in each channel, so that adding to 0–240 never carries over.
  for (std::uint32_t& pixel : grain.pixels) pixel = static_cast<std::uint32_t>(random()) & 0x0F0F0F;
  return grain;
}

}  // namespace

Result<LoadAssets> LoadAssets::draw(Size display) {
  if (display.empty()) return fail(ErrorCode::kInvalid, "the display has no pixels");
  auto drawn = std::make_shared<std::array<Drawing, 4>>(
      std::array<Drawing, 4>{draw_page({display.width, display.height * 6}), draw_glyphs(),
                             draw_film({display.width + 256, display.height + 256}),
                             draw_grain({display.width + 64, 256})});
  const auto bitmap = [](const Drawing& one) { return LoadBitmap{one.size, one.pixels}; };
  LoadAssets assets;
  assets.page = bitmap((*drawn)[0]);
  assets.glyphs = bitmap((*drawn)[1]);
  assets.film = bitmap((*drawn)[2]);
  assets.grain = bitmap((*drawn)[3]);
  assets.memory = std::move(drawn);
  return assets;
}

}  // namespace rp
