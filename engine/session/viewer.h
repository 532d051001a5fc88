// Viewer: one browser (or app) watching a phone: speaks the stream protocol over its Sender, keeps
// what it asked for (shape, quality, visibility), and measures its link. Knows nothing of pictures.
//
//   Sender ─ bytes ─► Viewer ─ typed ─► ViewerOwner (the Session)
//
// Thread rule: the session's shard. ViewerOwner is called from the loop; it may close the viewer in
// a call, but must not destroy it before the loop's next turn.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/base/event_loop.h"
#include "engine/capture/display.h"
#include "engine/encode/encoder.h"
#include "engine/transport/frame_rate.h"
#include "engine/transport/rate_controller.h"
#include "engine/transport/sender.h"
#include "engine/wire/dispatch.h"

namespace rp {

class InputRouter;

// From the ticket and the connection; for logs and the audit.
struct ViewerIdentity {
  std::string user;
  std::string session;
  std::string device;
  std::string peer;  // address
};

struct ViewerAck {
  bool dropped = false;
  Duration delivery{0};  // handed to the transport → this acknowledgement
  Duration decode{0};
  Duration present{0};
  Duration input_to_photon{0};  // 0: none
};

// What the flags of VIDEO say of a frame.
struct VideoContext {
  bool after_drop = false;  // changes before this one were not shown
  bool at_rest = false;     // the same picture again, refined
};

class Viewer;

class ViewerOwner {
 public:
  virtual ~ViewerOwner() = default;
  virtual void on_viewer_ready(Viewer& viewer) = 0;  // HELLO has come
  virtual void on_viewer_mode(
      Viewer& viewer) = 0;  // shape, rate or visibility wished for has changed
  virtual void on_viewer_can_take_frame(Viewer& viewer) = 0;
  virtual void on_viewer_wants_key(Viewer& viewer) = 0;
  virtual void on_viewer_ack(Viewer& viewer, const ViewerAck& ack) = 0;
  virtual void on_viewer_rate(Viewer& viewer) = 0;  // target_kbps() may have changed
  virtual void on_viewer_payload_free(std::vector<std::uint8_t> payload) = 0;
  virtual void on_viewer_gone(Viewer& viewer) = 0;  // the last call
  // Where this viewer's input goes; null when it may not send any (it is on its way out).
  virtual InputRouter* viewer_input(Viewer& viewer) = 0;
};

class Viewer final : private SenderListener, private wire::ClientMessages {
 public:
  Viewer(EventLoop& loop, std::unique_ptr<Sender> sender, ViewerIdentity identity,
         std::string phone_name, ViewerOwner& owner);
  Viewer(const Viewer&) = delete;
  Viewer& operator=(const Viewer&) = delete;
  ~Viewer() override;

  [[nodiscard]] const ViewerIdentity& identity() const { return identity_; }
  [[nodiscard]] bool ready() const { return ready_; }
  // Wants pictures: has said hello, is visible, is not leaving.
  [[nodiscard]] bool watching() const { return ready_ && visible_ && !closing_; }
  [[nodiscard]] bool can_take_frame() const;
  [[nodiscard]] const std::string& layout() const { return layout_; }
  // Takes TILES and VIDEO that is shown in part.
  [[nodiscard]] bool takes_tiles() const { return (features_ & wire::kFeatureLosslessTiles) != 0; }
  // All decode H.264; FWHT, which the kernel's test device encodes, whoever asks for it.
  [[nodiscard]] bool takes(Codec codec) const {
    return codec == Codec::kH264 || (codec == Codec::kFwht && (codecs_ & wire::kCodecFwht) != 0);
  }
  [[nodiscard]] int max_fps() const;
  [[nodiscard]] bool quality_first() const {
    return quality_.mode == wire::QualityMode::kQualityFirst;
  }
  [[nodiscard]] OutputMode wanted_mode(const OutputMode& now) const;
  [[nodiscard]] std::uint32_t target_kbps() const;
  // At least so long from one picture to the next, as the link is and the viewer prefers.
  [[nodiscard]] Duration frame_interval() const { return frame_rate_.interval(); }
  [[nodiscard]] bool ended_by_error() const { return ended_by_error_; }
  [[nodiscard]] const std::string& end_reason() const { return end_reason_; }

  // False when the sender does not take it now; `unit` is then untouched. On success unit.bytes is
  // gone.
  [[nodiscard]] bool send_frame(AccessUnit& unit, TimePoint now, VideoContext context);
  void send_display(const OutputMode& mode);
  void send_cursor(const CursorImage& cursor);
  void send_text_input(const TextInputState& state);
  void send_clipboard(std::string_view text);
  void notice(wire::NoticeLevel level, std::string_view code, std::string_view text);
  void close(wire::CloseCode code, std::string_view reason);

 private:
  void on_message(std::span<const std::uint8_t> bytes) override;
  void on_ready_for_frame() override;
  void on_payload_free(std::vector<std::uint8_t> payload) override;
  void on_closed(const Error& why) override;

  Status on_hello(const wire::Hello& hello) override;
  Status on_resize(const wire::Resize& resize) override;
  Status on_rotate(const wire::Rotate& rotate) override;
  Status on_quality(const wire::Quality& quality) override;
  Status on_ack(const wire::Ack& ack) override;
  Status on_ping(const wire::Ping& ping) override;
  Status on_key_request() override;
  Status on_visibility(const wire::Visibility& visibility) override;
  Status on_touch(const wire::Touch& touch) override;
  Status on_pointer(const wire::Pointer& pointer) override;
  Status on_wheel(const wire::Wheel& wheel) override;
  Status on_key(const wire::Key& key) override;
  Status on_text(const wire::Text& text) override;
  Status on_clipboard(const wire::Clipboard& clipboard) override;

  [[nodiscard]] Status need_hello() const;
  [[nodiscard]] bool hand_over(AccessUnit& unit, const wire::Frame& frame);
  template <typename Message>
  void send(const Message& message);
  void send_bytes();
  void send_stats(TimePoint now);
  void update_rate();
  void apply_quality();
  void silent();

  EventLoop& loop_;
  std::unique_ptr<Sender> sender_;
  ViewerIdentity identity_;
  std::string phone_name_;
  ViewerOwner& owner_;
  RateController rate_;
  FrameRate frame_rate_;
  EventLoop::Timer silence_timer_;
  EventLoop::Timer rate_timer_;  // armed only while frames are unacknowledged
  EventLoop::Timer resize_timer_;
  bool ready_ = false;
  bool visible_ = true;
  bool closing_ = false;
  bool ended_by_error_ = false;
  std::string end_reason_;
  std::string layout_;
  std::uint32_t codecs_ = 0;
  std::uint32_t features_ = 0;
  wire::Resize shape_;
  wire::Resize next_shape_;
  std::uint8_t quarter_turns_ = 0;
  std::uint8_t screen_fps_ = 60;
  wire::Quality quality_;
  TimePoint last_key_request_{0};
  TimePoint last_stats_{0};
  std::uint32_t frames_since_stats_ = 0;
  std::uint32_t last_sent_ = 0;
  std::uint32_t last_acknowledged_ = 0;
  std::uint32_t dropped_ = 0;
  // When each of the last frames was handed to the sender, by sequence modulo the size.
  std::array<std::pair<std::uint32_t, TimePoint>, 16> sent_{};
  std::vector<std::uint8_t> scratch_;  // one outgoing control message
};

}  // namespace rp
