#include "tests/contract/composer/memory_buffer.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>

namespace rp {
namespace {

// Where each channel's bits lie in the little-endian word, as drm_fourcc.h lists them.
struct Layout {
  std::string_view name;
  int bits[4];  // r, g, b, a
  int shift[4];
};

constexpr std::array kLayouts = {
    Layout{"XR24", {8, 8, 8, 0}, {16, 8, 0, 24}},
    Layout{"AR24", {8, 8, 8, 8}, {16, 8, 0, 24}},
    Layout{"XB24", {8, 8, 8, 0}, {0, 8, 16, 24}},
    Layout{"AB24", {8, 8, 8, 8}, {0, 8, 16, 24}},
    Layout{"RG16", {5, 6, 5, 0}, {11, 5, 0, 0}},
    Layout{"XR30", {10, 10, 10, 0}, {20, 10, 0, 30}},
    Layout{"XB30", {10, 10, 10, 0}, {0, 10, 20, 30}},
};

const Layout& layout_of(std::string_view name) {
  for (const Layout& layout : kLayouts) {
    if (layout.name == name) return layout;
  }
  RP_CHECK(false);
}

constexpr std::array<std::string_view, 4> kYuv = {"NV12", "NV21", "YU12", "YV12"};

bool is_yuv(std::string_view name) { return std::ranges::find(kYuv, name) != kYuv.end(); }

std::string_view kept_name(std::string_view name) {
  return is_yuv(name) ? *std::ranges::find(kYuv, name) : layout_of(name).name;
}

std::uint8_t to_level(double value) {
  return static_cast<std::uint8_t>(std::lround(std::clamp(value, 0.0, 255.0)));
}

}  // namespace

MemoryBuffer::MemoryBuffer(Size size, std::string_view format, std::uint32_t padding_bytes)
    : format_name_(kept_name(format)),
      layout_(find_pixel_layout(fourcc(format[0], format[1], format[2], format[3]))),
      bytes_per_pixel_(static_cast<std::size_t>(layout_->planes[0].bytes)) {
  size_ = size;
  format_ = layout_->code;
  plane_count_ = layout_->plane_count;
  std::uint32_t end = 0;
  for (int i = 0; i < plane_count_; ++i) {
    Plane& plane = planes_[static_cast<std::size_t>(i)];
    plane.offset_bytes = end;
    plane.stride_bytes =
        static_cast<std::uint32_t>(layout_->row_bytes(i, size.width)) + padding_bytes;
    end += plane.stride_bytes * static_cast<std::uint32_t>(layout_->rows(i, size.height));
  }
  stride_ = planes_[0].stride_bytes;
  // The X bits and the padding are not zero, because guests do not promise that.
  bytes_.assign(end, 0x5A);
}

std::array<std::size_t, 3> MemoryBuffer::samples(std::int32_t x, std::int32_t y) const {
  const auto at = [&](std::size_t plane, std::int32_t column, std::size_t extra) {
    return planes_[plane].offset_bytes + extra +
           static_cast<std::size_t>(plane == 0 ? y : y / 2) * planes_[plane].stride_bytes +
           static_cast<std::size_t>(column);
  };
  if (format_name_ == "NV12") return {at(0, x, 0), at(1, x / 2 * 2, 0), at(1, x / 2 * 2, 1)};
  if (format_name_ == "NV21") return {at(0, x, 0), at(1, x / 2 * 2, 1), at(1, x / 2 * 2, 0)};
  if (format_name_ == "YU12") return {at(0, x, 0), at(1, x / 2, 0), at(2, x / 2, 0)};
  return {at(0, x, 0), at(2, x / 2, 0), at(1, x / 2, 0)};
}

// ITU-R BT.709, limited range, both ways.
void MemoryBuffer::set_yuv(std::int32_t x, std::int32_t y, Rgba c) {
  const auto place = samples(x, y);
  const double luma = 0.2126 * c.r + 0.7152 * c.g + 0.0722 * c.b;
  bytes_[place[0]] = to_level(16 + 219 * luma);
  bytes_[place[1]] = to_level(128 + 224 * (c.b - luma) / 1.8556);
  bytes_[place[2]] = to_level(128 + 224 * (c.r - luma) / 1.5748);
}

Rgba MemoryBuffer::get_yuv(std::int32_t x, std::int32_t y) const {
  const auto place = samples(x, y);
  const double luma = (bytes_[place[0]] - 16) / 219.0;
  const double blue = (bytes_[place[1]] - 128) / 224.0;
  const double red = (bytes_[place[2]] - 128) / 224.0;
  const auto bounded = [](double v) { return std::clamp(v, 0.0, 1.0); };
  return {bounded(luma + 1.5748 * red), bounded(luma - 0.187324 * blue - 0.468124 * red),
          bounded(luma + 1.8556 * blue), 1};
}

std::size_t MemoryBuffer::offset(std::int32_t x, std::int32_t y) const {
  return static_cast<std::size_t>(y) * stride_ + static_cast<std::size_t>(x) * bytes_per_pixel_;
}

void MemoryBuffer::set(std::int32_t x, std::int32_t y, Rgba colour) {
  if (is_yuv(format_name_)) return set_yuv(x, y, colour);
  const Layout& layout = layout_of(format_name_);
  const double channels[4] = {colour.r, colour.g, colour.b, colour.a};
  std::uint32_t word = 0;
  std::memcpy(&word, &bytes_[offset(x, y)], bytes_per_pixel_);
  for (int c = 0; c < 4; ++c) {
    const std::uint32_t top = (1U << layout.bits[c]) - 1;
    word &= ~(top << layout.shift[c]);
    word |= static_cast<std::uint32_t>(std::lround(channels[c] * top)) << layout.shift[c];
  }
  std::memcpy(&bytes_[offset(x, y)], &word, bytes_per_pixel_);
}

Rgba MemoryBuffer::get(std::int32_t x, std::int32_t y) const {
  if (is_yuv(format_name_)) return get_yuv(x, y);
  const Layout& layout = layout_of(format_name_);
  std::uint32_t word = 0;
  std::memcpy(&word, &bytes_[offset(x, y)], bytes_per_pixel_);
  double channels[4] = {0, 0, 0, 1};
  for (int c = 0; c < 4; ++c) {
    const std::uint32_t top = (1U << layout.bits[c]) - 1;
    if (top != 0) channels[c] = static_cast<double>((word >> layout.shift[c]) & top) / top;
  }
  return {channels[0], channels[1], channels[2], channels[3]};
}

void MemoryBuffer::fill(Rgba colour) {
  for (std::int32_t y = 0; y < size_.height; ++y) {
    for (std::int32_t x = 0; x < size_.width; ++x) set(x, y, colour);
  }
}

const std::uint8_t* MemoryBuffer::begin_cpu_read() {
  if (!mappable) return nullptr;
  ++open_reads;
  if (!shrinks) return bytes_.data();
  // What the kernel's zero page gives where the guest has taken memory away.
  zeros_.assign(bytes_.size(), 0);
  return zeros_.data();
}

bool MemoryBuffer::end_cpu_read() {
  --open_reads;
  return !shrinks;
}

}  // namespace rp
