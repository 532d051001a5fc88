#include "engine/capture/seat/cursor.h"

#include <drm_fourcc.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <span>

#include <wayland-server-protocol.h>

#include "engine/frame/cpu_access.h"

namespace rp {
namespace {

constexpr bool readable(FourCc format) {
  const auto code = static_cast<std::uint32_t>(format);
  return code == DRM_FORMAT_ARGB8888 || code == DRM_FORMAT_XRGB8888 ||
         code == DRM_FORMAT_ABGR8888 || code == DRM_FORMAT_XBGR8888;
}

// A readable buffer while mapped, addressed in upright pixels.
struct Pixels {
  const std::uint8_t* bytes;
  std::ptrdiff_t stride;
  Size buffer;
  Size upright;
  Transform back;  // upright to buffer
  bool red_first;
  bool opaque;

  // Premultiplied r, g, b, a.
  [[nodiscard]] std::array<float, 4> at(int x, int y) const {
    x = std::clamp(x, 0, upright.width - 1);
    y = std::clamp(y, 0, upright.height - 1);
    const Rect there = transformed(Rect{x, y, 1, 1}, upright, back);
    const std::uint8_t* p = bytes + there.y * stride + there.x * 4;
    const float alpha = opaque ? 255.0F : static_cast<float>(p[3]);
    const auto first = static_cast<float>(p[0]);
    const auto third = static_cast<float>(p[2]);
    return {red_first ? first : third, static_cast<float>(p[1]), red_first ? third : first, alpha};
  }

  [[nodiscard]] std::array<float, 4> between(double x, double y) const {
    const double left = std::floor(x - 0.5);
    const double top = std::floor(y - 0.5);
    const auto fx = static_cast<float>(x - 0.5 - left);
    const auto fy = static_cast<float>(y - 0.5 - top);
    const int ix = static_cast<int>(left);
    const int iy = static_cast<int>(top);
    const auto a = at(ix, iy);
    const auto b = at(ix + 1, iy);
    const auto c = at(ix, iy + 1);
    const auto d = at(ix + 1, iy + 1);
    std::array<float, 4> out{};
    for (std::size_t i = 0; i < out.size(); ++i) {
      out[i] = (a[i] * (1 - fx) + b[i] * fx) * (1 - fy) + (c[i] * (1 - fx) + d[i] * fx) * fy;
    }
    return out;
  }
};

void store_straight(const std::array<float, 4>& premultiplied, std::uint8_t* out) {
  const float alpha = premultiplied[3];
  for (std::size_t i = 0; i < 3; ++i) {
    const float value = alpha <= 0 ? 0.0F : premultiplied[i] * 255.0F / alpha;
    out[i] = static_cast<std::uint8_t>(std::lround(std::clamp(value, 0.0F, 255.0F)));
  }
  out[3] = static_cast<std::uint8_t>(std::lround(alpha));
}

std::int32_t cursor_side(std::int32_t logical_px, double output_scale) {
  const long side = std::lround(logical_px * output_scale);
  return static_cast<std::int32_t>(std::clamp<long>(side, 1, limits::kMaxCursorSide_px));
}

}  // namespace

CursorImage render_cursor(const Surface& surface, Point hotspot, double output_scale) {
  CursorImage image;
  image.kind = CursorImage::Kind::kHidden;
  const SurfaceState& state = surface.current();
  if (!state.buffer || surface.size().empty()) return image;
  FrameBuffer& buffer = *state.buffer;
  image.kind = CursorImage::Kind::kDefault;
  if (!readable(buffer.format()) || buffer.modifier() != kModifierLinear) return image;
  CpuRead read(buffer, CpuPlace::kCursor,
               std::uint64_t{buffer.plane(0).stride_bytes} *
                   static_cast<std::uint64_t>(buffer.size().height));
  if (read.pixels() == nullptr) return image;
  const auto code = static_cast<std::uint32_t>(buffer.format());
  const Pixels pixels{.bytes = read.pixels(),
                      .stride = static_cast<std::ptrdiff_t>(buffer.plane(0).stride_bytes),
                      .buffer = buffer.size(),
                      .upright = transformed(buffer.size(), state.transform),
                      .back = state.transform,
                      .red_first = code == DRM_FORMAT_ABGR8888 || code == DRM_FORMAT_XBGR8888,
                      .opaque = code == DRM_FORMAT_XRGB8888 || code == DRM_FORMAT_XBGR8888};
  image.size = {cursor_side(surface.size().width, output_scale),
                cursor_side(surface.size().height, output_scale)};
  const RectF source = surface.source();
  const double step_x = source.width / (surface.size().width * output_scale);
  const double step_y = source.height / (surface.size().height * output_scale);
  image.rgba.resize(static_cast<std::size_t>(image.size.width) *
                    static_cast<std::size_t>(image.size.height) * 4);
  std::uint8_t* out = image.rgba.data();
  for (std::int32_t y = 0; y < image.size.height; ++y) {
    for (std::int32_t x = 0; x < image.size.width; ++x, out += 4) {
      store_straight(pixels.between(source.x + (x + 0.5) * step_x, source.y + (y + 0.5) * step_y),
                     out);
    }
  }
  if (!read.end()) return CursorImage{};
  image.kind = CursorImage::Kind::kImage;
  image.hotspot_x = static_cast<std::int32_t>(std::lround(hotspot.x * output_scale));
  image.hotspot_y = static_cast<std::int32_t>(std::lround(hotspot.y * output_scale));
  return image;
}

class Cursor::Role final : public RoleHandler {
 public:
  Role(Cursor& cursor, Surface& surface) : cursor_(cursor), surface_(surface) {}
  void on_commit() override { cursor_.committed(*this); }
  void on_surface_destroyed() override { cursor_.surface_gone(*this); }
  [[nodiscard]] Surface& surface() const { return surface_; }

 private:
  Cursor& cursor_;
  Surface& surface_;
};

Cursor::Cursor(SeatContext& context) : context_(context) {
  frame_timer_ = context_.display.loop().timer([this] { send_frame_callbacks(); });
}

Cursor::~Cursor() {
  for (auto& [surface, role] : roles_) surface->clear_role_handler();
}

bool Cursor::claim(Surface& surface) {
  if (roles_.contains(&surface)) return true;
  auto role = std::make_unique<Role>(*this, surface);
  if (!surface.set_role(RoleKind::kCursor, *role)) return false;
  roles_.emplace(&surface, std::move(role));
  return true;
}

void Cursor::reset() {
  if (kind_ == CursorImage::Kind::kDefault) return;
  kind_ = CursorImage::Kind::kDefault;
  surface_ = nullptr;
  dirty_ = true;
  context_.display.request_end_of_turn();
}

void Cursor::show(Surface* surface, Point hotspot) {
  kind_ = surface == nullptr ? CursorImage::Kind::kHidden : CursorImage::Kind::kImage;
  surface_ = surface;
  hotspot_ = hotspot;
  dirty_ = true;
  context_.display.request_end_of_turn();
}

void Cursor::show_shape(const char* css_name) {
  kind_ = CursorImage::Kind::kShape;
  surface_ = nullptr;
  shape_ = css_name;
  dirty_ = true;
  context_.display.request_end_of_turn();
}

void Cursor::committed(Role& role) {
  Surface& surface = role.surface();
  // A cursor is in no scene; its frame callbacks are paced by the output's refresh.
  if (!frame_timer_.armed()) {
    frame_timer_.arm_after(
        Duration(1'000'000'000 / std::max(context_.display.mode().refresh_mhz, 1)));
  }
  if (&surface != surface_) return;
  hotspot_ = {hotspot_.x - surface.last_offset().x, hotspot_.y - surface.last_offset().y};
  dirty_ = true;
  context_.display.request_end_of_turn();
}

void Cursor::send_frame_callbacks() {
  const std::uint32_t now = context_.time_ms();
  for (auto& [surface, role] : roles_) {
    ResourceQueue& waiting = surface->frame_callbacks();
    while (wl_resource* callback = waiting.pop()) {
      wl_callback_send_done(callback, now);
      wl_resource_destroy(callback);
    }
  }
  context_.display.request_end_of_turn();
}

void Cursor::surface_gone(Role& role) {
  Surface* surface = &role.surface();
  if (surface == surface_) show(nullptr, {});
  roles_.erase(surface);
}

void Cursor::end_turn() {
  if (!std::exchange(dirty_, false)) return;
  CursorImage image;
  image.kind = kind_;
  if (kind_ == CursorImage::Kind::kShape) image.shape = shape_;
  if (kind_ == CursorImage::Kind::kImage) {
    image = render_cursor(*surface_, hotspot_, context_.output_scale());
  }
  context_.listener.on_cursor(image);
}

}  // namespace rp
