// Goal: mapped damage covers every output pixel that a changed buffer pixel reaches, for every
// transform, crop and scale. Method: for random mappings and damage, each output pixel's sample
// point is traced back to the buffer; when it (or, where scaled, a neighbour its filter reads) is
// damaged, the output region must contain it.
#include "engine/capture/damage.h"

#include <cmath>
#include <random>

#include <gtest/gtest.h>

namespace rp::testing {
namespace {

class Chance {
 public:
  explicit Chance(unsigned seed) : engine_(seed) {}
  int pick(int low, int high) { return std::uniform_int_distribution<int>(low, high)(engine_); }

 private:
  std::mt19937 engine_;
};

struct Sample {
  DamageMapping mapping;
  int scale = 1;
};

Sample random_sample(Chance& chance) {
  Sample s;
  s.scale = chance.pick(1, 3);
  const Size base{chance.pick(4, 24), chance.pick(4, 24)};
  s.mapping.transform = static_cast<Transform>(chance.pick(0, 7));
  const Size upright{base.width * s.scale, base.height * s.scale};
  s.mapping.buffer = transformed(upright, s.mapping.transform);
  s.mapping.source = {0, 0, static_cast<double>(upright.width),
                      static_cast<double>(upright.height)};
  s.mapping.surface = base;
  if (chance.pick(0, 1) != 0) {
    s.mapping.source = {chance.pick(0, 4) / 4.0, chance.pick(0, 4) / 4.0,
                        chance.pick(4, 4 * (upright.width - 1)) / 4.0,
                        chance.pick(4, 4 * (upright.height - 1)) / 4.0};
    s.mapping.surface = {chance.pick(1, 30), chance.pick(1, 30)};
  }
  s.mapping.destination = {chance.pick(-5, 5), chance.pick(-5, 5),
                           s.mapping.surface.width * chance.pick(1, 3),
                           s.mapping.surface.height * chance.pick(1, 3)};
  return s;
}

// Whether drawing output pixel (x, y) reads a pixel for which `damaged` holds. `damaged` takes
// upright pixels.
template <typename F>
bool reads(const DamageMapping& m, int x, int y, F damaged) {
  const double fx = m.source.width / m.destination.width;
  const double fy = m.source.height / m.destination.height;
  const double u = m.source.x + (x - m.destination.x + 0.5) * fx;
  const double v = m.source.y + (y - m.destination.y + 0.5) * fy;
  // Bilinear: the pixels whose centres surround the point; one on a centre reads that pixel alone.
  const int left = static_cast<int>(std::floor(u - 0.5));
  const int top = static_cast<int>(std::floor(v - 0.5));
  const int right = left + (u - 0.5 == left ? 0 : 1);
  const int bottom = top + (v - 0.5 == top ? 0 : 1);
  return damaged(left, top) || damaged(right, top) || damaged(left, bottom) ||
         damaged(right, bottom);
}

template <typename F>
void expect_covered(const DamageMapping& m, const Region& output, F damaged, int round) {
  for (int y = m.destination.y; y < m.destination.y + m.destination.height; ++y) {
    for (int x = m.destination.x; x < m.destination.x + m.destination.width; ++x) {
      if (reads(m, x, y, damaged) && !output.contains(x, y)) {
        ADD_FAILURE() << "round " << round << ": output pixel " << x << ',' << y << " is missing";
        return;
      }
    }
  }
}

TEST(Damage, BufferDamageReachesEveryPixelDrawnFromIt) {
  Chance chance(1);
  for (int round = 0; round < 3000; ++round) {
    const Sample s = random_sample(chance);
    const Rect hit{chance.pick(-2, s.mapping.buffer.width),
                   chance.pick(-2, s.mapping.buffer.height), chance.pick(1, 6), chance.pick(1, 6)};
    Region output;
    add_buffer_damage(Region(hit), s.mapping, output);
    const Rect inside = intersection(hit, {0, 0, s.mapping.buffer.width, s.mapping.buffer.height});
    const Region upright(
        inside.empty() ? Rect{} : transformed(inside, s.mapping.buffer, s.mapping.transform));
    expect_covered(
        s.mapping, output, [&](int u, int v) { return upright.contains(u, v); }, round);
    if (HasFailure()) return;
  }
}

TEST(Damage, SurfaceDamageReachesEveryPixelDrawnFromIt) {
  Chance chance(2);
  for (int round = 0; round < 3000; ++round) {
    const Sample s = random_sample(chance);
    const DamageMapping& m = s.mapping;
    const Rect hit{chance.pick(-2, m.surface.width), chance.pick(-2, m.surface.height),
                   chance.pick(1, 6), chance.pick(1, 6)};
    Region output;
    add_surface_damage(Region(hit), m, output);
    // An upright pixel is damaged when any of it lies in the damaged part of the surface.
    const Rect inside = intersection(hit, {0, 0, m.surface.width, m.surface.height});
    const double fx = m.source.width / m.surface.width;
    const double fy = m.source.height / m.surface.height;
    const auto damaged = [&](int u, int v) {
      return !inside.empty() && u + 1 > m.source.x + inside.x * fx &&
             u < m.source.x + (inside.x + inside.width) * fx &&
             v + 1 > m.source.y + inside.y * fy && v < m.source.y + (inside.y + inside.height) * fy;
    };
    expect_covered(m, output, damaged, round);
    if (HasFailure()) return;
  }
}

TEST(Damage, UnscaledDamageIsExact) {
  const DamageMapping m{.buffer = {100, 50},
                        .transform = Transform::kNormal,
                        .source = {0, 0, 100, 50},
                        .surface = {100, 50},
                        .destination = {7, 9, 100, 50}};
  Region output;
  add_buffer_damage(Region(Rect{10, 20, 3, 4}), m, output);
  EXPECT_EQ(output.bounds(), (Rect{17, 29, 3, 4}));
  EXPECT_EQ(output.area(), 12);
}

}  // namespace
}  // namespace rp::testing
