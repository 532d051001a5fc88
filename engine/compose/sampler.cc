#include "engine/compose/sampler.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include <libyuv/planar_functions.h>

#include "engine/base/limits.h"

namespace rp {
namespace {

constexpr double kOne = 4294967296.0;  // 1 in 32.32
// Rounds a position to the nearest 1/256, the filter's resolution.
constexpr std::int64_t kHalfStep = std::int64_t{1} << 23;

std::uint32_t load(const std::uint8_t* row, std::int32_t i) {
  std::uint32_t pixel;
  std::memcpy(&pixel, row + static_cast<std::ptrdiff_t>(i) * 4, sizeof pixel);
  return pixel;
}

// The four channels of a pixel, 16 bits apart, so that one multiplication serves all.
std::uint64_t spread(std::uint32_t p) {
  constexpr std::uint32_t kEven = 0x00FF00FF;
  return (p & kEven) | static_cast<std::uint64_t>((p >> 8) & kEven) << 32;
}

std::uint32_t mix(std::uint32_t a, std::uint32_t b, unsigned fraction) {
  constexpr std::uint64_t kRound = 0x0080008000800080;
  constexpr std::uint64_t kBytes = 0x00FF00FF00FF00FF;
  const std::uint64_t sum = spread(a) * (256 - fraction) + spread(b) * fraction + kRound;
  const std::uint64_t mixed = (sum >> 8) & kBytes;
  return static_cast<std::uint32_t>(mixed) | static_cast<std::uint32_t>(mixed >> 32) << 8;
}

std::int32_t count_between(const Axis& axis, std::int32_t outputs) {
  const std::int32_t first = axis.clamped(axis.pixel(0));
  return axis.clamped(axis.pixel(outputs - 1) + 1) - first + 1;
}

}  // namespace

SamplerScratch::SamplerScratch()
    : mixed(static_cast<std::size_t>(limits::kMaxBufferSide_px) * 4),
      filtered(static_cast<std::size_t>(limits::kMaxOutputSide_px) * 4) {}

Axis Axis::map(double from, double from_length, std::int32_t to, std::int32_t to_length,
               std::int32_t first, std::int32_t side) {
  Axis axis;
  const double scale = from_length / to_length;
  const double offset = static_cast<double>(first) - static_cast<double>(to) + 0.5;
  axis.step = std::llround(scale * kOne);
  axis.start = std::llround((from + offset * scale - 0.5) * kOne) + kHalfStep;
  const double end = std::ceil(from + from_length);
  axis.lowest = std::clamp(static_cast<std::int32_t>(std::floor(from)), 0, side - 1);
  axis.highest = std::clamp(static_cast<std::int32_t>(end) - 1, axis.lowest, side - 1);
  return axis;
}

Sampler::Sampler(const Layer& layer, const PixelFormat& format, const std::uint8_t* pixels,
                 Rect clip, SamplerScratch& scratch)
    : scratch_(scratch),
      x_(Axis::map(layer.source.x, layer.source.width, layer.destination.x, layer.destination.width,
                   clip.x, transformed(layer.buffer->size(), layer.transform).width)),
      y_(Axis::map(layer.source.y, layer.source.height, layer.destination.y,
                   layer.destination.height, clip.y,
                   transformed(layer.buffer->size(), layer.transform).height)),
      width_(clip.width),
      window_(x_.clamped(x_.pixel(0))),
      window_count_(count_between(x_, clip.width)),
      rows_(*layer.buffer, format, layer.transform, pixels, window_, window_count_, scratch.rows) {}

const std::uint8_t* Sampler::row(std::int32_t i) {
  const std::int32_t at = y_.pixel(i);
  const std::int32_t above = y_.clamped(at);
  const std::int32_t below = y_.clamped(at + 1);
  const int fraction = above == below ? 0 : y_.fraction(i);
  if (last_ != nullptr && above == last_row_ && fraction == last_fraction_) return last_;
  last_row_ = above;
  last_fraction_ = fraction;
  const std::uint8_t* source = rows_.row(above);
  if (fraction != 0) {
    libyuv::ARGBInterpolate(source, 0, rows_.row(below), 0, scratch_.mixed.data(), 0, window_count_,
                            1, fraction);
    source = scratch_.mixed.data();
  }
  last_ = filter(source);
  return last_;
}

const std::uint8_t* Sampler::filter(const std::uint8_t* source) {
  if (x_.exact() && x_.pixel(0) == window_ && x_.pixel(width_ - 1) <= x_.highest) return source;
  std::uint8_t* out = scratch_.filtered.data();
  for (std::int32_t i = 0; i < width_; ++i) {
    const std::int32_t at = x_.pixel(i);
    const std::uint32_t left = load(source, x_.clamped(at) - window_);
    const std::uint32_t right = load(source, x_.clamped(at + 1) - window_);
    const std::uint32_t mixed = mix(left, right, static_cast<unsigned>(x_.fraction(i)));
    std::memcpy(out + static_cast<std::ptrdiff_t>(i) * 4, &mixed, sizeof mixed);
  }
  return out;
}

}  // namespace rp
