#include "engine/compose/cpu_composer.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>

#include <fmt/format.h>
#include <libyuv/convert.h>
#include <libyuv/planar_functions.h>

#include "engine/base/limits.h"
#include "engine/base/log.h"
#include "engine/compose/layer_check.h"
#include "engine/compose/sampler.h"
#include "engine/frame/cpu_access.h"

namespace rp {
namespace {

// Pixels drawn before they are converted: 256 KiB, which stays in a core's own cache.
constexpr std::int32_t kStripPixels = 65'536;

constexpr std::int32_t even_below(std::int32_t v) { return v & ~1; }
constexpr std::int32_t even_above(std::int32_t v) { return (v + 1) & ~1; }

bool is_whole(double v) { return v == std::floor(v); }

bool inside(Rect inner, Rect outer) { return intersection(inner, outer) == inner; }

bool is_one_to_one(const Layer& layer) {
  const RectF& s = layer.source;
  return layer.transform == Transform::kNormal && s.width == layer.destination.width &&
         s.height == layer.destination.height && is_whole(s.x) && is_whole(s.y);
}

// What is read of a layer for `part` of the output; more or less of a scaled one.
std::uint64_t bytes_of(Rect part, const PixelFormat& format) {
  if (format.chroma != Chroma::kNone) return picture_bytes({part.width, part.height});
  return static_cast<std::uint64_t>(area_of(part)) *
         static_cast<std::uint64_t>(format.bytes_per_pixel);
}

std::uint8_t* at(std::uint8_t* plane, std::int32_t stride, std::int32_t x, std::int32_t y) {
  return plane + static_cast<std::ptrdiff_t>(y) * stride + x;
}

// Fills the column and row that make an odd size even with their neighbours.
void pad(Rect strip, Picture& p) {
  const std::int32_t right = strip.x + strip.width;
  const std::int32_t bottom = strip.y + strip.height;
  if (right == p.size.width && right < p.coded.width) {
    for (std::int32_t y = strip.y; y < bottom; ++y) {
      *at(p.y, p.stride_y, right, y) = *at(p.y, p.stride_y, right - 1, y);
    }
  }
  if (bottom == p.size.height && bottom < p.coded.height) {
    const auto bytes = static_cast<std::size_t>(even_above(strip.width));
    std::memcpy(at(p.y, p.stride_y, strip.x, bottom), at(p.y, p.stride_y, strip.x, bottom - 1),
                bytes);
  }
}

// The X of X formats may be anything. Blocks of a fixed size, so that it is vectorised at -O2.
void make_opaque(std::span<std::uint32_t> pixels) {
  constexpr std::size_t kBlock = 16;
  std::size_t i = 0;
  for (; i + kBlock <= pixels.size(); i += kBlock) {
    std::uint32_t* block = pixels.data() + i;
    for (std::size_t j = 0; j < kBlock; ++j) block[j] |= 0xFF00'0000U;
  }
  for (; i < pixels.size(); ++i) pixels[i] |= 0xFF00'0000U;
}

void to_i420(const PixelFormat& format, const std::uint8_t* pixels, std::int32_t stride, Rect strip,
             Picture& p) {
  format.to_i420(pixels, stride, at(p.y, p.stride_y, strip.x, strip.y), p.stride_y,
                 at(p.u, p.stride_uv, strip.x / 2, strip.y / 2), p.stride_uv,
                 at(p.v, p.stride_uv, strip.x / 2, strip.y / 2), p.stride_uv, strip.width,
                 strip.height);
}

// By way of I420 for its colours, a few rows at a time, so that both layouts hold the same values.
void to_nv12(const PixelFormat& format, const std::uint8_t* pixels, std::int32_t stride, Rect strip,
             Picture& p) {
  constexpr std::int32_t kRows = 16;
  std::array<std::uint8_t, limits::kMaxOutputSide_px / 2 * kRows / 2> u;
  std::array<std::uint8_t, limits::kMaxOutputSide_px / 2 * kRows / 2> v;
  const std::int32_t width = (strip.width + 1) / 2;
  const std::int32_t bottom = strip.y + strip.height;
  for (std::int32_t y = strip.y; y < bottom; y += kRows) {
    const std::int32_t rows = std::min(kRows, bottom - y);
    format.to_i420(pixels, stride, at(p.y, p.stride_y, strip.x, y), p.stride_y, u.data(), width,
                   v.data(), width, strip.width, rows);
    libyuv::MergeUVPlane(u.data(), width, v.data(), width, at(p.u, p.stride_uv, strip.x, y / 2),
                         p.stride_uv, width, (rows + 1) / 2);
    pixels += static_cast<std::ptrdiff_t>(rows) * stride;
  }
}

void to_picture(const PixelFormat& format, const std::uint8_t* pixels, std::int32_t stride,
                Rect strip, Picture& p) {
  count_cpu_pixels(CpuPlace::kPicture, picture_bytes({strip.width, strip.height}));
  const bool pairs = p.layout == PictureLayout::kNv12;
  (pairs ? to_nv12 : to_i420)(format, pixels, stride, strip, p);
  pad(strip, p);
}

}  // namespace

CpuComposer::CpuComposer()
    : strip_(static_cast<std::size_t>(kStripPixels) * 4),
      scratch_(std::make_unique<SamplerScratch>()) {}

CpuComposer::~CpuComposer() = default;

Status CpuComposer::compose(const Scene& scene, Picture& picture) {
  if (scene.output != picture.size) {
    return fail(ErrorCode::kInvalid, "compose: the scene's size is not the picture's");
  }
  RP_TRY(map_for_cpu(picture));
  complaint_ = nullptr;
  take_in(scene, CpuPlace::kCompose);
  const Rect all{0, 0, picture.size.width, picture.size.height};
  for (const pixman_box32_t& box : picture.stale.boxes()) {
    const Rect part = intersection(Region::rect_of(box), all);
    if (part.empty()) continue;
    const std::int32_t x = even_below(part.x);
    const std::int32_t y = even_below(part.y);
    const Rect grown{x, y, even_above(part.x + part.width) - x,
                     even_above(part.y + part.height) - y};
    compose_box(intersection(grown, all), picture);
  }
  picture.stale.clear();
  entries_.clear();
  if (complaint_ != nullptr) return fail(ErrorCode::kInvalid, complaint_);
  return {};
}

void CpuComposer::leave_out(Entry& entry, const char* why) {
  entry.format = nullptr;
  complaint_ = why;
}

void CpuComposer::take_in(const Scene& scene, CpuPlace place) {
  place_ = place;
  const Rect all{0, 0, scene.output.width, scene.output.height};
  for (const Layer& layer : scene.layers) {
    if (intersection(layer.destination, all).empty()) continue;
    Entry entry{&layer, nullptr, is_one_to_one(layer)};
    if (layer.buffer != nullptr) entry.format = find_pixel_format(layer.buffer->format());
    if (const char* fault = fault_in(layer, entry.format)) {
      leave_out(entry, fault);
      continue;
    }
    entries_.push_back(entry);
  }
}

// Null when the layer can be read.
const char* CpuComposer::fault_in(const Layer& layer, const PixelFormat* format) {
  if (const char* fault = fault_of(layer, format)) return fault;
  if (is_linear(*layer.buffer)) return nullptr;
  device_layers_.add();
  log_limited(LogLevel::kWarning, "composer.layer_needs_device",
              {{"modifier", fmt::format("{:#x}", layer.buffer->modifier())}});
  return "a layer's buffer is not linear";
}

void CpuComposer::compose_box(Rect box, Picture& picture) {
  const std::int32_t bottom = box.y + box.height;
  for (std::int32_t y = box.y; y < bottom;) {
    const Rect strip{box.x, y, box.width, strip_end(box, y) - y};
    // Each failed turn leaves one layer out, so this ends.
    while (!compose_strip(strip, picture)) {
    }
    y += strip.height;
  }
}

// Where the strip that begins at row y ends: at the next edge of a layer, in whole pairs of rows.
std::int32_t CpuComposer::strip_end(Rect box, std::int32_t y) const {
  std::int32_t end = box.y + box.height;
  for (const Entry& entry : entries_) {
    const Rect part = intersection(entry.layer->destination, box);
    if (part.empty()) continue;
    for (const std::int32_t edge : {part.y, part.y + part.height}) {
      if (even_below(edge) > y) end = std::min(end, even_below(edge));
      if (even_above(edge) > y) end = std::min(end, even_above(edge));
    }
  }
  return end;
}

bool CpuComposer::covers(const Entry& entry, Rect strip) const {
  if (!inside(strip, entry.layer->destination)) return false;
  return !entry.format->has_alpha || entry.layer->opaque.contains(strip);
}

CpuComposer::View CpuComposer::view_of(Rect strip) const {
  // From the front: stop at what hides all behind it.
  View view{.first = entries_.size()};
  while (view.first > 0 && !view.covered) {
    const Entry& entry = entries_[--view.first];
    if (entry.format == nullptr) continue;
    if (intersection(entry.layer->destination, strip).empty()) continue;
    ++view.touching;
    view.covered = covers(entry, strip);
  }
  return view;
}

bool CpuComposer::compose_strip(Rect strip, Picture& picture) {
  const View view = view_of(strip);
  if (view.covered && view.touching == 1 && entries_[view.first].one_to_one &&
      entries_[view.first].format->to_i420 != nullptr) {
    return convert_directly(entries_[view.first], strip, picture);
  }
  const std::int32_t most_rows = std::max(2, even_below(kStripPixels / strip.width));
  const std::int32_t bottom = strip.y + strip.height;
  for (std::int32_t y = strip.y; y < bottom; y += most_rows) {
    const Rect piece{strip.x, y, strip.width, std::min(most_rows, bottom - y)};
    const std::int32_t stride = piece.width * 4;
    if (!draw_all(view, piece, strip_.data(), stride)) return false;
    static const PixelFormat& argb = *find_pixel_format(fourcc('X', 'R', '2', '4'));
    to_picture(argb, strip_.data(), stride, piece, picture);
  }
  return true;
}

Status CpuComposer::render(const Scene& scene, Rect area, std::span<std::uint32_t> out) {
  const Rect all{0, 0, scene.output.width, scene.output.height};
  const auto pixels = static_cast<std::size_t>(area.width) * static_cast<std::size_t>(area.height);
  if (area.empty() || !inside(area, all) || out.size() < pixels) {
    return fail(ErrorCode::kInvalid, "render: the area is not inside the output");
  }
  complaint_ = nullptr;
  take_in(scene, CpuPlace::kTiles);
  auto* to = reinterpret_cast<std::uint8_t*>(out.data());
  const std::ptrdiff_t stride = static_cast<std::ptrdiff_t>(area.width) * 4;
  const std::int32_t bottom = area.y + area.height;
  for (std::int32_t y = area.y; y < bottom;) {
    const Rect strip{area.x, y, area.width, strip_end(area, y) - y};
    // Each failed turn leaves one layer out, so this ends.
    while (!draw_all(view_of(strip), strip, to + (y - area.y) * stride, stride)) {
    }
    y += strip.height;
  }
  entries_.clear();
  make_opaque(out.first(pixels));
  if (complaint_ != nullptr) return fail(ErrorCode::kInvalid, complaint_);
  return {};
}

Status CpuComposer::scan(const Scene& scene, Rect area, const Row& row) {
  if (area.empty() || !inside(area, {0, 0, scene.output.width, scene.output.height})) {
    return fail(ErrorCode::kInvalid, "scan: the area is not inside the output");
  }
  complaint_ = nullptr;
  take_in(scene, CpuPlace::kTiles);
  const std::int32_t bottom = area.y + area.height;
  for (std::int32_t y = area.y; y < bottom;) {
    const Rect strip{area.x, y, area.width, strip_end(area, y) - y};
    // Each failed turn leaves one layer out, so this ends.
    while (!scan_strip(strip, row)) {
    }
    y += strip.height;
  }
  entries_.clear();
  if (complaint_ != nullptr) return fail(ErrorCode::kInvalid, complaint_);
  return {};
}

bool CpuComposer::scan_strip(Rect strip, const Row& row) {
  const View view = view_of(strip);
  if (view.covered && view.touching == 1 && entries_[view.first].one_to_one) {
    Entry& entry = entries_[view.first];
    const bool words = entry.format->bytes_per_pixel == 4 && entry.format->to_argb == nullptr;
    if (words && entry.layer->buffer->plane(0).stride_bytes % 4 == 0) {
      return scan_directly(entry, strip, row);
    }
  }
  const std::int32_t most_rows = std::max(1, kStripPixels / strip.width);
  const std::int32_t bottom = strip.y + strip.height;
  for (std::int32_t y = strip.y; y < bottom; y += most_rows) {
    const Rect piece{strip.x, y, strip.width, std::min(most_rows, bottom - y)};
    const std::ptrdiff_t stride = static_cast<std::ptrdiff_t>(piece.width) * 4;
    if (!draw_all(view, piece, strip_.data(), stride)) return false;
    for (std::int32_t i = 0; i < piece.height; ++i) {
      row(y + i, reinterpret_cast<const std::uint32_t*>(strip_.data() + i * stride));
    }
  }
  return true;
}

bool CpuComposer::scan_directly(Entry& entry, Rect strip, const Row& row) {
  const Layer& layer = *entry.layer;
  CpuRead read(*layer.buffer, place_, bytes_of(strip, *entry.format));
  const std::uint8_t* pixels = read.pixels();
  if (pixels == nullptr) {
    leave_out(entry, "a layer's buffer cannot be mapped");
    return false;
  }
  const auto stride = static_cast<std::ptrdiff_t>(layer.buffer->plane(0).stride_bytes);
  const std::int32_t x = strip.x - layer.destination.x + static_cast<std::int32_t>(layer.source.x);
  const std::int32_t y = strip.y - layer.destination.y + static_cast<std::int32_t>(layer.source.y);
  pixels += y * stride + static_cast<std::ptrdiff_t>(x) * 4;
  for (std::int32_t i = 0; i < strip.height; ++i, pixels += stride) {
    row(strip.y + i, reinterpret_cast<const std::uint32_t*>(pixels));
  }
  if (read.end()) return true;
  leave_out(entry, "a layer's buffer shrank");
  return false;
}

bool CpuComposer::draw_all(View view, Rect piece, std::uint8_t* to, std::ptrdiff_t stride) {
  if (!view.covered) {
    libyuv::ARGBRect(to, static_cast<int>(stride), 0, 0, piece.width, piece.height, 0xFF000000);
  }
  for (std::size_t i = view.first; i < entries_.size(); ++i) {
    if (entries_[i].format != nullptr && !draw(entries_[i], piece, to, stride)) return false;
  }
  return true;
}

bool CpuComposer::convert_directly(Entry& entry, Rect strip, Picture& picture) {
  const Layer& layer = *entry.layer;
  CpuRead read(*layer.buffer, place_, bytes_of(strip, *entry.format));
  const std::uint8_t* pixels = read.pixels();
  if (pixels == nullptr) {
    leave_out(entry, "a layer's buffer cannot be mapped");
    return false;
  }
  const auto stride = static_cast<std::int32_t>(layer.buffer->plane(0).stride_bytes);
  const std::int32_t x = strip.x - layer.destination.x + static_cast<std::int32_t>(layer.source.x);
  const std::int32_t y = strip.y - layer.destination.y + static_cast<std::int32_t>(layer.source.y);
  pixels += static_cast<std::ptrdiff_t>(y) * stride +
            static_cast<std::ptrdiff_t>(x) * entry.format->bytes_per_pixel;
  to_picture(*entry.format, pixels, stride, strip, picture);
  if (read.end()) return true;
  leave_out(entry, "a layer's buffer shrank");
  return false;
}

bool CpuComposer::draw(Entry& entry, Rect piece, std::uint8_t* to, std::ptrdiff_t stride) {
  const Layer& layer = *entry.layer;
  const Rect clip = intersection(layer.destination, piece);
  if (clip.empty()) return true;
  CpuRead read(*layer.buffer, place_, bytes_of(clip, *entry.format));
  const std::uint8_t* pixels = read.pixels();
  if (pixels == nullptr) {
    leave_out(entry, "a layer's buffer cannot be mapped");
    return false;
  }
  Sampler sampler(layer, *entry.format, pixels, clip, *scratch_);
  const bool opaque = !entry.format->has_alpha || layer.opaque.contains(clip);
  to += (clip.y - piece.y) * stride + static_cast<std::ptrdiff_t>(clip.x - piece.x) * 4;
  for (std::int32_t i = 0; i < clip.height; ++i, to += stride) {
    const std::uint8_t* row = sampler.row(i);
    if (opaque) {
      std::memcpy(to, row, static_cast<std::size_t>(clip.width) * 4);
    } else {
      libyuv::ARGBBlend(row, 0, to, 0, to, 0, clip.width, 1);
    }
  }
  if (read.end()) return true;
  leave_out(entry, "a layer's buffer shrank");
  return false;
}

}  // namespace rp
