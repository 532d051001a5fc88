#include "tests/contract/sender/rig.h"

#include <sys/socket.h>

#include "engine/transport/fake_sender.h"
#include "engine/transport/websocket_sender.h"
#include "tests/support/stream_pair.h"

namespace rp {

namespace {

const SystemClock kClock;

std::unique_ptr<EventLoop> make_loop() {
  auto loop = EventLoop::create(kClock);
  RP_CHECK(loop.has_value());
  return std::move(*loop);
}

class FakeRig final : public SenderRig {
 public:
  FakeRig() : loop_(make_loop()), sender_(std::make_unique<FakeSender>(*loop_)) {
    sender_->set_listener(listener_);
  }
  Sender& sender() override { return *sender_; }
  RecordingListener& listener() override { return listener_; }
  void destroy_sender() override { sender_.reset(); }
  std::vector<Bytes> received() override {
    std::vector<Bytes> all = sender_->messages();
    for (const auto& frame : sender_->frames()) {
      all.push_back(frame.header);
      all.back().insert(all.back().end(), frame.payload.begin(), frame.payload.end());
    }
    return all;
  }
  void viewer_sends(const Bytes& message) override { sender_->receive(message); }
  void viewer_reads(bool reads) override { sender_->block(!reads); }
  void viewer_vanishes() override { sender_->lose(); }
  std::uint16_t close_code_seen() override { return sender_->close_code().value_or(0); }
  void turn() override { loop_->run_once(Duration(1'000)); }
  TimePoint now() const override { return kClock.now(); }

 private:
  std::unique_ptr<EventLoop> loop_;
  RecordingListener listener_;
  std::unique_ptr<FakeSender> sender_;
};

// Both ends are WebSocketSenders, the viewer's in the client's role on a loop of its own, so that
// it can be left standing.
class WebSocketRig final : public SenderRig {
 public:
  explicit WebSocketRig(StreamPair streams, std::shared_ptr<RecordOffload> offload = nullptr)
      : offload_(std::move(offload)), loop_(make_loop()), viewer_loop_(make_loop()) {
    viewer_fd_ = streams.client->fd();
    auto sender =
        WebSocketSender::create(*loop_, std::move(streams.server), WebSocketRole::kServer);
    auto viewer =
        WebSocketSender::create(*viewer_loop_, std::move(streams.client), WebSocketRole::kClient);
    RP_CHECK(sender.has_value() && viewer.has_value());
    sender_ = std::move(*sender);
    viewer_ = std::move(*viewer);
    sender_->set_listener(listener_);
    viewer_->set_listener(viewer_listener_);
    // The first message carries the TLS handshake, which is no part of the contract.
    RP_CHECK(viewer_->send(Bytes{0}).has_value());
    RP_CHECK(until([&] { return listener_.messages.size() == 1; }));
    listener_.messages.clear();
  }
  Sender& sender() override { return *sender_; }
  RecordingListener& listener() override { return listener_; }
  void destroy_sender() override { sender_.reset(); }
  std::vector<Bytes> received() override { return viewer_listener_.messages; }
  void viewer_sends(const Bytes& message) override { RP_CHECK(viewer_->send(message).has_value()); }
  void viewer_reads(bool reads) override { reads_ = reads; }
  void viewer_vanishes() override {
    const linger abort{1, 0};  // closing resets the connection
    RP_CHECK(::setsockopt(viewer_fd_, SOL_SOCKET, SO_LINGER, &abort, sizeof abort) == 0);
    viewer_.reset();
  }
  std::uint16_t close_code_seen() override { return viewer_ ? viewer_->close_code() : 0; }
  void turn() override {
    loop_->run_once(Duration(500));
    if (reads_) viewer_loop_->run_once(Duration(0));
  }
  TimePoint now() const override { return kClock.now(); }

 private:
  std::shared_ptr<RecordOffload> offload_;  // outlives the streams
  std::unique_ptr<EventLoop> loop_;
  std::unique_ptr<EventLoop> viewer_loop_;
  RecordingListener listener_;
  RecordingListener viewer_listener_;
  std::unique_ptr<WebSocketSender> sender_;
  std::unique_ptr<WebSocketSender> viewer_;
  int viewer_fd_ = -1;
  bool reads_ = true;
};

}  // namespace

bool SenderRig::until(const std::function<bool()>& condition) {
  const TimePoint deadline = kClock.now() + std::chrono::seconds(10);
  while (!condition()) {
    if (kClock.now() > deadline) return false;
    turn();
  }
  return true;
}

std::unique_ptr<SenderRig> make_fake_rig() { return std::make_unique<FakeRig>(); }

std::unique_ptr<SenderRig> make_plain_rig() {
  return std::make_unique<WebSocketRig>(make_plain_streams());
}

std::unique_ptr<SenderRig> make_tls_rig() {
  static const TlsPair tls = make_tls_pair();
  return std::make_unique<WebSocketRig>(make_tls_streams(tls));
}

std::unique_ptr<SenderRig> make_offloaded_rig(std::shared_ptr<RecordOffload> offload, bool handed) {
  const TlsPair tls = make_tls_pair(false, offload.get());
  return std::make_unique<WebSocketRig>(
      handed ? make_handed_streams(tls) : make_offloaded_streams(tls), std::move(offload));
}

}  // namespace rp
