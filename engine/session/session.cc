#include "engine/session/session.h"

#include <algorithm>
#include <utility>

#include "engine/base/limits.h"
#include "engine/base/log.h"

namespace rp {
namespace {

Duration interval_of(std::int32_t refresh_mhz) {
  return Duration(1'000'000'000LL / std::max(refresh_mhz, 1'000));
}

// Keeps the size people see (pixels ÷ scale) and moves the scale into the pixels, as far as they
// may go.
OutputMode with_own_scale(OutputMode mode, std::int32_t own_scale_120) {
  if (own_scale_120 == 0 || mode.scale_120 <= 0) return mode;
  const double longest = std::max(mode.size.width, mode.size.height);
  const double shortest = std::min(mode.size.width, mode.size.height);
  const double factor =
      std::clamp(static_cast<double>(own_scale_120) / mode.scale_120,
                 limits::kMinOutputSide_px / shortest, limits::kMaxOutputSide_px / longest);
  mode.size.width = static_cast<std::int32_t>(mode.size.width * factor + 0.5);
  mode.size.height = static_cast<std::int32_t>(mode.size.height * factor + 0.5);
  mode.scale_120 = 120;
  return mode;
}

}  // namespace

Session::Session(SessionParts parts, SessionOptions options)
    : parts_(std::move(parts)),
      options_(std::move(options)),
      metrics_(parts_.registry, options_.id),
      pacer_(interval_of(options_.display.mode.refresh_mhz)),
      capture_timer_(parts_.loop.timer([this] { pump(); })),
      callback_timer_(parts_.loop.timer([this] { send_callbacks(); })),
      rest_timer_(parts_.loop.timer([this] {
        refine_ = true;
        pump();
      })),
      release_timer_(parts_.loop.timer([this] { release_encoder(); })),
      tiles_(parts_.tile_scratch) {}

Result<std::unique_ptr<Session>> Session::create(SessionParts parts, SessionOptions options) {
  std::unique_ptr<Session> session(new Session(std::move(parts), std::move(options)));
  Session& s = *session;
  s.options_.display.mode = with_own_scale(s.options_.display.mode, s.options_.own_scale_120);
  s.options_.display.source_formats = s.parts_.composer->source_formats();
  RP_ASSIGN(s.display_, s.parts_.make_display(s.parts_.loop, s.options_.display, s));
  s.composer_ = s.parts_.composer;
  s.router_ = std::make_unique<InputRouter>(s.parts_.loop.clock(), *s.display_, s.inputs_,
                                            s.metrics_.inputs);
  s.handles_.push_back(s.parts_.registry.add("rackphone_viewers", "Viewers attached now.",
                                             {{"phone", s.options_.id}}, s.attached_));
  const auto count = [&s](const char* name, const char* help, const Counter& counter) {
    s.handles_.push_back(s.parts_.registry.add(name, help, {{"phone", s.options_.id}}, counter));
  };
  const DisplayCounters& seen = s.display_->counters();
  count("rackphone_guest_commits_total", "Surface commits of the phone's apps.", seen.commits);
  count("rackphone_guest_errors_total", "Apps ended for what they did.", seen.protocol_errors);
  count("rackphone_guest_points_given_up_total", "Fences apps named and submitted no work for.",
        seen.points_given_up);
  count("rackphone_guest_shm_imports_total",
        "Buffers of apps' shared memory that a device reads where they lie.", seen.shm_imports);
  count("rackphone_guest_shm_refusals_total",
        "Those that came again and cannot be: copied for each picture.", seen.shm_refusals);
  return session;
}

Session::~Session() {
  if (composing_) parts_.batch->flush();  // the composer knows the picture
  // The display tells its listener nothing while it goes, but the encoder's completions and the
  // viewers' senders may hold references into this object, so they go first.
  encoder_.reset();
  viewer_.reset();
  leaving_.clear();
}

bool Session::watched() const { return viewer_ != nullptr && viewer_->watching(); }

SessionStatus Session::status() const {
  SessionStatus status;
  status.id = options_.id;
  status.name = options_.name;
  status.encoder = encoder_ != nullptr ? std::string(encoder_->name()) : std::string();
  status.size = display_->mode().size;
  status.clients = display_->client_count();
  status.viewers = viewer_ != nullptr ? 1 : 0;
  status.has_content = display_->has_content();
  status.frames = metrics_.frames.value();
  return status;
}

// ---- viewers

void Session::attach(std::unique_ptr<Sender> sender, ViewerIdentity identity) {
  if (viewer_ != nullptr) {
    detach(wire::CloseCode::kTakenOver, "another device took over");
  }
  metrics_.viewers.add();
  log_info("viewer.attached", {{"phone", options_.id},
                               {"user", identity.user},
                               {"session", identity.session},
                               {"peer", identity.peer}});
  viewer_ = std::make_unique<Viewer>(parts_.loop, std::move(sender), std::move(identity),
                                     options_.name, static_cast<ViewerOwner&>(*this));
  attached_.set(1);
}

void Session::detach(wire::CloseCode code, std::string_view reason) {
  if (viewer_ == nullptr) return;
  Viewer& old = *viewer_;
  viewer_left();
  old.close(code, reason);
}

void Session::viewer_left() {
  leaving_.push_back(std::move(viewer_));
  attached_.set(0);
  release_timer_.arm_after(kRelease);
  router_->release();
  waiting_since_ = {};
  refine_ = false;
  rest_timer_.cancel();
  drop_unit();
}

InputRouter* Session::viewer_input(Viewer& viewer) {
  if (viewer_.get() != &viewer) return nullptr;
  // A picture that waits for its turn asks again once the input has been handed on: it comes
  // sooner.
  if (waiting_since_.us != 0) capture_timer_.arm_at(parts_.loop.clock().now());
  return router_.get();
}

void Session::on_viewer_gone(Viewer& viewer) {
  if (viewer.ended_by_error()) metrics_.protocol_errors.add();
  if (viewer_.get() == &viewer) {
    log_info("viewer.gone", {{"phone", options_.id}, {"reason", viewer.end_reason()}});
    viewer_left();
  }
  // The viewer is still on the stack: it goes on the next turn.
  parts_.loop.post([alive = std::weak_ptr<Session*>(self_), gone = &viewer] {
    if (const auto self = alive.lock()) {
      std::erase_if((*self)->leaving_, [gone](const auto& v) { return v.get() == gone; });
    }
  });
  if (frame_wanted_) pump();
}

void Session::on_viewer_ready(Viewer& viewer) {
  if (const Status status = display_->set_layout(viewer.layout());
      !status && !viewer.layout().empty()) {
    log_info("viewer.layout_unknown", {{"phone", options_.id}, {"layout", viewer.layout()}});
  }
  apply_mode();
  send_state();
  refresh_ = true;
  pump();
}

// What a newcomer cannot learn from the pictures.
void Session::send_state() {
  viewer_->send_display(display_->mode());
  viewer_->send_cursor(cursor_);
  viewer_->send_text_input(text_input_);
  if (!display_->has_content()) {
    viewer_->notice(wire::NoticeLevel::kInfo, "phone.starting", "The phone is starting.");
  }
}

void Session::on_viewer_mode(Viewer& viewer) {
  if (viewer_.get() != &viewer) return;
  apply_mode();
  pump();
}

void Session::apply_mode() {
  OutputMode mode = with_own_scale(viewer_->wanted_mode(display_->mode()), options_.own_scale_120);
  const int cap_hz = viewer_->max_fps() > 0 ? viewer_->max_fps() : options_.max_refresh_hz;
  mode.refresh_mhz = std::min(cap_hz, options_.max_refresh_hz) * 1'000;
  if (mode != display_->mode()) {
    display_->set_mode(mode);
    frame_wanted_ = true;
  }
  apply_rate();
}

void Session::on_viewer_can_take_frame(Viewer& viewer) {
  if (viewer_.get() != &viewer) return;
  send_unit();
  pump();
}

void Session::on_viewer_wants_key(Viewer& viewer) {
  if (viewer_.get() != &viewer) return;
  refresh_ = true;
  pump();
}

void Session::on_viewer_ack(Viewer& viewer, const ViewerAck& ack) {
  if (viewer_.get() != &viewer) return;
  metrics_.delivery.observe(ack.delivery.count());
  metrics_.client_decode.observe(ack.decode.count());
  if (!ack.dropped) metrics_.client_present.observe(ack.present.count());
  if (ack.input_to_photon.count() > 0)
    metrics_.input_to_photon.observe(ack.input_to_photon.count());
  apply_rate();
}

void Session::on_viewer_rate(Viewer& viewer) {
  if (viewer_.get() == &viewer) apply_rate();
}

void Session::on_viewer_payload_free(std::vector<std::uint8_t> payload) {
  give_back(std::move(payload));
}

void Session::set_least_interval(Duration interval) {
  least_interval_ = interval;
  apply_rate();
}

void Session::apply_rate() {
  if (viewer_ == nullptr) return;
  pacer_.set_interval(std::max(
      {interval_of(display_->mode().refresh_mhz), viewer_->frame_interval(), least_interval_}));
  const EncoderRate rate{
      viewer_->target_kbps(),
      static_cast<std::uint32_t>(1'000'000 / std::max<std::int64_t>(pacer_.interval().count(), 1))};
  // Telling the encoder costs it work: small steps wait until they add up.
  const std::uint32_t step = rate_.bitrate_kbps / 16;
  const bool near = rate.bitrate_kbps <= rate_.bitrate_kbps + step &&
                    rate.bitrate_kbps + step >= rate_.bitrate_kbps;
  if (near && rate.framerate == rate_.framerate) return;
  rate_ = rate;
  if (encoder_ != nullptr) encoder_->set_rate(rate);
}

// ---- what the display tells

void Session::on_cursor(const CursorImage& cursor) {
  cursor_ = cursor;
  if (viewer_ != nullptr) viewer_->send_cursor(cursor_);
}

void Session::on_clipboard(std::string_view text) {
  if (viewer_ != nullptr) viewer_->send_clipboard(text);
}

void Session::on_text_input(const TextInputState& state) {
  text_input_ = state;
  if (viewer_ != nullptr) viewer_->send_text_input(text_input_);
}

}  // namespace rp
