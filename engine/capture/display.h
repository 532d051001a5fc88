// Display: the Wayland display server of one phone. Apps in the container connect to its socket;
// their surfaces become a Scene; the viewer's input goes to them through its seat. Thread rule:
// lives on its shard's loop; every call and every listener call is on that thread.
//
// A guest is hostile: whatever a client does ends at most that client (a protocol error, counted in
// DisplayCounters), never the display, never the engine. All bounds are in engine/base/limits.h.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/event_loop.h"
#include "engine/base/metrics.h"
#include "engine/base/result.h"
#include "engine/frame/frame.h"
#include "engine/frame/source_formats.h"

namespace rp {

struct OutputMode {
  Size size{720, 1280};  // pixels
  std::int32_t scale_120 =
      120;  // wp_fractional_scale's unit; wl_output.scale is this rounded up to a whole
  std::int32_t refresh_mhz = 60'000;
  friend bool operator==(const OutputMode&, const OutputMode&) = default;
};

class MemfdDevice;
class SyncDevice;

struct DisplayOptions {
  std::string
      socket_path;  // made with mode 0666 (the directory above it guards it), removed at the end
  OutputMode mode;
  std::string xkb_layout = "us";                                 // "de", "us(intl)"
  SharedSourceFormats source_formats = linear_source_formats();  // of dma-bufs that are taken
  // Outlive the display; null: none here.
  SyncDevice* sync = nullptr;     // for clients' own fences
  MemfdDevice* memfds = nullptr;  // for shared memory, where the composer imports dma-bufs
};

struct CursorImage {
  enum class Kind { kDefault, kHidden, kShape, kImage } kind = Kind::kDefault;
  std::string shape;  // CSS name, for kShape
  Size size;          // for kImage
  std::int32_t hotspot_x = 0;
  std::int32_t hotspot_y = 0;
  std::vector<std::uint8_t> rgba;  // straight alpha, size.width * size.height * 4 bytes
};

struct TextInputState {
  bool active = false;
  std::uint32_t purpose = 0;  // zwp_text_input_v3.content_purpose
  Rect caret;                 // output pixels
};

// Told by the display; never called from inside a call into the display. None may destroy the
// display.
class DisplayListener {
 public:
  virtual ~DisplayListener() = default;
  // The scene has changed, or a client asks for a frame callback. Once, until the next
  // take_scene().
  virtual void on_frame_wanted() = 0;
  virtual void on_cursor(const CursorImage& cursor) = 0;
  // Text was copied in the phone (UTF-8, at most limits::kMaxClipboardBytes).
  virtual void on_clipboard(std::string_view text) = 0;
  virtual void on_text_input(const TextInputState& state) = 0;
};

struct DisplayCounters {
  Counter clients;  // ever connected
  Counter commits;
  Counter protocol_errors;  // clients ended for what they did
  Counter buffer_faults;    // of these: memory that shrank under the mapping
  Counter limits_hit;       // of these: over a bound of limits.h
  Counter points_given_up;  // acquire points that got no fence in time (explicit_sync.h)
  Counter shm_imports;      // buffers of shared memory that became dma-bufs (shm_pools.h)
  Counter shm_refusals;     // that came again and could not
};

enum class PointerButton : std::uint8_t { kLeft, kMiddle, kRight, kBack, kForward };

class Display {
 public:
  [[nodiscard]] static Result<std::unique_ptr<Display>> create(EventLoop& loop,
                                                               const DisplayOptions& options,
                                                               DisplayListener& listener);
  virtual ~Display() = default;

  // ---- pictures
  // What is shown now; scene.damage and scene.committed restart. The scene shares buffers with the
  // surfaces: drop it soon after composing. An empty damage with pending frame callbacks is
  // possible.
  [[nodiscard]] virtual Scene take_scene() = 0;
  // Frame callbacks of surfaces shown by the last take_scene() go out, and presentation feedback
  // for it: `shown` is when the picture was handed on, `sequence` counts up by one a call.
  virtual void frame_done(TimePoint shown, std::uint64_t sequence) = 0;
  // New output shape: tells every client, configures the toplevels; they answer with new buffers.
  virtual void set_mode(const OutputMode& mode) = 0;
  [[nodiscard]] virtual const OutputMode& mode() const = 0;
  // The composer takes other dma-bufs from now on: clients that ask are told and allocate anew.
  virtual void set_source_formats(const SharedSourceFormats& formats) = 0;
  // True when at least one mapped surface is on the output.
  [[nodiscard]] virtual bool has_content() const = 0;
  [[nodiscard]] virtual int client_count() const = 0;
  [[nodiscard]] virtual const DisplayCounters& counters() const = 0;

  // ---- input; coordinates are output pixels
  virtual void pointer_motion(double x, double y) = 0;
  virtual void pointer_button(PointerButton button, bool pressed) = 0;
  // Positive is right and down. `notches_120` is 0 for continuous scrolling, else 120 a wheel
  // notch.
  virtual void pointer_axis(double dx, double dy, std::int32_t notches_120_x,
                            std::int32_t notches_120_y) = 0;
  virtual void pointer_leave() = 0;
  virtual void touch_down(int slot, double x, double y) = 0;
  virtual void touch_motion(int slot, double x, double y) = 0;
  virtual void touch_up(int slot) = 0;
  virtual void touch_frame() = 0;
  virtual void touch_cancel() = 0;
  virtual void key(std::uint32_t evdev_code, bool pressed) = 0;
  // UTF-8. To the focused text input when one is enabled, else as key presses (a keymap is made for
  // characters the layout lacks).
  virtual void commit_text(std::string_view text) = 0;
  virtual void preedit_text(std::string_view text, std::int32_t cursor_bytes) = 0;
  // "de", "us(intl)"; kInvalid keeps the layout that was.
  [[nodiscard]] virtual Status set_layout(std::string_view xkb_layout) = 0;
  // The viewer left: keys, buttons and touches are released.
  virtual void release_input() = 0;
  // The viewer's clipboard becomes the phone's selection.
  virtual void set_clipboard(std::string text) = 0;
};

}  // namespace rp
