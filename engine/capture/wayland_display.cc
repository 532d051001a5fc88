#include "engine/capture/wayland_display.h"

#include "engine/base/limits.h"
#include "engine/base/log.h"

namespace rp {
namespace {

constexpr std::int32_t kMinScale_120 = 60;
constexpr std::int32_t kMaxScale_120 = 960;
constexpr std::int32_t kMinRefresh_mhz = 1'000;
constexpr std::int32_t kMaxRefresh_mhz = 1'000'000;

Status check_mode(const OutputMode& mode) {
  const auto outside = [](std::int32_t value, std::int32_t low, std::int32_t high) {
    return value < low || value > high;
  };
  const auto side = [&](std::int32_t pixels) {
    return outside(pixels, limits::kMinOutputSide_px, limits::kMaxOutputSide_px);
  };
  if (side(mode.size.width) || side(mode.size.height)) {
    return fail(ErrorCode::kInvalid, "mode.size: a side is not in 64..4096 pixels");
  }
  if (outside(mode.scale_120, kMinScale_120, kMaxScale_120)) {
    return fail(ErrorCode::kInvalid, "mode.scale_120 is not in 60..960");
  }
  if (outside(mode.refresh_mhz, kMinRefresh_mhz, kMaxRefresh_mhz)) {
    return fail(ErrorCode::kInvalid, "mode.refresh_mhz is not in 1000..1000000");
  }
  return {};
}

}  // namespace

Result<std::unique_ptr<Display>> Display::create(EventLoop& loop, const DisplayOptions& options,
                                                 DisplayListener& listener) {
  return WaylandDisplay::create(loop, options, listener, WindowPolicy::kPhone);
}

Result<std::unique_ptr<WaylandDisplay>> WaylandDisplay::create(EventLoop& loop,
                                                               const DisplayOptions& options,
                                                               DisplayListener& listener,
                                                               WindowPolicy policy) {
  RP_TRY(check_mode(options.mode));
  std::unique_ptr<WaylandDisplay> display(new WaylandDisplay(loop, options, listener, policy));
  RP_TRY(display->compositor_.start(options));
  RP_ASSIGN(display->seat_, Seat::create(display->compositor_, display->compositor_.shell(),
                                         listener, options.xkb_layout));
  display->compositor_.set_seat(display->seat_.get());
  return display;
}

WaylandDisplay::~WaylandDisplay() {
  compositor_.disconnect_clients();
  compositor_.set_seat(nullptr);
  seat_.reset();
}

void WaylandDisplay::set_mode(const OutputMode& mode) {
  if (const Status valid = check_mode(mode); !valid) {
    log_limited(LogLevel::kWarning, "display.mode_refused", {{"error", valid.error()}});
    return;
  }
  compositor_.set_mode(mode);
}

bool WaylandDisplay::has_content() const { return compositor_.has_content(); }

void WaylandDisplay::pointer_motion(double x, double y) { seat_->pointer_motion(x, y); }
void WaylandDisplay::pointer_button(PointerButton button, bool pressed) {
  seat_->pointer_button(button, pressed);
}
void WaylandDisplay::pointer_axis(double dx, double dy, std::int32_t notches_120_x,
                                  std::int32_t notches_120_y) {
  seat_->pointer_axis(dx, dy, notches_120_x, notches_120_y);
}
void WaylandDisplay::pointer_leave() { seat_->pointer_leave(); }
void WaylandDisplay::touch_down(int slot, double x, double y) { seat_->touch_down(slot, x, y); }
void WaylandDisplay::touch_motion(int slot, double x, double y) { seat_->touch_motion(slot, x, y); }
void WaylandDisplay::touch_up(int slot) { seat_->touch_up(slot); }
void WaylandDisplay::touch_frame() { seat_->touch_frame(); }
void WaylandDisplay::touch_cancel() { seat_->touch_cancel(); }
void WaylandDisplay::key(std::uint32_t evdev_code, bool pressed) {
  seat_->key(evdev_code, pressed);
}
void WaylandDisplay::commit_text(std::string_view text) { seat_->commit_text(text); }
void WaylandDisplay::preedit_text(std::string_view text, std::int32_t cursor_bytes) {
  seat_->preedit_text(text, cursor_bytes);
}
Status WaylandDisplay::set_layout(std::string_view xkb_layout) {
  return seat_->set_layout(xkb_layout);
}
void WaylandDisplay::release_input() { seat_->release_input(); }
void WaylandDisplay::set_clipboard(std::string text) { seat_->set_clipboard(std::move(text)); }

}  // namespace rp
