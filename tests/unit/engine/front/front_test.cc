// Goal: the whole door as a browser meets it: TLS, page with its security fields, API, stream, and
// what happens to those who come too often or never finish their handshake. Method: a real front on
// a loopback port, TLS clients on the same loop.
#include "engine/front/front.h"

#include <unistd.h>

#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include "engine/base/random.h"
#include "engine/base/socket_stream.h"
#include "engine/front/certificate.h"
#include "engine/transport/tls_stream.h"
#include "tests/support/emulation.h"
#include "tests/unit/engine/base/http/raw_peer.h"

namespace rp {
namespace {

using test::turn_until;

struct CountingSink final : StreamSink {
  void accept_stream(std::unique_ptr<ByteStream> stream, std::vector<std::uint8_t>,
                     StreamTicket ticket) override {
    streams.push_back(std::move(stream));
    last = std::move(ticket);
  }
  std::vector<std::unique_ptr<ByteStream>> streams;
  StreamTicket last;
};

// A browser's side: sends text over TLS, collects what comes.
class TlsPeer final : public ByteStreamListener {
 public:
  TlsPeer(EventLoop& loop, std::shared_ptr<TlsContext> context, std::uint16_t port, std::string out)
      : loop_(loop), out_(std::move(out)) {
    stream_ = TlsStream::connect(std::move(context), connect_tcp({"127.0.0.1", port}).value(),
                                 "localhost")
                  .value();
    RP_CHECK(stream_->attach(loop, *this).has_value());
    stream_->set_interest(true, true);
  }
  void on_ready(bool, bool) override {
    if (!out_.empty()) {
      const auto put = stream_->write(
          std::span(reinterpret_cast<const std::uint8_t*>(out_.data()), out_.size()));
      if (put) out_.erase(0, *put);
      if (out_.empty()) stream_->set_interest(true, false);
    }
    std::uint8_t buffer[4096];
    const auto got = stream_->read(buffer);
    if (got) received_.append(reinterpret_cast<const char*>(buffer), *got);
    if (!got && got.error().code != ErrorCode::kWouldBlock) closed_ = true;
    if (closed_) stream_->set_interest(false, false);
  }
  bool wait_for(std::string_view text) {
    return turn_until(loop_, [&] { return received_.find(text) != std::string::npos; });
  }
  bool wait_closed() {
    return turn_until(loop_, [&] { return closed_; });
  }
  [[nodiscard]] const std::string& received() const { return received_; }

 private:
  EventLoop& loop_;
  std::string out_;
  std::string received_;
  std::unique_ptr<TlsStream> stream_;
  bool closed_ = false;
};

class FrontTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::filesystem::create_directories(dir_ + "/web");
    std::ofstream(dir_ + "/web/index.html") << "<html>the page";
    const auto files = ensure_certificate(dir_, {"localhost"}).value();
    server_context_ = TlsContext::create_server({files.certificate_file, files.key_file}).value();
    client_context_ = TlsContext::create_client({}).value();
    ASSERT_TRUE(tickets_.set_keys({key_.public_key()}));
  }
  void TearDown() override {
    front_.reset();
    std::filesystem::remove_all(dir_);
  }
  void start(FrontOptions options) {
    options.controller_socket = dir_ + "/api.sock";
    front_ = Front::create({*loop_, server_context_, tickets_, sink_, metrics_,
                            StaticFiles::open(dir_ + "/web").value()},
                           options)
                 .value();
    auto listener = listen_tcp({"127.0.0.1", 0}).value();
    port_ = local_port(listener.get()).value();
    ASSERT_TRUE(front_->listen(std::move(listener)));
  }
  TlsPeer peer(std::string request) { return {*loop_, client_context_, port_, std::move(request)}; }

  std::string dir_ =
      std::filesystem::temp_directory_path() / ("rp_front_" + std::to_string(::getpid()));
  SystemClock clock_;
  std::unique_ptr<EventLoop> loop_ = EventLoop::create(clock_).value();
  SystemRandom random_;
  TicketKey key_ = TicketKey::generate().value();
  TicketVerifier tickets_{clock_};
  CountingSink sink_;
  Registry metrics_;
  std::shared_ptr<TlsContext> server_context_;
  std::shared_ptr<TlsContext> client_context_;
  std::unique_ptr<Front> front_;
  std::uint16_t port_ = 0;
};

TEST_F(FrontTest, PageApiAndHealth) {
  if (emulated()) GTEST_SKIP() << kNoOpenat2;
  start({});
  TlsPeer page = peer("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  ASSERT_TRUE(page.wait_for("<html>the page"));
  EXPECT_NE(page.received().find("script-src 'self';"), std::string::npos);
  EXPECT_NE(page.received().find("Cross-Origin-Embedder-Policy: require-corp"), std::string::npos);
  EXPECT_NE(page.received().find("X-Content-Type-Options: nosniff"), std::string::npos);
  EXPECT_NE(page.received().find("Cache-Control: no-cache\r\n"), std::string::npos);
  EXPECT_EQ(page.received().find("no-store"), std::string::npos);
  EXPECT_TRUE(page.wait_closed());

  TlsPeer api = peer("GET /api/v1/session HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_TRUE(api.wait_for("502 Bad Gateway"));
  HttpServer controller(*loop_, [](const HttpRequest& r, const HttpResponder& responder) {
    responder.send({200, {}, "for " + std::string(r.headers.get("X-Forwarded-For"))});
  });
  ASSERT_TRUE(controller.listen(listen_unix_fresh(dir_ + "/api.sock", {}).value()));
  TlsPeer again = peer("GET /api/v1/session HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_TRUE(again.wait_for("for 127.0.0.1"));
  EXPECT_NE(again.received().find("Cache-Control: no-store"), std::string::npos);

  TlsPeer health = peer("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_TRUE(health.wait_for("{\"status\":\"ok\"}"));
  EXPECT_NE(metrics_.render().find("rackphone_front_requests_total 4\n"), std::string::npos);
}

TEST_F(FrontTest, StreamGoesToTheSink) {
  start({});
  const std::string ticket = sign_ticket(key_, {.phone = "p1",
                                                .user = "u",
                                                .session = "s",
                                                .role = "owner",
                                                .device = "",
                                                .expires_unix_s = clock_.unix_seconds() + 60,
                                                .nonce = random_.bytes(kTicketNonceBytes)})
                                 .value();
  TlsPeer viewer = peer(
      "GET /stream HTTP/1.1\r\nHost: x\r\nOrigin: https://x\r\nUpgrade: websocket\r\n"
      "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
      "Sec-WebSocket-Protocol: rackphone.v1, ticket." +
      ticket + "\r\n\r\n");
  ASSERT_TRUE(viewer.wait_for("101 Switching Protocols"));
  ASSERT_TRUE(turn_until(*loop_, [&] { return sink_.streams.size() == 1; }));
  EXPECT_EQ(sink_.last.phone, "p1");
  EXPECT_EQ(sink_.last.peer, "127.0.0.1");
  // The stream is alive in its new hands.
  const std::string text = "pixels";
  ASSERT_TRUE(turn_until(*loop_, [&] {
    return sink_.streams[0]
        ->write(std::span(reinterpret_cast<const std::uint8_t*>(text.data()), text.size()))
        .has_value();
  }));
  EXPECT_TRUE(viewer.wait_for("pixels"));
}

TEST_F(FrontTest, OnesWhoComeTooOftenAreRefused) {
  start({.connection_rate = {.per_second = 0.001, .burst = 2}});
  TlsPeer first = peer("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_TRUE(first.wait_for("ok"));
  TlsPeer second = peer("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_TRUE(second.wait_for("ok"));
  TlsPeer third = peer("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_TRUE(third.wait_closed());
  EXPECT_EQ(third.received(), "");
  EXPECT_NE(metrics_.render().find("rackphone_front_refused_total{reason=\"rate\"} 1\n"),
            std::string::npos);
}

TEST_F(FrontTest, PlainTextIsNoTls) {
  start({});
  test::RawPeer plain(*loop_, connect_tcp({"127.0.0.1", port_}).value());
  ASSERT_TRUE(plain.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n"));
  EXPECT_TRUE(plain.wait_closed());
  EXPECT_EQ(plain.received().find("HTTP/1.1 200"), std::string::npos);
}

TEST_F(FrontTest, ListensOnBothFamilies) {
  auto listener = listen_everywhere(0);
  ASSERT_TRUE(listener) << listener.error().message();
  const std::uint16_t port = local_port(listener->get()).value();
  const auto client = connect_tcp({"127.0.0.1", port}).value();
  auto accepted = accept_socket(listener->get());
  for (int i = 0; i < 1000 && !accepted; ++i) {
    loop_->run_once(std::chrono::milliseconds(1));
    accepted = accept_socket(listener->get());
  }
  ASSERT_TRUE(accepted);
  EXPECT_EQ(peer_address(accepted->get()), "127.0.0.1");
  const auto taken = listen_everywhere(port);
  ASSERT_FALSE(taken);
  EXPECT_EQ(taken.error().code, ErrorCode::kExists);
}

}  // namespace
}  // namespace rp
