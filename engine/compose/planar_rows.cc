#include "engine/compose/planar_rows.h"

#include <algorithm>
#include <cstring>

#include "engine/base/limits.h"

namespace rp {
namespace {

// Colours are written in twos: one more than a row may hold.
constexpr std::size_t kRowSamples = limits::kMaxBufferSide_px + 1;

std::uint8_t level(std::int32_t value_256) {
  return static_cast<std::uint8_t>(std::clamp((value_256 + 128) >> 8, 0, 255));
}

// BT.709, limited range, in 256ths.
void convert(const PlanarScratch& from, std::int32_t count, std::uint8_t* to) {
  const std::uint8_t* y = from.y.data();
  const std::uint8_t* u = from.u.data();
  const std::uint8_t* v = from.v.data();
  for (std::int32_t i = 0; i < count; ++i, to += 4) {
    const std::int32_t luma = 298 * (y[i] - 16);
    const std::int32_t blue = u[i] - 128;
    const std::int32_t red = v[i] - 128;
    to[0] = level(luma + 541 * blue);
    to[1] = level(luma - 55 * blue - 136 * red);
    to[2] = level(luma + 459 * red);
    to[3] = 255;
  }
}

}  // namespace

PlanarScratch::PlanarScratch() : y(kRowSamples), u(kRowSamples), v(kRowSamples) {}

PlanarRows::PlanarRows(const FrameBuffer& buffer, const PixelFormat& format, Transform transform,
                       const std::uint8_t* pixels, std::int32_t x, std::int32_t count,
                       PlanarScratch& scratch)
    : scratch_(scratch),
      turn_(inverted(transform)),
      upright_(transformed(buffer.size(), transform)),
      x_(x),
      count_(count) {
  const Chroma chroma = format.chroma;
  if (chroma == Chroma::kNone) return;
  const auto plane = [&](int i) {
    const std::ptrdiff_t offset = static_cast<std::ptrdiff_t>(buffer.plane(i).offset_bytes) -
                                  static_cast<std::ptrdiff_t>(buffer.plane(0).offset_bytes);
    return Samples{pixels + offset, static_cast<std::ptrdiff_t>(buffer.plane(i).stride_bytes)};
  };
  y_ = plane(0);
  u_ = v_ = plane(1);
  const bool pairs = chroma == Chroma::kPairsUv || chroma == Chroma::kPairsVu;
  if (pairs) {
    chroma_step_ = 2;
    (chroma == Chroma::kPairsUv ? v_ : u_).first += 1;
  } else {
    (chroma == Chroma::kPlanesUv ? v_ : u_) = plane(2);
  }
}

void PlanarRows::load(std::int32_t y, std::uint8_t* into) {
  const Rect at = transformed(Rect{x_, y, 1, 1}, upright_, turn_);
  const Rect next = transformed(Rect{x_ + 1, y, 1, 1}, upright_, turn_);
  const Rect step{at.x, at.y, next.x - at.x, next.y - at.y};
  if (step.width == 1) {
    gather_upright(step);
  } else {
    gather_turned(step);
  }
  convert(scratch_, count_, into);
}

// Both: `at` is the first pixel's place in the buffer, and the step from it to the next.
void PlanarRows::gather_upright(Rect at) {
  std::memcpy(scratch_.y.data(), y_.first + at.y * y_.stride + at.x,
              static_cast<std::size_t>(count_));
  const std::uint8_t* u = u_.first + at.y / 2 * u_.stride + at.x / 2 * chroma_step_;
  const std::uint8_t* v = v_.first + at.y / 2 * v_.stride + at.x / 2 * chroma_step_;
  std::uint8_t* to_u = scratch_.u.data();
  std::uint8_t* to_v = scratch_.v.data();
  std::int32_t done = 0;
  if (at.x % 2 != 0) {  // shares its colour with the pixel before the window
    *to_u++ = *u;
    *to_v++ = *v;
    u += chroma_step_;
    v += chroma_step_;
    done = 1;
  }
  for (; done < count_; done += 2, u += chroma_step_, v += chroma_step_) {
    to_u[0] = to_u[1] = *u;
    to_v[0] = to_v[1] = *v;
    to_u += 2;
    to_v += 2;
  }
}

void PlanarRows::gather_turned(Rect at) {
  std::int32_t x = at.x;
  std::int32_t y = at.y;
  for (std::int32_t i = 0; i < count_; ++i, x += at.width, y += at.height) {
    const auto place = static_cast<std::size_t>(i);
    const std::ptrdiff_t across = x / 2 * chroma_step_;
    scratch_.y[place] = y_.first[y * y_.stride + x];
    scratch_.u[place] = u_.first[y / 2 * u_.stride + across];
    scratch_.v[place] = v_.first[y / 2 * v_.stride + across];
  }
}

}  // namespace rp
