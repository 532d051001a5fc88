// FakeDisplay: a Display without Wayland, for tests of what sits above it: a test damages it, and
// reads the input it got as lines of text ("touch_down 0 360.0 640.0"). Thread rule: as Display.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include <fmt/core.h>

#include "engine/capture/display.h"

namespace rp {

class FakeDisplay final : public Display {
 public:
  FakeDisplay(EventLoop& loop, DisplayOptions options, DisplayListener& listener)
      : source_formats(options.source_formats),
        loop_(loop),
        listener_(listener),
        mode_(options.mode) {}

  // ---- what a test does
  void damage(Rect rect) {
    if (damage_.empty()) committed_ = loop_.clock().now();
    damage_.add(rect);
    want_frame();
  }
  // As an app that asks for a frame callback without drawing.
  void want_frame() {
    if (!std::exchange(wanted_, true)) listener_.on_frame_wanted();
  }
  DisplayListener& listener() { return listener_; }
  void set_content(bool has_content) { has_content_ = has_content; }

  // ---- what a test reads
  std::vector<std::string> input;
  std::vector<TimePoint> frames_done;
  int scenes_taken = 0;
  std::string clipboard;
  std::string layout;
  SharedSourceFormats source_formats;
  std::vector<Layer> layers;  // of every scene, from now on

  // ---- Display
  Scene take_scene() override {
    ++scenes_taken;
    wanted_ = false;
    Scene scene;
    scene.output = mode_.size;
    scene.layers = layers;
    scene.damage = std::exchange(damage_, Region());
    scene.committed = committed_;
    return scene;
  }
  void frame_done(TimePoint shown, std::uint64_t) override { frames_done.push_back(shown); }
  void set_mode(const OutputMode& mode) override {
    mode_ = mode;
    note("mode {}x{} scale {} refresh {}", mode.size.width, mode.size.height, mode.scale_120,
         mode.refresh_mhz);
  }
  const OutputMode& mode() const override { return mode_; }
  void set_source_formats(const SharedSourceFormats& formats) override { source_formats = formats; }
  bool has_content() const override { return has_content_; }
  int client_count() const override { return has_content_ ? 1 : 0; }
  const DisplayCounters& counters() const override { return counters_; }

  void pointer_motion(double x, double y) override { note("pointer_motion {:.1f} {:.1f}", x, y); }
  void pointer_button(PointerButton button, bool pressed) override {
    note("pointer_button {} {}", static_cast<int>(button), pressed ? "down" : "up");
  }
  void pointer_axis(double dx, double dy, std::int32_t x_120, std::int32_t y_120) override {
    note("pointer_axis {:.1f} {:.1f} {} {}", dx, dy, x_120, y_120);
  }
  void pointer_leave() override { note("pointer_leave"); }
  void touch_down(int slot, double x, double y) override {
    note("touch_down {} {:.1f} {:.1f}", slot, x, y);
  }
  void touch_motion(int slot, double x, double y) override {
    note("touch_motion {} {:.1f} {:.1f}", slot, x, y);
  }
  void touch_up(int slot) override { note("touch_up {}", slot); }
  void touch_frame() override { note("touch_frame"); }
  void touch_cancel() override { note("touch_cancel"); }
  void key(std::uint32_t code, bool pressed) override {
    note("key {} {}", code, pressed ? "down" : "up");
  }
  void commit_text(std::string_view text) override { note("commit_text {}", text); }
  void preedit_text(std::string_view text, std::int32_t cursor) override {
    note("preedit_text {} {}", text, cursor);
  }
  Status set_layout(std::string_view xkb_layout) override {
    layout = xkb_layout;
    return {};
  }
  void release_input() override { note("release_input"); }
  void set_clipboard(std::string text) override { clipboard = std::move(text); }

 private:
  template <typename... Args>
  void note(fmt::format_string<Args...> format, Args&&... args) {
    input.push_back(fmt::format(format, std::forward<Args>(args)...));
  }

  EventLoop& loop_;
  DisplayListener& listener_;
  OutputMode mode_;
  Region damage_;
  TimePoint committed_{0};
  bool wanted_ = false;
  bool has_content_ = true;
  DisplayCounters counters_;
};

}  // namespace rp
