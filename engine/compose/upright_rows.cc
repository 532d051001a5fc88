#include "engine/compose/upright_rows.h"

#include <cstring>

#include <libyuv/planar_functions.h>

#include "engine/base/limits.h"

namespace rp {
namespace {

constexpr std::size_t kRowBytes = static_cast<std::size_t>(limits::kMaxBufferSide_px) * 4;

// Where pixel (x, y) of the upright image lies in the buffer, in bytes from its first pixel.
std::ptrdiff_t offset_of(std::int32_t x, std::int32_t y, Size upright, const FrameBuffer& buffer,
                         const PixelFormat& format, Transform transform) {
  const Rect at = transformed(Rect{x, y, 1, 1}, upright, inverted(transform));
  return static_cast<std::ptrdiff_t>(at.y) * buffer.plane(0).stride_bytes +
         static_cast<std::ptrdiff_t>(at.x) * format.bytes_per_pixel;
}

template <typename Pixel>
void gather(const std::uint8_t* from, std::ptrdiff_t step, std::int32_t count, std::uint8_t* to) {
  for (std::int32_t i = 0; i < count; ++i) {
    std::memcpy(to + static_cast<std::size_t>(i) * sizeof(Pixel), from + i * step, sizeof(Pixel));
  }
}

}  // namespace

RowScratch::RowScratch() : turned(kRowBytes) {
  for (auto& row : argb) row.resize(kRowBytes);
}

UprightRows::UprightRows(const FrameBuffer& buffer, const PixelFormat& format, Transform transform,
                         const std::uint8_t* pixels, std::int32_t x, std::int32_t count,
                         RowScratch& scratch)
    : format_(format),
      scratch_(scratch),
      planar_(buffer, format, transform, pixels, x, count, scratch.planar),
      count_(count) {
  // A transform is linear: three pixels tell where all the others lie. The steps may be taken
  // outside the image (a single row or column), as they are differences only.
  const Size upright = transformed(buffer.size(), transform);
  const auto at = [&](std::int32_t px, std::int32_t py) {
    return offset_of(px, py, upright, buffer, format, transform);
  };
  origin_ = pixels + at(x, 0);
  column_step_ = at(x + 1, 0) - at(x, 0);
  row_step_ = at(x, 1) - at(x, 0);
}

const std::uint8_t* UprightRows::row(std::int32_t y) {
  for (const Slot& slot : slots_) {
    if (slot.y == y) return slot.pixels;
  }
  const int use = oldest_;
  oldest_ = 1 - oldest_;
  slots_[use] = {y, load(y, scratch_.argb[use].data())};
  return slots_[use].pixels;
}

const std::uint8_t* UprightRows::load(std::int32_t y, std::uint8_t* into) {
  if (format_.chroma != Chroma::kNone) {
    planar_.load(y, into);
    return into;
  }
  const std::uint8_t* source = in_order(origin_ + y * row_step_);
  if (format_.to_argb != nullptr) {
    format_.to_argb(source, 0, into, 0, count_, 1);
    return into;
  }
  if (source != scratch_.turned.data()) return source;
  std::memcpy(into, source, static_cast<std::size_t>(count_) * 4);
  return into;
}

const std::uint8_t* UprightRows::in_order(const std::uint8_t* first) {
  const std::ptrdiff_t pixel = format_.bytes_per_pixel;
  if (column_step_ == pixel) return first;
  std::uint8_t* to = scratch_.turned.data();
  if (column_step_ == -pixel && pixel == 4) {
    libyuv::ARGBMirror(first - (count_ - 1) * pixel, 0, to, 0, count_, 1);
  } else if (pixel == 4) {
    gather<std::uint32_t>(first, column_step_, count_, to);
  } else {
    gather<std::uint16_t>(first, column_step_, count_, to);
  }
  return to;
}

}  // namespace rp
