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

// GCC's vector types: the compiler picks the machine's instructions, on x86 and on ARM.
using Bytes8 = std::uint8_t __attribute__((vector_size(8)));
using Bytes16 = std::uint8_t __attribute__((vector_size(16)));
using Words8 = std::uint16_t __attribute__((vector_size(16)));
using Longs2 = std::uint64_t __attribute__((vector_size(16)));

std::uint64_t load_pair(const std::uint8_t* row, std::uint16_t pixel) {
  std::uint64_t pair;
  std::memcpy(&pair, row + std::ptrdiff_t{4} * pixel, sizeof pair);
  return pair;
}

// Two output pixels: for each the two neighbouring pixels it lies between, times their shares.
inline void mix_two(const std::uint8_t* row, const SampledColumn* columns, std::uint8_t* out) {
  const Longs2 loaded = {load_pair(row, columns[0].pair), load_pair(row, columns[1].pair)};
  const auto bytes = reinterpret_cast<Bytes16>(loaded);
  const Bytes16 zero{};
  const auto widen = [](Bytes16 b) { return reinterpret_cast<Words8>(b); };
  Words8 shares[2];
  std::memcpy(&shares[0], columns[0].shares, sizeof shares[0]);
  std::memcpy(&shares[1], columns[1].shares, sizeof shares[1]);
  const Words8 first =
      shares[0] * widen(__builtin_shufflevector(bytes, zero, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5,
                                                21, 6, 22, 7, 23));
  const Words8 second =
      shares[1] * widen(__builtin_shufflevector(bytes, zero, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28,
                                                13, 29, 14, 30, 15, 31));
  const Words8 left = __builtin_shufflevector(first, second, 0, 1, 2, 3, 8, 9, 10, 11);
  const Words8 right = __builtin_shufflevector(first, second, 4, 5, 6, 7, 12, 13, 14, 15);
  // At most 255 × 256 in all, and with the rounding still below 65536.
  const Bytes8 mixed = __builtin_convertvector((left + right + 128) >> 8, Bytes8);
  std::memcpy(out, &mixed, sizeof mixed);
}

std::int32_t count_between(const Axis& axis, std::int32_t outputs) {
  const std::int32_t first = axis.clamped(axis.pixel(0));
  return axis.clamped(axis.pixel(outputs - 1) + 1) - first + 1;
}

}  // namespace

SamplerScratch::SamplerScratch()
    : mixed(static_cast<std::size_t>(limits::kMaxBufferSide_px) * 4),
      filtered((static_cast<std::size_t>(limits::kMaxOutputSide_px) + 1) * 4),
      columns(static_cast<std::size_t>(limits::kMaxOutputSide_px) + 1) {}

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
      rows_(*layer.buffer, format, layer.transform, pixels, window_, window_count_, scratch.rows) {
  exact_ = x_.exact() && x_.pixel(0) == window_ && x_.pixel(width_ - 1) <= x_.highest;
  if (!exact_) plan_columns();
}

// Which pair of the window's pixels each output pixel lies between. Beyond the edges it is the
// whole of the first or last pixel, told as a share of a pair that does exist.
void Sampler::plan_columns() {
  const std::int32_t last_pair = std::max(0, window_count_ - 2);
  for (std::int32_t i = 0; i < width_; ++i) {
    const std::int32_t at = x_.pixel(i);
    SampledColumn& column = scratch_.columns[static_cast<std::size_t>(i)];
    const std::int32_t left = x_.clamped(at) - window_;
    const bool between = x_.clamped(at + 1) - window_ == left + 1;
    column.pair = static_cast<std::uint16_t>(std::min(left, last_pair));
    const int fraction = between ? x_.fraction(i) : left > last_pair ? 256 : 0;
    std::fill_n(column.shares, 4, static_cast<std::uint16_t>(256 - fraction));
    std::fill_n(column.shares + 4, 4, static_cast<std::uint16_t>(fraction));
  }
  // Pixels are made in twos.
  scratch_.columns[static_cast<std::size_t>(width_)] = {};
}

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
  if (exact_) return source;
  std::uint8_t* out = scratch_.filtered.data();
  if (window_count_ == 1) {
    for (std::int32_t i = 0; i < width_; ++i) std::memcpy(out + std::ptrdiff_t{4} * i, source, 4);
    return out;
  }
  const SampledColumn* columns = scratch_.columns.data();
  for (std::int32_t i = 0; i < width_; i += 2) {
    mix_two(source, columns + i, out + std::ptrdiff_t{4} * i);
  }
  return out;
}

}  // namespace rp
