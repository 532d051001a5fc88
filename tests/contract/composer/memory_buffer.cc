#include "tests/contract/composer/memory_buffer.h"

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

std::uint32_t code_of(std::string_view name) {
  std::uint32_t code = 0;
  for (std::size_t i = 0; i < 4; ++i) {
    code |= static_cast<std::uint32_t>(static_cast<unsigned char>(name[i])) << (8 * i);
  }
  return code;
}

}  // namespace

MemoryBuffer::MemoryBuffer(Size size, std::string_view format, std::uint32_t padding_bytes)
    : format_name_(layout_of(format).name), bytes_per_pixel_(format == "RG16" ? 2 : 4) {
  size_ = size;
  format_ = FourCc{code_of(format)};
  stride_ = static_cast<std::uint32_t>(size.width) * static_cast<std::uint32_t>(bytes_per_pixel_) +
            padding_bytes;
  planes_[0].stride_bytes = stride_;
  // The X bits and the padding are not zero, because guests do not promise that.
  bytes_.assign(static_cast<std::size_t>(stride_) * static_cast<std::size_t>(size.height), 0x5A);
}

std::size_t MemoryBuffer::offset(std::int32_t x, std::int32_t y) const {
  return static_cast<std::size_t>(y) * stride_ + static_cast<std::size_t>(x) * bytes_per_pixel_;
}

void MemoryBuffer::set(std::int32_t x, std::int32_t y, Rgba colour) {
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
