// Goal: a stream opens for a proper handshake with a good ticket and for nothing else; a browser
// sees the documented close codes. Method: the gate behind a real HttpServer on a socket pair, raw
// bytes.
#include "engine/front/stream_gate.h"

#include <gtest/gtest.h>

#include "engine/base/http/server.h"
#include "engine/base/random.h"
#include "tests/unit/engine/base/http/raw_peer.h"

namespace rp {
namespace {

using test::RawPeer;
using test::turn_until;

struct CollectingSink final : StreamSink {
  void accept_stream(std::unique_ptr<ByteStream> stream, std::vector<std::uint8_t> early,
                     StreamTicket ticket) override {
    streams.push_back(std::move(stream));
    last_early.assign(early.begin(), early.end());
    last = std::move(ticket);
  }
  std::vector<std::unique_ptr<ByteStream>> streams;
  std::string last_early;
  StreamTicket last;
};

// A plain stream that counts how often much was announced.
class NotingStream final : public ByteStream {
 public:
  NotingStream(std::unique_ptr<ByteStream> plain, int& bulk)
      : plain_(std::move(plain)), bulk_(bulk) {}
  Status attach(EventLoop& loop, ByteStreamListener& listener) override {
    return plain_->attach(loop, listener);
  }
  void detach() override { plain_->detach(); }
  void set_interest(bool read, bool write) override { plain_->set_interest(read, write); }
  Result<std::size_t> read(std::span<std::uint8_t> buffer) override { return plain_->read(buffer); }
  Result<std::size_t> write(std::span<const iovec> parts) override { return plain_->write(parts); }
  Status finish_writing() override { return plain_->finish_writing(); }
  void expect_bulk() override { ++bulk_; }
  int fd() const override { return plain_->fd(); }
  const std::string& peer() const override { return plain_->peer(); }

 private:
  std::unique_ptr<ByteStream> plain_;
  int& bulk_;
};

class StreamGateTest : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(verifier_.set_keys({key_.public_key()})); }

  RawPeer connect() {
    auto pair = socket_pair().value();
    server_.adopt(std::make_unique<NotingStream>(
        SocketStream::create(std::move(pair.first)).value(), bulk_announced_));
    return {*loop_, std::move(pair.second)};
  }
  std::string ticket() {
    return sign_ticket(key_, {.phone = "p1",
                              .user = "ann",
                              .session = "s",
                              .role = "owner",
                              .device = "laptop",
                              .expires_unix_s = clock_.unix_seconds() + 60,
                              .nonce = random_.bytes(kTicketNonceBytes)})
        .value();
  }
  static std::string handshake(const std::string& protocols, const std::string& more = {},
                               const std::string& version = "13",
                               const std::string& key = "dGhlIHNhbXBsZSBub25jZQ==") {
    return "GET /stream HTTP/1.1\r\nHost: h:8443\r\nUpgrade: websocket\r\n"
           "Connection: keep-alive, Upgrade\r\nSec-WebSocket-Version: " +
           version + "\r\nSec-WebSocket-Key: " + key + "\r\nSec-WebSocket-Protocol: " + protocols +
           "\r\n" + more + "\r\n";
  }
  // The bytes behind the handshake's answer, once the server has closed a refused stream.
  std::string refused(const std::string& bytes) {
    RawPeer peer = connect();
    EXPECT_TRUE(peer.send(bytes));
    peer.wait_for("\r\n\r\n\x88");
    peer.end_writing();
    EXPECT_TRUE(peer.wait_closed());
    EXPECT_TRUE(peer.received().starts_with("HTTP/1.1 101 ")) << peer.received();
    return peer.received().substr(peer.received().find("\r\n\r\n") + 4);
  }
  std::string status(const std::string& bytes) {
    RawPeer peer = connect();
    EXPECT_TRUE(peer.send(bytes));
    EXPECT_TRUE(peer.wait_for("}}\n"));
    return peer.received().substr(9, 3);
  }
  static int close_code(const std::string& frame) {
    if (frame.size() < 4 || static_cast<unsigned char>(frame[0]) != 0x88) return -1;
    return static_cast<unsigned char>(frame[2]) * 256 + static_cast<unsigned char>(frame[3]);
  }

  FakeClock clock_;
  SystemRandom random_;
  std::unique_ptr<EventLoop> loop_ = EventLoop::create(clock_).value();
  TicketKey key_ = TicketKey::generate().value();
  TicketVerifier verifier_{clock_};
  CollectingSink sink_;
  int bulk_announced_ = 0;
  StreamGate gate_{*loop_, verifier_, sink_};
  HttpServer server_{*loop_, [this](const HttpRequest& request, const HttpResponder& responder) {
                       gate_.handle(request, responder);
                     }};
};

TEST_F(StreamGateTest, GoodTicketIsHandedOn) {
  RawPeer peer = connect();
  ASSERT_TRUE(peer.send(
      handshake("rackphone.v1, ticket." + ticket(), "Origin: https://h:8443\r\n") + "early"));
  ASSERT_TRUE(turn_until(*loop_, [&] { return sink_.streams.size() == 1; }));
  ASSERT_TRUE(peer.wait_for("\r\n\r\n"));
  EXPECT_NE(peer.received().find("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"),
            std::string::npos);
  EXPECT_NE(peer.received().find("Sec-WebSocket-Protocol: rackphone.v1\r\n"), std::string::npos);
  EXPECT_EQ(peer.received().find("ticket."), std::string::npos);
  EXPECT_EQ(sink_.last_early, "early");
  EXPECT_EQ(sink_.last.phone, "p1");
  EXPECT_EQ(sink_.last.user, "ann");
  EXPECT_EQ(sink_.last.device, "laptop");
  EXPECT_EQ(sink_.last.peer, "unix");
  EXPECT_EQ(gate_.counters().opened.value(), 1U);
  EXPECT_EQ(bulk_announced_, 1);
}

TEST_F(StreamGateTest, OnlyAGoodTicketReachesTheKernelsTls) {
  (void)refused(handshake("rackphone.v1, ticket.nonsense"));
  (void)refused(handshake("other.v9"));
  EXPECT_EQ(status(handshake("rackphone.v1", {}, "8")), "426");
  EXPECT_EQ(bulk_announced_, 0);
}

TEST_F(StreamGateTest, BadTicketsCloseWith4401) {
  const std::string used = ticket();
  RawPeer first = connect();
  ASSERT_TRUE(first.send(handshake("rackphone.v1, ticket." + used)));
  ASSERT_TRUE(turn_until(*loop_, [&] { return sink_.streams.size() == 1; }));
  EXPECT_EQ(close_code(refused(handshake("rackphone.v1, ticket." + used))), 4401);
  EXPECT_EQ(close_code(refused(handshake("rackphone.v1, ticket.nonsense"))), 4401);
  EXPECT_EQ(close_code(refused(handshake("rackphone.v1"))), 4401);
  const std::string late = ticket();
  clock_.advance(std::chrono::seconds(61));
  const std::string frame = refused(handshake("rackphone.v1, ticket." + late));
  EXPECT_EQ(close_code(frame), 4401);
  EXPECT_NE(frame.find("expired"), std::string::npos);
  EXPECT_EQ(gate_.counters().bad_tickets.value(), 4U);
  EXPECT_EQ(sink_.streams.size(), 1U);
}

TEST_F(StreamGateTest, ForeignVersionsCloseWith4426) {
  EXPECT_EQ(close_code(refused(handshake("rackphone.v9, ticket." + ticket()))), 4426);
  EXPECT_EQ(sink_.streams.size(), 0U);
}

TEST_F(StreamGateTest, ImproperHandshakesAreRefused) {
  const std::string good = "rackphone.v1, ticket." + ticket();
  EXPECT_EQ(status("GET /stream HTTP/1.1\r\nHost: h\r\n\r\n"), "426");
  EXPECT_EQ(status(handshake(good, "", "8")), "426");
  EXPECT_EQ(status(handshake(good, "", "13", "c2hvcnQ=")), "400");
  EXPECT_EQ(status(handshake(good, "", "13", "dGhlIHNhbXBsZSBub25jZQ=!")), "400");
  EXPECT_EQ(status(handshake(good, "Origin: https://evil.example\r\n")), "403");
  EXPECT_EQ(status(handshake(good, "Origin: http://h:8443\r\n")), "403");
  EXPECT_EQ(status(handshake(good, "Origin: null\r\n")), "403");
  EXPECT_EQ(gate_.counters().bad_handshakes.value(), 7U);
  EXPECT_EQ(sink_.streams.size(), 0U);
}

TEST_F(StreamGateTest, ARefusedPeerThatStaysIsDropped) {
  RawPeer peer = connect();
  ASSERT_TRUE(peer.send(handshake("rackphone.v1")));
  ASSERT_TRUE(peer.wait_for("\r\n\r\n\x88"));
  EXPECT_FALSE(peer.closed());
  clock_.advance(std::chrono::seconds(6));
  EXPECT_TRUE(peer.wait_closed());
}

}  // namespace
}  // namespace rp
