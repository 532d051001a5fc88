#include "engine/session/viewer.h"

#include <algorithm>
#include <array>
#include <utility>

#include "engine/base/log.h"
#include "engine/session/input_router.h"
#include "engine/session/span.h"

namespace rp {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Duration kHelloDeadline = seconds(5);
constexpr Duration kSilenceDeadline = seconds(15);
constexpr Duration kResizeMerge = milliseconds(100);
constexpr Duration kKeyRequestGap = milliseconds(500);
constexpr Duration kStatsInterval = seconds(1);
constexpr Duration kRateInterval = milliseconds(50);
constexpr std::uint32_t kOurFeatures =
    wire::kFeatureLosslessTiles | wire::kFeatureCursorImages | wire::kFeatureClipboard;

}  // namespace

Viewer::Viewer(EventLoop& loop, std::unique_ptr<Sender> sender, ViewerIdentity identity,
               std::string phone_name, ViewerOwner& owner)
    : loop_(loop),
      sender_(std::move(sender)),
      identity_(std::move(identity)),
      phone_name_(std::move(phone_name)),
      owner_(owner),
      silence_timer_(loop.timer([this] { silent(); })),
      rate_timer_(loop.timer([this] { update_rate(); })),
      resize_timer_(loop.timer([this] {
        shape_ = next_shape_;
        owner_.on_viewer_mode(*this);
      })) {
  sender_->set_listener(*this);
  silence_timer_.arm_after(kHelloDeadline);
}

Viewer::~Viewer() = default;

void Viewer::silent() {
  ended_by_error_ = true;
  close(wire::CloseCode::kSilent, ready_ ? "no sign of life for 15 s" : "no HELLO within 5 s");
}

void Viewer::close(wire::CloseCode code, std::string_view reason) {
  if (std::exchange(closing_, true)) return;
  end_reason_ = reason;
  silence_timer_.cancel();
  resize_timer_.cancel();
  sender_->close(static_cast<std::uint16_t>(code), reason);
}

// ---- what it wants

bool Viewer::can_take_frame() const { return watching() && sender_->ready_for_frame(); }

int Viewer::max_fps() const {
  return quality_.max_fps == 0 ? screen_fps_ : std::min(screen_fps_, quality_.max_fps);
}

OutputMode Viewer::wanted_mode(const OutputMode& now) const {
  OutputMode mode = now;
  if (shape_.width_px == 0) return mode;
  mode.size = {shape_.width_px, shape_.height_px};
  if (quarter_turns_ % 2 != 0) std::swap(mode.size.width, mode.size.height);
  mode.scale_120 = shape_.scale_120;
  return mode;
}

std::uint32_t Viewer::target_kbps() const { return rate_.target_kbps(); }

// ---- out

template <typename Message>
void Viewer::send(const Message& message) {
  scratch_.clear();
  wire::append(scratch_, message);
  send_bytes();
}

void Viewer::send_bytes() {
  if (closing_) return;
  if (const Status status = sender_->send(scratch_); !status) {
    ended_by_error_ = true;
    close(wire::CloseCode::kSilent, "the viewer does not read");
  }
}

namespace {

wire::Frame frame_of(const AccessUnit& unit, TimePoint now, VideoContext context) {
  const FrameStamps& stamps = unit.stamps;
  return {.after_drop = context.after_drop,
          .at_rest = context.at_rest,
          .sequence = stamps.sequence,
          .input_sequence = stamps.input_sequence,
          .capture_time_us = static_cast<std::uint64_t>(stamps.committed.us),
          .capture_us = span_us(stamps.committed, stamps.captured),
          .compose_us = span_us(stamps.captured, stamps.composed),
          .encode_us = span_us(stamps.composed, stamps.encoded),
          .send_us = span_us(stamps.encoded, now),
          .width_px = static_cast<std::uint16_t>(unit.size.width),
          .height_px = static_cast<std::uint16_t>(unit.size.height)};
}

}  // namespace

bool Viewer::hand_over(AccessUnit& unit, const wire::Frame& frame) {
  if (unit.operations != 0) {
    const auto header = wire::serialise(wire::Tiles{frame, unit.operations}, unit.bytes.size());
    return sender_->send_frame(header, std::move(unit.bytes), frame.sequence).has_value();
  }
  const Rect whole{0, 0, unit.size.width, unit.size.height};
  const Rect coded = unit.window.empty() ? whole : unit.window;
  const Rect shown = unit.shown.empty() ? coded
                                        : Rect{coded.x + unit.shown.x, coded.y + unit.shown.y,
                                               unit.shown.width, unit.shown.height};
  const auto area = [](Rect r) {
    const auto px = [](std::int32_t v) { return static_cast<std::uint16_t>(v); };
    return wire::Area{px(r.x), px(r.y), px(r.width), px(r.height)};
  };
  const wire::Video video{frame, unit.key, static_cast<std::uint8_t>(unit.codec), area(shown),
                          area(coded)};
  const auto header = wire::serialise(video, unit.bytes.size());
  return sender_->send_frame(header, std::move(unit.bytes), frame.sequence).has_value();
}

bool Viewer::send_frame(AccessUnit& unit, TimePoint now, VideoContext context) {
  if (!sender_->ready_for_frame()) return false;
  const FrameStamps stamps = unit.stamps;
  const int qp = unit.operations == 0 ? unit.qp : 0;
  if (!hand_over(unit, frame_of(unit, now, context))) return false;
  sent_[stamps.sequence % sent_.size()] = {stamps.sequence, now};
  last_sent_ = stamps.sequence;
  frame_rate_.on_picture(qp, now);
  if (!rate_timer_.armed()) rate_timer_.arm_after(kRateInterval);
  ++frames_since_stats_;
  if (context.after_drop) ++dropped_;
  send_stats(now);
  return true;
}

// A link that has stopped sends no acknowledgements, so time itself has to tell the controller.
void Viewer::update_rate() {
  if (closing_ || last_acknowledged_ == last_sent_) return;
  rate_.update(loop_.clock().now(), sender_->estimate());
  owner_.on_viewer_rate(*this);
  rate_timer_.arm_after(kRateInterval);
}

void Viewer::send_stats(TimePoint now) {
  const Duration elapsed = now - last_stats_;
  if (elapsed < kStatsInterval) return;
  const LinkEstimate link = sender_->estimate();
  wire::Stats stats;
  stats.bitrate_kbps = target_kbps();
  stats.link_kbps = link.bandwidth_kbps;
  stats.rtt_us = span_us({0}, {link.rtt.count()});
  stats.dropped = dropped_;
  const std::int64_t fps_100 = std::int64_t{frames_since_stats_} * 100'000'000 / elapsed.count();
  stats.fps_100 = static_cast<std::uint16_t>(std::min<std::int64_t>(fps_100, UINT16_MAX));
  last_stats_ = now;
  frames_since_stats_ = 0;
  send(stats);
}

void Viewer::send_display(const OutputMode& mode) {
  send(wire::DisplayShape{static_cast<std::uint16_t>(mode.size.width),
                          static_cast<std::uint16_t>(mode.size.height),
                          static_cast<std::uint16_t>(mode.scale_120), quarter_turns_});
}

void Viewer::send_cursor(const CursorImage& cursor) {
  wire::Cursor message;
  switch (cursor.kind) {
    case CursorImage::Kind::kDefault:
      message.shape = "default";
      break;
    case CursorImage::Kind::kHidden:
      message.hidden = true;
      break;
    case CursorImage::Kind::kShape:
      message.shape = cursor.shape;
      break;
    case CursorImage::Kind::kImage:
      if ((features_ & wire::kFeatureCursorImages) == 0) {
        message.shape = "default";
        break;
      }
      message.width_px = static_cast<std::uint16_t>(cursor.size.width);
      message.height_px = static_cast<std::uint16_t>(cursor.size.height);
      message.hotspot_x = static_cast<std::int16_t>(cursor.hotspot_x);
      message.hotspot_y = static_cast<std::int16_t>(cursor.hotspot_y);
      message.rgba = cursor.rgba;
      break;
  }
  scratch_.clear();
  if (wire::append(scratch_, message)) send_bytes();
}

void Viewer::send_text_input(const TextInputState& state) {
  send(wire::TextInput{state.active, static_cast<std::uint8_t>(state.purpose), state.caret.x,
                       state.caret.y, state.caret.width, state.caret.height});
}

void Viewer::send_clipboard(std::string_view text) {
  if ((features_ & wire::kFeatureClipboard) == 0) return;
  scratch_.clear();
  wire::append_phone_clipboard(scratch_, {text});
  send_bytes();
}

void Viewer::notice(wire::NoticeLevel level, std::string_view code, std::string_view text) {
  send(wire::Notice{level, code, text});
}

// ---- what the sender tells

void Viewer::on_message(std::span<const std::uint8_t> bytes) {
  if (closing_) return;
  silence_timer_.arm_after(ready_ ? kSilenceDeadline : kHelloDeadline);
  const Status status = wire::dispatch(bytes, *this);
  if (InputRouter* input = owner_.viewer_input(*this)) input->end_of_batch();
  if (status || closing_) return;
  ended_by_error_ = true;
  log_limited(
      LogLevel::kWarning, "viewer.protocol_error",
      {{"session", identity_.session}, {"peer", identity_.peer}, {"error", status.error()}});
  close(wire::CloseCode::kProtocolError, status.error().message());
}

void Viewer::on_ready_for_frame() {
  if (!closing_) owner_.on_viewer_can_take_frame(*this);
}

void Viewer::on_payload_free(std::vector<std::uint8_t> payload) {
  owner_.on_viewer_payload_free(std::move(payload));
}

void Viewer::on_closed(const Error& why) {
  if (end_reason_.empty()) end_reason_ = why.message();
  closing_ = true;
  silence_timer_.cancel();
  resize_timer_.cancel();
  owner_.on_viewer_gone(*this);
}

// ---- messages

Status Viewer::need_hello() const {
  if (ready_) return {};
  return fail(ErrorCode::kInvalid, "the first message must be HELLO");
}

Status Viewer::on_hello(const wire::Hello& hello) {
  if (ready_) return fail(ErrorCode::kInvalid, "HELLO: sent twice");
  if (hello.version_min > wire::kProtocolVersion || hello.version_max < wire::kProtocolVersion) {
    close(wire::CloseCode::kVersion, "no common version: this server speaks 1");
    return {};
  }
  if ((hello.codecs & wire::kCodecH264) == 0) {
    return fail(ErrorCode::kInvalid, "HELLO: codecs: H.264 is needed");
  }
  shape_ = {hello.width_px, hello.height_px, hello.scale_120};
  next_shape_ = shape_;
  screen_fps_ = hello.max_fps;
  quality_.mode = hello.quality;
  apply_quality();
  codecs_ = hello.codecs;
  features_ = hello.features;
  layout_ = hello.layout;
  ready_ = true;
  silence_timer_.arm_after(kSilenceDeadline);
  wire::Welcome welcome;
  welcome.features = features_ & kOurFeatures;
  welcome.server_time_us = static_cast<std::uint64_t>(loop_.clock().now().us);
  welcome.phone = phone_name_;
  welcome.session = identity_.session;
  send(welcome);
  owner_.on_viewer_ready(*this);
  return {};
}

Status Viewer::on_resize(const wire::Resize& resize) {
  RP_TRY(need_hello());
  next_shape_ = resize;
  if (!resize_timer_.armed()) resize_timer_.arm_after(kResizeMerge);
  return {};
}

Status Viewer::on_rotate(const wire::Rotate& rotate) {
  RP_TRY(need_hello());
  quarter_turns_ = rotate.quarter_turns;
  owner_.on_viewer_mode(*this);
  return {};
}

void Viewer::apply_quality() {
  const auto preference = [&] {
    switch (quality_.mode) {
      case wire::QualityMode::kQualityFirst:
        return FramePreference::kQuality;
      case wire::QualityMode::kSpeedFirst:
        return FramePreference::kSpeed;
      default:
        return FramePreference::kAutomatic;
    }
  };
  frame_rate_.set(preference(), max_fps());
}

Status Viewer::on_quality(const wire::Quality& quality) {
  RP_TRY(need_hello());
  quality_ = quality;
  rate_.set_cap(quality.max_kbps);
  apply_quality();
  owner_.on_viewer_mode(*this);
  return {};
}

Status Viewer::on_ack(const wire::Ack& ack) {
  RP_TRY(need_hello());
  const TimePoint now = loop_.clock().now();
  const auto& [sequence, sent] = sent_[ack.sequence % sent_.size()];
  if (sequence != ack.sequence || sequence == 0)
    return {};  // older than we remember, or never sent
  sender_->acknowledge(ack.sequence, now);
  last_acknowledged_ = ack.sequence;
  rate_.update(now, sender_->estimate());
  owner_.on_viewer_ack(*this, {ack.dropped, now - sent, Duration(ack.decode_us),
                               Duration(ack.present_us), Duration(ack.input_to_photon_us)});
  return {};
}

Status Viewer::on_ping(const wire::Ping& ping) {
  send(wire::Pong{ping.client_time_us, static_cast<std::uint64_t>(loop_.clock().now().us)});
  return {};
}

Status Viewer::on_key_request() {
  RP_TRY(need_hello());
  const TimePoint now = loop_.clock().now();
  if (now - last_key_request_ < kKeyRequestGap) return {};
  last_key_request_ = now;
  owner_.on_viewer_wants_key(*this);
  return {};
}

Status Viewer::on_visibility(const wire::Visibility& visibility) {
  RP_TRY(need_hello());
  if (std::exchange(visible_, visibility.visible) == visible_) return {};
  if (visible_) owner_.on_viewer_wants_key(*this);
  return {};
}

Status Viewer::on_touch(const wire::Touch& touch) {
  RP_TRY(need_hello());
  if (InputRouter* input = owner_.viewer_input(*this)) input->touch(touch);
  return {};
}

Status Viewer::on_pointer(const wire::Pointer& pointer) {
  RP_TRY(need_hello());
  if (InputRouter* input = owner_.viewer_input(*this)) input->pointer(pointer);
  return {};
}

Status Viewer::on_wheel(const wire::Wheel& wheel) {
  RP_TRY(need_hello());
  if (InputRouter* input = owner_.viewer_input(*this)) input->wheel(wheel);
  return {};
}

Status Viewer::on_key(const wire::Key& key) {
  RP_TRY(need_hello());
  if (InputRouter* input = owner_.viewer_input(*this)) input->key(key);
  return {};
}

Status Viewer::on_text(const wire::Text& text) {
  RP_TRY(need_hello());
  if (InputRouter* input = owner_.viewer_input(*this)) input->text(text);
  return {};
}

Status Viewer::on_clipboard(const wire::Clipboard& clipboard) {
  RP_TRY(need_hello());
  if (InputRouter* input = owner_.viewer_input(*this)) input->clipboard(clipboard);
  return {};
}

}  // namespace rp
