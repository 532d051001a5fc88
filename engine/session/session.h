// Session: one phone from birth to death: its display, the way of its frames to the viewer, and the
// way of the viewer's input back. The phone lives on without a viewer; nothing is composed or
// encoded then.
//
//   Display ─ on_frame_wanted ─► pump() ─► compose ─► Encoder ─► Viewer(Sender)
//      ▲                           ▲ pump() also runs when the viewer can take a frame, when the
//      encoder is └── input ── Viewer         │ free and when the pacer's time has come; whichever
//      is last lets it through
//
// What happens when a stage is full: the capture waits and newer damage replaces older (counted as
// skipped); what has been encoded is always sent.
// Thread rule: lives on its shard's loop; all calls from that thread.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/event_loop.h"
#include "engine/capture/display.h"
#include "engine/compose/compose_batch.h"
#include "engine/compose/composer.h"
#include "engine/encode/encoder.h"
#include "engine/session/frame_pacer.h"
#include "engine/session/input_router.h"
#include "engine/session/input_track.h"
#include "engine/session/session_metrics.h"
#include "engine/session/video_window.h"
#include "engine/session/viewer.h"
#include "engine/tiles/tile_path.h"

namespace rp {

struct SessionOptions {
  std::string id;    // [a-z0-9-]{1,40}
  std::string name;  // for people
  DisplayOptions display;
  int max_refresh_hz = 60;  // whatever the viewer's screen can do
  // × 120. A phone that draws with a scale of its own (a nested compositor that knows no scale of
  // its display) gets a display of scale 1 with as many pixels as that scale needs for the viewer's
  // size; the viewer scales the picture when its density is another. 0: the phone follows the
  // display's scale.
  std::int32_t own_scale_120 = 0;
  // Viewers that ask for it get FWHT, where a device encodes that: for tests in the kernel lab.
  bool test_codec = false;
};

// Where a session gets its stages from; the shard fills it in from the driver tables.
struct SessionParts {
  EventLoop& loop;
  Registry& registry;
  std::function<Result<std::unique_ptr<Display>>(EventLoop&, const DisplayOptions&,
                                                 DisplayListener&)>
      make_display;
  std::shared_ptr<Composer> composer;  // phones of a shard share one
  TileScratch& tile_scratch;           // the shard's
  std::function<Result<std::unique_ptr<Encoder>>(const EncoderSettings&, Encoder::Completion)>
      make_encoder;
  // Of `composer`, for pictures that go from one device to another; null: each by itself.
  ComposeBatch* batch = nullptr;
};

struct SessionStatus {
  std::string id;
  std::string name;
  std::string encoder;  // empty while none is held
  Size size;
  int clients = 0;
  int viewers = 0;
  bool has_content = false;
  std::uint64_t frames = 0;
};

class Session final : private DisplayListener, private ViewerOwner {
 public:
  [[nodiscard]] static Result<std::unique_ptr<Session>> create(SessionParts parts,
                                                               SessionOptions options);
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;
  ~Session() override;

  // A viewer whose ticket has been checked. It replaces the one that is there (close code 4409).
  void attach(std::unique_ptr<Sender> sender, ViewerIdentity identity);
  [[nodiscard]] SessionStatus status() const;
  // Between two pictures, whatever display and viewer would take; 0: as short as they take.
  void set_least_interval(Duration interval);
  // Ends the viewer with this close code; the phone stays.
  void detach(wire::CloseCode code, std::string_view reason);

 private:
  // Without video for so long, the encoder goes to another phone.
  static constexpr Duration kRelease = std::chrono::seconds(2);

  Session(SessionParts parts, SessionOptions options);

  void on_frame_wanted() override;
  void on_cursor(const CursorImage& cursor) override;
  void on_clipboard(std::string_view text) override;
  void on_text_input(const TextInputState& state) override;

  void on_viewer_ready(Viewer& viewer) override;
  void on_viewer_mode(Viewer& viewer) override;
  void on_viewer_can_take_frame(Viewer& viewer) override;
  void on_viewer_wants_key(Viewer& viewer) override;
  void on_viewer_ack(Viewer& viewer, const ViewerAck& ack) override;
  void on_viewer_rate(Viewer& viewer) override;
  void on_viewer_payload_free(std::vector<std::uint8_t> payload) override;
  void on_viewer_gone(Viewer& viewer) override;
  InputRouter* viewer_input(Viewer& viewer) override;

  [[nodiscard]] bool watched() const;
  void pump();
  void pump_unwatched(TimePoint now);
  void tell_source_formats();
  void capture(TimePoint now);
  [[nodiscard]] bool capture_tiles(const Scene& scene, TimePoint now);
  void send_tiles(AccessUnit unit, const Scene& scene, TimePoint now, bool at_rest);
  void encode(const Scene& scene, TimePoint now, Rect shown);
  [[nodiscard]] FrameStamps stamps_of(const Scene& scene, TimePoint now) const;
  [[nodiscard]] std::size_t tile_bytes(std::uint32_t ms) const;
  [[nodiscard]] AccessUnit spare_unit();
  void give_back(std::vector<std::uint8_t> payload);
  void fit(Size size);
  [[nodiscard]] bool prepare_encoder(Rect window, Rect shown);
  [[nodiscard]] Result<std::unique_ptr<Encoder>> open_encoder(EncoderSettings settings);
  [[nodiscard]] bool takes_tiles() const {
    return viewer_->takes_tiles() && !devices_alone_ && cpu_reads_all_;
  }
  void look_for_devices();
  void drop_encoder();
  [[nodiscard]] Status compose(const Scene& scene, Rect window, Picture& picture);
  void on_batch(const Status& sent);
  void on_composed(const Status& composed);
  void release_encoder();
  void arm_rest(bool tiles, bool settled);
  void callbacks_pending(TimePoint now);
  void send_callbacks();
  void on_encoded(Result<AccessUnit> result);
  void send_unit();
  void drop_unit();
  void viewer_left();
  void note_wait(TimePoint now);
  void apply_mode();
  void apply_rate();
  void send_state();

  SessionParts parts_;
  SessionOptions options_;
  SessionMetrics metrics_;
  Gauge attached_;
  std::unique_ptr<Display> display_;
  std::shared_ptr<Composer> composer_;
  std::shared_ptr<PicturePool> pool_;
  std::unique_ptr<Encoder> encoder_;
  std::vector<Registry::Handle> handles_;  // of the display's counters and attached_
  std::unique_ptr<Viewer> viewer_;
  std::vector<std::unique_ptr<Viewer>> leaving_;  // closing; kept until their sender is done

  FramePacer pacer_;
  InputTrack inputs_;
  std::unique_ptr<InputRouter> router_;
  EventLoop::Timer capture_timer_;
  EventLoop::Timer callback_timer_;
  EventLoop::Timer rest_timer_;
  EventLoop::Timer release_timer_;
  TilePath tiles_;
  Size shown_size_;  // of the viewer's picture
  VideoWindow video_window_;
  Codec codec_ = Codec::kH264;                    // of encoder_
  Rect coded_;                                    // what of the picture encoder_ and pool_ are for
  std::optional<EncodeRequest> composing_;        // its picture is being composed
  Scene batched_;                                 // what is drawn in it, in case it fails
  Scene through_;                                 // the scene as seen through it
  std::vector<std::vector<std::uint8_t>> spare_;  // payloads that came back
  bool device_encodes_ = false;                   // the encoder, or the last one, is a device's
  bool devices_alone_ = false;       // and another draws: the CPU keeps its hands off the pixels
  bool cpu_reads_all_ = true;        // of the last scene's layers, which tiles are made of
  bool frame_wanted_ = false;        // the display has something new, or apps wait for callbacks
  bool video_expected_ = true;       // as the last picture was
  bool refresh_ = true;              // send a picture even without damage, as a key frame
  bool refine_ = false;              // send the picture once more: it has come to rest
  bool unit_is_refinement_ = false;  // of the picture in the encoder or in unit_
  int refinements_ = 0;              // since the picture last changed
  bool callbacks_due_ = false;
  std::optional<AccessUnit> unit_;  // encoded, waits for the sender
  TimePoint waiting_since_{0};      // 0: not waiting
  std::uint32_t next_sequence_ = 1;
  std::uint64_t shown_ = 0;  // pictures handed on; presentation feedback's counter
  std::uint32_t dropped_reported_ = 0;
  EncoderRate rate_;
  Duration least_interval_{0};
  CursorImage cursor_;
  TextInputState text_input_;
  // What posted tasks hold, weakly, to learn whether the session still is there.
  std::shared_ptr<Session*> self_ = std::make_shared<Session*>(this);
};

}  // namespace rp
