#include "tests/contract/composer/random_scenes.h"

#include <algorithm>
#include <iterator>

namespace rp {
namespace {

constexpr std::string_view kFormats[] = {"XR24", "AR24", "XB24", "AB24", "RG16",
                                         "XR30", "XB30", "NV12", "YV12"};

void make_opaque(MemoryBuffer& b) {
  for (int y = 0; y < b.size().height; ++y) {
    for (int x = 0; x < b.size().width; ++x) {
      Rgba c = b.get(x, y);
      c.a = 1;
      b.set(x, y, c);
    }
  }
}

}  // namespace

std::shared_ptr<MemoryBuffer> RandomScenes::buffer(Size size, std::string_view format) {
  auto made = std::make_shared<MemoryBuffer>(size, format, 4U * unsigned(pick(0, 5)));
  for (int y = 0; y < size.height; ++y) {
    for (int x = 0; x < size.width; ++x) {
      const double a = made->has_alpha() ? unit() : 1;
      made->set(x, y, {unit() * a, unit() * a, unit() * a, a});
    }
  }
  return made;
}

Layer RandomScenes::layer(Size output) {
  Layer l;
  const Size size{pick(1, 90), pick(1, 90)};
  l.buffer = buffer(size, kFormats[pick(0, std::size(kFormats) - 1)]);
  l.transform = static_cast<Transform>(pick(0, 7));
  const Size upright = transformed(size, l.transform);
  l.source = {0, 0, double(upright.width), double(upright.height)};
  l.destination = {pick(-40, output.width), pick(-40, output.height), upright.width,
                   upright.height};
  const int kind = pick(0, 3);
  if (kind == 1) {  // scaled
    l.destination.width = pick(1, 150);
    l.destination.height = pick(1, 150);
  } else if (kind == 2) {  // a viewport with fractions
    const auto fraction = [&](int side) { return pick(0, side * 256 - 1) / 256.0; };
    l.source.x = fraction(upright.width);
    l.source.y = fraction(upright.height);
    l.source.width = std::max(1 / 256.0, unit() * (upright.width - l.source.x));
    l.source.height = std::max(1 / 256.0, unit() * (upright.height - l.source.y));
    l.destination.width = pick(1, 150);
    l.destination.height = pick(1, 150);
  }
  if (pick(0, 2) == 0) {
    l.opaque =
        Region(Rect{l.destination.x, l.destination.y, l.destination.width, l.destination.height});
    make_opaque(static_cast<MemoryBuffer&>(*l.buffer));
  }
  return l;
}

Scene RandomScenes::scene(int layers) {
  Scene s;
  s.output = {pick(64, 130), pick(64, 130)};
  for (int i = 0; i < layers; ++i) s.layers.push_back(layer(s.output));
  return s;
}

}  // namespace rp
