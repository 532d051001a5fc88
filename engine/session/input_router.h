// InputRouter: the viewer's input in the wire's terms → the phone's display, in pixels. Several
// touches that came in one WebSocket message become one touch frame. Thread rule: the session's
// shard.
#pragma once

#include "engine/base/event_loop.h"
#include "engine/base/metrics.h"
#include "engine/capture/display.h"
#include "engine/session/input_track.h"
#include "engine/wire/input.h"
#include "engine/wire/text.h"

namespace rp {

class InputRouter {
 public:
  // All borrowed; must outlive the router.
  InputRouter(const Clock& clock, Display& display, InputTrack& track, Counter& inputs)
      : clock_(clock), display_(display), track_(track), inputs_(inputs) {}

  void touch(const wire::Touch& touch);
  void pointer(const wire::Pointer& pointer);
  void wheel(const wire::Wheel& wheel);
  void key(const wire::Key& key);
  void text(const wire::Text& text);
  void clipboard(const wire::Clipboard& clipboard);
  // After the last message of one WebSocket message.
  void end_of_batch();
  // The viewer is gone or replaced: everything held down is released.
  void release();

 private:
  void delivered(std::uint32_t sequence);

  const Clock& clock_;
  Display& display_;
  InputTrack& track_;
  Counter& inputs_;
  bool touch_open_ = false;  // touch events without their frame yet
};

}  // namespace rp
