// WaylandDisplay: Display on libwayland-server: a Compositor and a Seat behind display.h. Beyond
// Display it has what the conformance suite and tests of the inside need. Thread rule: the shard's
// loop.
#pragma once

#include <memory>

#include "engine/capture/compositor.h"
#include "engine/capture/display.h"
#include "engine/capture/seat/seat.h"

namespace rp {

class WaylandDisplay final : public Display {
 public:
  // An empty options.socket_path makes a display that serves adopted clients only.
  [[nodiscard]] static Result<std::unique_ptr<WaylandDisplay>> create(
      EventLoop& loop, const DisplayOptions& options, DisplayListener& listener,
      WindowPolicy policy = WindowPolicy::kPhone);
  ~WaylandDisplay() override;

  [[nodiscard]] Compositor& compositor() { return compositor_; }

  // ---- Display
  [[nodiscard]] Scene take_scene() override { return compositor_.take_scene(); }
  void frame_done(TimePoint shown, std::uint64_t sequence) override {
    compositor_.frame_done(shown, sequence);
  }
  void set_mode(const OutputMode& mode) override;
  [[nodiscard]] const OutputMode& mode() const override { return compositor_.mode(); }
  void set_source_formats(const SharedSourceFormats& formats) override {
    compositor_.set_source_formats(formats);
  }
  [[nodiscard]] bool has_content() const override;
  [[nodiscard]] int client_count() const override { return compositor_.client_count(); }
  [[nodiscard]] const DisplayCounters& counters() const override { return compositor_.counters(); }

  void pointer_motion(double x, double y) override;
  void pointer_button(PointerButton button, bool pressed) override;
  void pointer_axis(double dx, double dy, std::int32_t notches_120_x,
                    std::int32_t notches_120_y) override;
  void pointer_leave() override;
  void touch_down(int slot, double x, double y) override;
  void touch_motion(int slot, double x, double y) override;
  void touch_up(int slot) override;
  void touch_frame() override;
  void touch_cancel() override;
  void key(std::uint32_t evdev_code, bool pressed) override;
  void commit_text(std::string_view text) override;
  void preedit_text(std::string_view text, std::int32_t cursor_bytes) override;
  [[nodiscard]] Status set_layout(std::string_view xkb_layout) override;
  void release_input() override;
  void set_clipboard(std::string text) override;

 private:
  WaylandDisplay(EventLoop& loop, const DisplayOptions& options, DisplayListener& listener,
                 WindowPolicy policy)
      : compositor_(loop, options, listener, policy) {}

  Compositor compositor_;
  std::unique_ptr<Seat> seat_;
};

}  // namespace rp
