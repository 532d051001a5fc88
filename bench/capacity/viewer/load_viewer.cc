#include "bench/capacity/viewer/load_viewer.h"

#include <algorithm>
#include <utility>

#include "bench/capacity/viewer/upgrade.h"

namespace rp {
namespace {

// A page that shows film has come in and moves by then.
constexpr Duration kFilmStart = std::chrono::milliseconds(1'500);
// As long as the page leaves a full server alone (tools/web/src/stream/reconnect.ts).
constexpr Duration kFullDelay = std::chrono::seconds(5);
constexpr TimePoint kForever{INT64_MAX / 2};
// The last wait of a motion counts when it is longer than this: two frames at 60 a second.
constexpr Duration kLastWait = std::chrono::microseconds(33'400);

float milliseconds(Duration d) { return static_cast<float>(static_cast<double>(d.count()) / 1e3); }

std::uint16_t across(double v) {
  return static_cast<std::uint16_t>(std::clamp(v, 0.0, 1.0) * 65'535);
}

void append_all(std::vector<float>& to, const std::vector<float>& from) {
  to.insert(to.end(), from.begin(), from.end());
}

}  // namespace

void ViewerSamples::add(const ViewerSamples& other) {
  append_all(input_to_photon_ms, other.input_to_photon_ms);
  append_all(frame_interval_ms, other.frame_interval_ms);
  append_all(commit_to_received_ms, other.commit_to_received_ms);
  append_all(frame_bytes, other.frame_bytes);
  frames_after_drop += other.frames_after_drop;
  bytes_received += other.bytes_received;
  bytes_sent += other.bytes_sent;
  inputs += other.inputs;
}

LoadViewer::LoadViewer(EventLoop& loop, std::shared_ptr<TlsContext> tls, ViewerSamples& samples,
                       LoadViewerOptions options)
    : loop_(loop),
      tls_(std::move(tls)),
      samples_(samples),
      options_(std::move(options)),
      trace_(options_.workload, options_.seed, options_.user, options_.size.height),
      next_event_(trace_.next()),
      ping_timer_(loop.timer([this] { ping(); })),
      ack_timer_(loop.timer([this] { send_due_acks(); })),
      trace_timer_(loop.timer([this] { play(); })),
      retry_timer_(loop.timer([this] { start(); })) {}

LoadViewer::~LoadViewer() = default;

void LoadViewer::start() {
  sender_.reset();
  end_reason_.clear();
  upgrade_ = std::make_unique<Upgrade>(
      loop_,
      [this](Result<std::unique_ptr<WebSocketSender>> sender) { upgraded(std::move(sender)); });
  if (const Status status = upgrade_->start(tls_, options_); !status) end(status.error().message());
}

void LoadViewer::upgraded(Result<std::unique_ptr<WebSocketSender>> sender) {
  // The upgrade is on the stack above.
  loop_.post([done = std::shared_ptr<Upgrade>(std::move(upgrade_))] {});
  if (!sender) return end(sender.error().message());
  sender_ = std::move(*sender);
  sender_->set_listener(*this);
  wire::Hello hello;
  hello.features =
      wire::kFeatureLosslessTiles | wire::kFeatureCursorImages | wire::kFeatureTouchScreen;
  hello.width_px = static_cast<std::uint16_t>(options_.size.width);
  hello.height_px = static_cast<std::uint16_t>(options_.size.height);
  hello.layout = "us";
  hello.client = "rackphone-bench";
  send(hello);
  ping();
  play();
}

void LoadViewer::end(std::string reason) {
  if (end_reason_.empty()) end_reason_ = std::move(reason);
  ping_timer_.cancel();
  ack_timer_.cancel();
  trace_timer_.cancel();
}

template <typename Message>
void LoadViewer::send(const Message& message) {
  if (!connected()) return;
  scratch_.clear();
  wire::append(scratch_, message);
  samples_.bytes_sent += scratch_.size();
  if (const Status status = sender_->send(scratch_); !status) end(status.error().message());
}

void LoadViewer::ping() {
  send(wire::Ping{static_cast<std::uint64_t>(loop_.clock().now().us)});
  if (connected()) ping_timer_.arm_after(std::chrono::seconds(1));
}

void LoadViewer::on_message(std::span<const std::uint8_t> bytes) {
  samples_.bytes_received += bytes.size();
  const Status status = wire::dispatch(bytes, static_cast<wire::ServerMessages&>(*this));
  if (!status) end(status.error().message());
}

void LoadViewer::on_closed(const Error& why) {
  end(why.message());
  const bool full =
      sender_->close_code() == static_cast<std::uint16_t>(wire::CloseCode::kServerFull);
  if (full && !launch_time_) retry_timer_.arm_after(kFullDelay);
}

void LoadViewer::on_video(const wire::Video& video, std::span<const std::uint8_t> data) {
  received(video, data.size() + wire::kVideoHeaderBytes);
}

void LoadViewer::on_tiles(const wire::Tiles& tiles, std::span<const std::uint8_t> operations) {
  received(tiles, operations.size() + wire::kTilesHeaderBytes);
}

void LoadViewer::received(const wire::Frame& frame, std::size_t bytes) {
  const TimePoint now = loop_.clock().now();
  if (!launch_time_) launch_time_ = now - options_.asked;
  samples_.frame_bytes.push_back(static_cast<float>(bytes));
  if (frame.after_drop) ++samples_.frames_after_drop;
  if (!frame.at_rest) {
    const TimePoint commit{static_cast<std::int64_t>(frame.capture_time_us)};
    samples_.commit_to_received_ms.push_back(milliseconds(now - commit));
  }
  note_interval(now);
  wire::Ack ack;
  ack.sequence = frame.sequence;
  ack.decode_us = static_cast<std::uint32_t>(options_.display_delay.count() / 2);
  ack.present_us = static_cast<std::uint32_t>(options_.display_delay.count());
  while (!waiting_.empty() && waiting_.front().sequence <= frame.input_sequence) {
    const Duration waited = now + options_.display_delay - waiting_.front().since;
    samples_.input_to_photon_ms.push_back(milliseconds(waited));
    ack.input_to_photon_us = static_cast<std::uint32_t>(waited.count());
    waiting_.pop_front();
  }
  acks_.push_back({ack, now + options_.display_delay});
  send_due_acks();
}

void LoadViewer::send_due_acks() {
  const TimePoint now = loop_.clock().now();
  while (!acks_.empty() && acks_.front().due <= now) {
    wire::Ack ack = acks_.front().ack;
    acks_.pop_front();
    ack.queue = static_cast<std::uint16_t>(std::min<std::size_t>(acks_.size(), 0xFFFF));
    send(ack);
  }
  if (!acks_.empty()) ack_timer_.arm_at(acks_.front().due);
}

// While the app draws every frame, each gap between pictures counts; so does the one between the
// motion's begin and its first picture, or a phone that gets none would not be seen at all.
void LoadViewer::note_interval(TimePoint now) {
  if (now < drawing_from_) return;
  const TimePoint since = std::max(last_frame_, drawing_from_);
  last_frame_ = now;
  if (since >= drawing_until_) return;
  const Duration gap = std::min(now, drawing_until_) - since;
  if (now <= drawing_until_ || gap > kLastWait)
    samples_.frame_interval_ms.push_back(milliseconds(gap));
}

void LoadViewer::expect_drawing(TimePoint from, TimePoint until) {
  note_interval(std::min(loop_.clock().now(), drawing_until_));
  drawing_from_ = from;
  drawing_until_ = until;
}

void LoadViewer::note_unanswered() {
  const TimePoint now = loop_.clock().now();
  for (const Waiting& wait : waiting_)
    samples_.input_to_photon_ms.push_back(milliseconds(now + options_.display_delay - wait.since));
  waiting_.clear();
  if (now < drawing_until_) note_interval(now);
}

void LoadViewer::forget_waits() {
  waiting_.clear();
  if (loop_.clock().now() >= drawing_from_) last_frame_ = loop_.clock().now();
}

std::uint32_t LoadViewer::next_input(bool changes, TimePoint now) {
  ++last_input_;
  ++samples_.inputs;
  if (changes) waiting_.push_back({last_input_, now});
  return last_input_;
}

// The user's half of the trace, as far as it is due. Nobody touches a phone that shows nothing yet.
void LoadViewer::play() {
  if (!connected()) return;
  const TimePoint now = loop_.clock().now();
  while (options_.epoch + next_event_.at <= now) {
    play_one(next_event_, now);
    if (!connected()) return;
    next_event_ = trace_.next();
  }
  trace_timer_.arm_at(options_.epoch + next_event_.at);
}

void LoadViewer::play_one(const TraceEvent& event, TimePoint now) {
  if (event.kind == TraceKind::kActivity) {
    const bool film = event.activity == Activity::kVideo || event.activity == Activity::kCamera;
    return film ? expect_drawing(options_.epoch + event.at + kFilmStart, kForever)
                : expect_drawing(TimePoint{0}, TimePoint{0});
  }
  if (!is_input(event.kind) || !launch_time_) return;
  const bool film = drawing_until_ == kForever;
  if (event.draws_until > event.at && !film)
    expect_drawing(now, options_.epoch + event.draws_until);
  if (event.kind == TraceKind::kKey) {
    send(wire::Key{next_input(event.changes, now), event.key, true});
    send(wire::Key{next_input(false, now), event.key, false});
    return;
  }
  const auto action = event.kind == TraceKind::kTouchDown   ? wire::TouchAction::kDown
                      : event.kind == TraceKind::kTouchMove ? wire::TouchAction::kMove
                                                            : wire::TouchAction::kUp;
  send(wire::Touch{next_input(event.changes, now), action, 0, across(event.x), across(event.y)});
}

}  // namespace rp
