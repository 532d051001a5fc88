#include "tests/contract/composer/reference.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "tests/contract/composer/memory_buffer.h"

namespace rp {
namespace {

// Where a client that draws with transform t puts upright pixel (x, y): flipped about the vertical
// axis first (4 and up), then turned counter-clockwise.
Rgba upright_pixel(const MemoryBuffer& buffer, Transform transform, int x, int y) {
  const auto t = static_cast<int>(transform);
  Size size = transformed(buffer.size(), transform);
  if (t >= 4) x = size.width - 1 - x;
  for (int turn = 0; turn < t % 4; ++turn) {
    std::tie(x, y) = std::pair(y, size.width - 1 - x);
    std::swap(size.width, size.height);
  }
  return buffer.get(x, y);
}

Rgba lerp(Rgba a, Rgba b, double f) {
  const auto mix = [f](double p, double q) { return p * (1 - f) + q * f; };
  return {mix(a.r, b.r), mix(a.g, b.g), mix(a.b, b.b), mix(a.a, b.a)};
}

// Bilinear between pixel centres, edges of the source rectangle repeated.
Rgba sample(const Layer& layer, int x, int y) {
  const auto& buffer = static_cast<const MemoryBuffer&>(*layer.buffer);
  const RectF& s = layer.source;
  const Rect& d = layer.destination;
  const double u = s.x + (x - d.x + 0.5) * s.width / d.width - 0.5;
  const double v = s.y + (y - d.y + 0.5) * s.height / d.height - 0.5;
  const auto px = [&](double p) {
    const double last = std::ceil(s.x + s.width) - 1;
    return static_cast<int>(std::clamp(p, std::floor(s.x), last));
  };
  const auto py = [&](double p) {
    const double last = std::ceil(s.y + s.height) - 1;
    return static_cast<int>(std::clamp(p, std::floor(s.y), last));
  };
  const double left = std::floor(u);
  const double top = std::floor(v);
  const auto at = [&](double dx, double dy) {
    return upright_pixel(buffer, layer.transform, px(left + dx), py(top + dy));
  };
  return lerp(lerp(at(0, 0), at(1, 0), u - left), lerp(at(0, 1), at(1, 1), u - left), v - top);
}

Rgba pixel_of(const Scene& scene, int x, int y) {
  Rgba sum{0, 0, 0, 1};
  for (const Layer& layer : scene.layers) {
    if (intersection(layer.destination, {x, y, 1, 1}).empty()) continue;
    const Rgba over = sample(layer, x, y);
    const double rest = layer.opaque.contains(x, y) ? 0 : 1 - over.a;
    sum = {over.r + sum.r * rest, over.g + sum.g * rest, over.b + sum.b * rest, 1};
  }
  return sum;
}

// ITU-R BT.601, limited range.
double luma(Rgba c) { return 16 + 65.481 * c.r + 128.553 * c.g + 24.966 * c.b; }
double blue_difference(Rgba c) { return 128 - 37.797 * c.r - 74.203 * c.g + 112.0 * c.b; }
double red_difference(Rgba c) { return 128 + 112.0 * c.r - 93.786 * c.g - 18.214 * c.b; }

}  // namespace

ReferencePicture compose_reference(const Scene& scene) {
  ReferencePicture out;
  out.coded = {(scene.output.width + 1) & ~1, (scene.output.height + 1) & ~1};
  std::vector<Rgba> pixels;
  for (int y = 0; y < out.coded.height; ++y) {
    for (int x = 0; x < out.coded.width; ++x) {
      pixels.push_back(pixel_of(scene, std::min(x, scene.output.width - 1),
                                std::min(y, scene.output.height - 1)));
      out.y.push_back(luma(pixels.back()));
    }
  }
  for (int y = 0; y < out.coded.height; y += 2) {
    for (int x = 0; x < out.coded.width; x += 2) {
      const auto at = [&](int dx, int dy) {
        return pixels[static_cast<std::size_t>((y + dy) * out.coded.width + x + dx)];
      };
      const Rgba mean = lerp(lerp(at(0, 0), at(1, 0), 0.5), lerp(at(0, 1), at(1, 1), 0.5), 0.5);
      out.u.push_back(blue_difference(mean));
      out.v.push_back(red_difference(mean));
    }
  }
  return out;
}

double largest_difference(const ReferencePicture& a, const Picture& b) {
  double worst = 0;
  const auto compare = [&](const std::vector<double>& left, const std::uint8_t* right, int stride,
                           int step, int width, int height) {
    for (int y = 0; y < height; ++y) {
      for (int x = 0; x < width; ++x) {
        const double expected = left[static_cast<std::size_t>(y * width + x)];
        worst = std::max(worst, std::abs(expected - right[y * stride + x * step]));
      }
    }
  };
  const int step = b.layout == PictureLayout::kNv12 ? 2 : 1;
  compare(a.y, b.y, b.stride_y, 1, b.coded.width, b.coded.height);
  compare(a.u, b.u, b.stride_uv, step, b.coded.width / 2, b.coded.height / 2);
  compare(a.v, b.v, b.stride_uv, step, b.coded.width / 2, b.coded.height / 2);
  return worst;
}

}  // namespace rp
