// Goal: over a real connection of 2 Mb/s with 100 ms the newest picture is at most 300 ms old at
// p95, and most of the link is used; when the link is cut for a while the stream goes on. Method:
// WebSocketSender and RateController send made-up frames at 60 a second through LinkProxy to a
// client-role WebSocketSender that acknowledges at once; real time, since TCP and the kernel are
// the things under test.
#include <algorithm>
#include <array>
#include <cstring>

#include <gtest/gtest.h>

#include "engine/transport/rate_controller.h"
#include "engine/transport/websocket_sender.h"
#include "tests/support/link_proxy/link_proxy.h"

namespace rp {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

const SystemClock kClock;

// The viewer: notes the age of each frame, acknowledges it.
class Viewer final : public SenderListener {
 public:
  void on_message(std::span<const std::uint8_t> bytes) override {
    std::int64_t captured_us = 0;
    std::memcpy(&captured_us, bytes.data(), sizeof captured_us);
    newest_ = TimePoint{captured_us};
    bytes_ += bytes.size();
    RP_CHECK(sender->send(bytes.subspan(8, 4)).has_value());
  }
  void on_ready_for_frame() override {}
  void on_payload_free(std::vector<std::uint8_t>) override {}
  void on_closed(const Error&) override { closed = true; }
  void sample() {
    if (newest_.us != 0) ages_us.push_back((kClock.now() - newest_).count());
  }
  void reset() {
    ages_us.clear();
    bytes_ = 0;
  }
  std::size_t bytes() const { return bytes_; }

  WebSocketSender* sender = nullptr;
  std::vector<std::int64_t> ages_us;
  bool closed = false;

 private:
  TimePoint newest_;
  std::size_t bytes_ = 0;
};

// The session: a frame of the target's size whenever the sender is ready and 1/60 s has passed.
class Session final : public SenderListener {
 public:
  void on_message(std::span<const std::uint8_t> bytes) override {
    std::uint32_t sequence = 0;
    std::memcpy(&sequence, bytes.data(), sizeof sequence);
    sender->acknowledge(sequence, kClock.now());
    rate.update(kClock.now(), sender->estimate());
  }
  void on_ready_for_frame() override {}
  void on_payload_free(std::vector<std::uint8_t>) override {}
  void on_closed(const Error&) override { closed = true; }
  void send_if_due() {
    const TimePoint now = kClock.now();
    if (now >= next_update_) {
      rate.update(now, sender->estimate());
      next_update_ = now + milliseconds(50);
    }
    if (now < next_frame_ || !sender->ready_for_frame()) return;
    next_frame_ = now + Duration(16'667);
    ++sequence_;
    std::array<std::uint8_t, 12> header;
    std::memcpy(header.data(), &now.us, 8);
    std::memcpy(header.data() + 8, &sequence_, 4);
    const std::size_t bytes = rate.target_kbps() * 125 / 60;
    RP_CHECK(sender->send_frame(header, std::vector<std::uint8_t>(bytes), sequence_).has_value());
  }

  WebSocketSender* sender = nullptr;
  RateController rate;
  bool closed = false;

 private:
  std::uint32_t sequence_ = 0;
  TimePoint next_frame_;
  TimePoint next_update_;
};

class SlowLink : public testing::Test {
 protected:
  void SetUp() override {
    auto listener = listen_tcp({"127.0.0.1", 0});
    ASSERT_TRUE(listener.has_value());
    auto proxy =
        LinkProxy::create(*loop_, {"127.0.0.1", 0}, {"127.0.0.1", *local_port(listener->get())},
                          {.rate_kbps = 2'000, .one_way = milliseconds(50)});
    ASSERT_TRUE(proxy.has_value());
    proxy_ = std::move(*proxy);
    auto client = connect_tcp({"127.0.0.1", proxy_->port()});
    ASSERT_TRUE(client.has_value());
    Result<UniqueFd> server = fail(ErrorCode::kWouldBlock, "");
    for (int i = 0; i < 1'000 && !server; ++i) {
      loop_->run_once(milliseconds(5));
      server = accept_socket(listener->get());
    }
    ASSERT_TRUE(server.has_value());
    sender_ = make(std::move(*server), WebSocketRole::kServer);
    viewer_sender_ = make(std::move(*client), WebSocketRole::kClient);
    sender_->set_listener(session_);
    viewer_sender_->set_listener(viewer_);
    session_.sender = sender_.get();
    viewer_.sender = viewer_sender_.get();
  }
  std::unique_ptr<WebSocketSender> make(UniqueFd fd, WebSocketRole role) {
    auto stream = SocketStream::create(std::move(fd));
    RP_CHECK(stream.has_value());
    auto made = WebSocketSender::create(*loop_, std::move(*stream), role);
    RP_CHECK(made.has_value());
    return std::move(*made);
  }
  void run(Duration time) {
    const TimePoint end = kClock.now() + time;
    while (kClock.now() < end) {
      loop_->run_once(milliseconds(1));
      session_.send_if_due();
      viewer_.sample();
    }
  }
  Duration staleness_p95() {
    auto& ages = viewer_.ages_us;
    const auto at = ages.size() * 95 / 100;
    std::nth_element(ages.begin(), ages.begin() + static_cast<long>(at), ages.end());
    return Duration(ages[at]);
  }

  std::unique_ptr<EventLoop> loop_ = std::move(*EventLoop::create(kClock));
  std::unique_ptr<LinkProxy> proxy_;
  Session session_;
  Viewer viewer_;
  std::unique_ptr<WebSocketSender> sender_;
  std::unique_ptr<WebSocketSender> viewer_sender_;
};

TEST_F(SlowLink, StaysLiveAndUsesTheLink) {
  run(seconds(3));
  viewer_.reset();
  run(seconds(6));
  const double use = static_cast<double>(viewer_.bytes()) * 8 / (2'000'000.0 * 6);
  std::printf("staleness p95 %.1f ms, link use %.0f %%, target %u kb/s\n",
              static_cast<double>(staleness_p95().count()) / 1e3, use * 100,
              session_.rate.target_kbps());
  EXPECT_LE(staleness_p95(), milliseconds(300));
  EXPECT_GE(use, 0.70);
}

TEST_F(SlowLink, GoesOnAfterALinkThatStopsForASecond) {
  run(seconds(2));
  proxy_->pause(seconds(1));
  run(milliseconds(1'500));
  viewer_.reset();
  run(seconds(2));
  EXPECT_FALSE(session_.closed || viewer_.closed);
  EXPECT_GT(viewer_.bytes(), 0U);
  EXPECT_LE(staleness_p95(), milliseconds(300));
}

}  // namespace
}  // namespace rp
