// LoadScreen: what one phone of the workload app shows, without Wayland: it is told of time,
// fingers and keys, says when it wants to draw next and which pixels changed, and paints any part
// of itself as it is now. Thread rule: one thread; time is the caller's.
//
//   y 0 ┌ status: the clock's minute ┐
//    40 │ page | letters | film …    │  by activity
//   -51 ├ navigation ────────────────┤
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "bench/capacity/app/assets.h"
#include "bench/capacity/trace/trace.h"
#include "engine/base/clock.h"
#include "engine/frame/geometry.h"

namespace rp {

// Pixels of one XRGB8888 picture, rows without gaps.
struct LoadCanvas {
  Size size;
  std::uint32_t* pixels = nullptr;
  [[nodiscard]] std::uint32_t* at(std::int32_t x, std::int32_t y) const {
    return pixels + static_cast<std::ptrdiff_t>(y) * size.width + x;
  }
};

class LoadScreen {
 public:
  // `assets` outlives the screen. `variety` moves pages apart, so that no two phones look the same.
  LoadScreen(const LoadAssets& assets, Size size, std::uint64_t variety);

  // The minute the clock shows (since midnight).
  void set_minute(int minute);
  // The page for `activity` waits for the tap that brings it, or for show_waiting().
  void begin_activity(Activity activity, bool caret);
  void show_waiting(TimePoint now);
  void touch_down(double x_px, double y_px, TimePoint now);
  void touch_move(double y_px);
  void touch_up(TimePoint now);
  void key(std::uint32_t evdev_code, TimePoint now);
  void bubble();

  // Moves what moves by itself on to `now`.
  void advance(TimePoint now);
  // When advance() will have something new; nothing: not by itself.
  [[nodiscard]] std::optional<TimePoint> next_change(TimePoint now) const;
  // What changed since the last call.
  [[nodiscard]] Region take_damage();
  void paint(const LoadCanvas& canvas, Rect part) const;
  [[nodiscard]] Activity activity() const { return activity_; }

 private:
  struct Moving {
    Fling fling;
    TimePoint since{0};
    double from = 0;
  };
  void change_page(TimePoint now);
  void enter(char c, TimePoint now);
  void place_caret(bool shown, TimePoint now);
  void reset_letters();
  [[nodiscard]] Rect content() const;
  [[nodiscard]] Rect film() const;
  [[nodiscard]] Rect cell(std::size_t index) const;
  [[nodiscard]] Rect caret() const;
  [[nodiscard]] bool has_film() const;
  [[nodiscard]] bool has_letters() const;
  [[nodiscard]] std::size_t columns() const;
  [[nodiscard]] std::size_t rows() const;
  void paint_page(const LoadCanvas& canvas, Rect part) const;
  void paint_letters(const LoadCanvas& canvas, Rect part) const;
  void paint_film(const LoadCanvas& canvas, Rect part) const;
  void paint_text(const LoadCanvas& canvas, Rect part, std::int32_t x, std::int32_t y,
                  char c) const;

  const LoadAssets& assets_;
  Size size_;
  Region damage_;
  int minute_ = 0;
  Activity activity_ = Activity::kIdle;
  bool caret_wanted_ = false;
  std::optional<Activity> waiting_;
  bool waiting_caret_ = false;
  double scroll_ = 0;
  double touch_from_ = 0;  // where the finger came down, and where the page was then
  double touch_at_ = 0;
  double scroll_from_ = 0;
  bool touching_ = false;
  std::optional<Moving> moving_;
  std::optional<TimePoint> slide_since_;  // the new page is coming in from the right
  std::int32_t slide_x_ = 0;
  std::string letters_;  // of the whole grid, filled from its begin
  bool caret_shown_ = false;
  TimePoint caret_turn_{0};
  std::int64_t film_frame_ = 0;
  TimePoint film_turn_{0};
};

}  // namespace rp
