// LoadViewer: one headless viewer of a load: connects over TLS as a browser does, decodes message
// headers only, acknowledges each picture after a modelled time for decoding and display, and sends
// its user's half of the trace. Never blocks. Thread rule: its loop's thread.
//
//   connecting ─► TLS, GET /stream ─► 101 ─► HELLO … pictures, acknowledgements, input ─► ended
//        ▲ 5 s, as the page waits for a full server (4430) ◄──────────┘
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bench/capacity/trace/trace.h"
#include "engine/base/socket_stream.h"
#include "engine/frame/geometry.h"
#include "engine/transport/tls_context.h"
#include "engine/transport/websocket_sender.h"
#include "engine/wire/dispatch.h"

namespace rp {

struct LoadViewerOptions {
  SocketAddress engine;
  std::string source;  // numeric IPv4 address to connect from; empty: the kernel's choice
  // A new one for each try; called on the loop's thread.
  std::function<Result<std::string>()> make_ticket;
  Size size;
  Workload workload;
  std::uint64_t seed = 0;
  std::uint64_t user = 0;
  TimePoint epoch{0};         // when the user's trace begins
  TimePoint asked{0};         // when the phone was asked for; launch time counts from here
  Duration display_delay{0};  // modelled: received → on the screen
};

// What the viewers of one loop saw since the last reset. Milliseconds and bytes, one value each.
struct ViewerSamples {
  std::vector<float> input_to_photon_ms;
  std::vector<float> frame_interval_ms;
  std::vector<float> commit_to_received_ms;
  std::vector<float> frame_bytes;
  std::uint64_t frames_after_drop = 0;
  std::uint64_t bytes_received = 0;  // of messages, without TLS and TCP
  std::uint64_t bytes_sent = 0;
  std::uint64_t inputs = 0;

  void add(const ViewerSamples& other);
};

class LoadViewer final : private SenderListener, private wire::ServerMessages {
 public:
  // `samples` is where all of a loop's viewers write; all three outlive the viewer.
  LoadViewer(EventLoop& loop, std::shared_ptr<TlsContext> tls, ViewerSamples& samples,
             LoadViewerOptions options);
  LoadViewer(const LoadViewer&) = delete;
  LoadViewer& operator=(const LoadViewer&) = delete;
  ~LoadViewer() override;

  void start();
  // Inputs that wait for their answer so far count with the time they have waited.
  void note_unanswered();
  // Of before a reset: waits begun earlier are no longer counted.
  void forget_waits();

  [[nodiscard]] bool connected() const { return sender_ != nullptr && end_reason_.empty(); }
  // Why it ended, or what a full server said when it was asked last.
  [[nodiscard]] const std::string& end_reason() const { return end_reason_; }
  // Refused by a full server; it will ask again.
  [[nodiscard]] bool waiting_for_room() const { return retry_timer_.armed(); }
  // Asked for → first picture.
  [[nodiscard]] std::optional<Duration> launch_time() const { return launch_time_; }

 private:
  class Upgrade;
  struct Waiting {
    std::uint32_t sequence = 0;
    TimePoint since{0};
  };
  struct PendingAck {
    wire::Ack ack;
    TimePoint due{0};
  };

  void on_message(std::span<const std::uint8_t> bytes) override;
  void on_ready_for_frame() override {}
  void on_payload_free(std::vector<std::uint8_t>) override {}
  void on_closed(const Error& why) override;
  void on_video(const wire::Video& video, std::span<const std::uint8_t> data) override;
  void on_tiles(const wire::Tiles& tiles, std::span<const std::uint8_t> operations) override;

  void upgraded(Result<std::unique_ptr<WebSocketSender>> sender);
  void end(std::string reason);
  void received(const wire::Frame& frame, std::size_t bytes);
  void note_interval(TimePoint now);
  void send_due_acks();
  void ping();
  void play();
  void play_one(const TraceEvent& event, TimePoint now);
  void expect_drawing(TimePoint from, TimePoint until);
  template <typename Message>
  void send(const Message& message);
  std::uint32_t next_input(bool changes, TimePoint now);

  EventLoop& loop_;
  std::shared_ptr<TlsContext> tls_;  // one for all viewers of a loop
  ViewerSamples& samples_;
  LoadViewerOptions options_;
  TraceStream trace_;
  TraceEvent next_event_;
  std::unique_ptr<Upgrade> upgrade_;
  std::unique_ptr<WebSocketSender> sender_;
  EventLoop::Timer ping_timer_;
  EventLoop::Timer ack_timer_;
  EventLoop::Timer trace_timer_;
  EventLoop::Timer retry_timer_;
  std::deque<PendingAck> acks_;
  std::deque<Waiting> waiting_;
  std::uint32_t last_input_ = 0;
  TimePoint drawing_from_{0};  // the app draws every frame from here until there
  TimePoint drawing_until_{0};
  TimePoint last_frame_{0};
  std::optional<Duration> launch_time_;
  std::string end_reason_;
  std::vector<std::uint8_t> scratch_;
};

}  // namespace rp
