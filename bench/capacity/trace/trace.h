// TraceStream: what one user does, event after event, without end: fingers and keys, which the
// viewer sends, and what happens in the phone by itself, which the workload app shows. Both make
// the same stream from (workload, seed, user) and take their half, so nothing has to be handed from
// one to the other. A pure function of its arguments. Thread rule: plain values.
//
//   user: ─ idle ──────┬─ reading ─────────────────────────┬─ idle ─ …   spells, exponential
//                      │ tap, activity                     │
//                      └ down move×6 up · pause · down …   └ tap, activity
#pragma once

#include <cstdint>
#include <deque>

#include "bench/capacity/trace/random.h"
#include "bench/capacity/trace/workload.h"
#include "engine/base/clock.h"

namespace rp {

enum class TraceKind {
  // of the phone
  kActivity,  // `activity` begins
  kBubble,    // a message comes in
  // of the viewer
  kTouchDown,
  kTouchMove,
  kTouchUp,
  kKey,  // `key` down and up
};

struct TraceEvent {
  TraceKind kind = TraceKind::kActivity;
  Duration at{0};  // since the trace's begin; never before the event in front of it
  Activity activity = Activity::kIdle;
  bool caret = false;  // of kActivity: an idle phone's caret blinks all the same
  double x = 0;        // of touches: 0 to 1 across the display
  double y = 0;
  std::uint16_t key = 0;    // evdev code
  bool changes = false;     // the app answers this input with a changed picture
  Duration draws_until{0};  // of the last event of a motion: till then the app draws every frame
};

[[nodiscard]] constexpr bool is_input(TraceKind kind) { return kind >= TraceKind::kTouchDown; }

// The motion after a finger was lifted, which app and viewer must agree on: it starts with the
// finger's speed and decays exponentially.
struct Fling {
  static constexpr double kTimeConstant_s = 0.325;
  static constexpr double kLeastSpeed = 60;  // pixels a second: one a frame; slower is at rest
  static constexpr Duration kDrag = std::chrono::milliseconds(100);

  double speed = 0;  // pixels a second when the finger leaves
  // From the way the finger went in kDrag.
  [[nodiscard]] static Fling of_drag(double pixels);
  [[nodiscard]] Duration length() const;
  // Pixels gone `after` the finger left.
  [[nodiscard]] double way(Duration after) const;
};

// Where the apps' navigation is: a tap below this goes to another app.
inline constexpr double kNavigationTop = 0.96;
inline constexpr Duration kSwitchAnimation = std::chrono::milliseconds(250);
inline constexpr Duration kCaretBlink = std::chrono::milliseconds(530);

class TraceStream {
 public:
  // `height_px` of the display, which drags are measured in.
  TraceStream(const Workload& workload, std::uint64_t seed, std::uint64_t user, int height_px);

  // The first is always a kActivity at 0.
  [[nodiscard]] TraceEvent next();

 private:
  void begin_spell(Duration at);
  void fill();  // puts at least one event into ready_, or ends the spell
  void fling();
  void type(double mean_characters);
  void messages();
  void tap(double x, double y);
  [[nodiscard]] Duration seconds(double s) const;
  void push(TraceEvent event, Duration after);

  Workload workload_;
  TraceRandom random_;
  int height_px_;
  Activity activity_ = Activity::kIdle;
  Duration now_{0};
  Duration spell_end_{0};
  std::deque<TraceEvent> ready_;
};

}  // namespace rp
