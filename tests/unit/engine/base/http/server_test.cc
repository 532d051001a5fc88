// Goal: the server answers what is right and survives what is not: cut, slow, huge, pipelined and
// garbage requests, vanishing peers, late and forgotten answers. Method: a real socket pair, a peer
// that writes raw bytes, and a fake clock where a deadline is the subject.
#include "engine/base/http/server.h"

#include <filesystem>

#include <gtest/gtest.h>

#include "engine/base/http/router.h"
#include "tests/unit/engine/base/http/raw_peer.h"

namespace rp {
namespace {

using test::RawPeer;
using test::turn_until;

class HttpServerTest : public ::testing::Test {
 protected:
  void SetUp() override {
    router_.add_sync("GET", "/hello", [](const HttpRequest& r) {
      return HttpResponse{200, {{"X-Peer", r.peer}}, "hello"};
    });
    router_.add_sync("POST", "/echo", [](const HttpRequest& r) {
      return HttpResponse{200, {}, r.body};
    });
    router_.add("GET", "/later", [this](const HttpRequest&, const HttpResponder& responder) {
      later_.push_back(responder);
    });
    router_.add("GET", "/forget", [](const HttpRequest&, const HttpResponder&) {});
    router_.add("GET", "/upgrade", [this](const HttpRequest&, const HttpResponder& responder) {
      upgrade_ = responder.take_stream();
    });
    router_.add_sync("GET", "/big", [](const HttpRequest&) {
      return HttpResponse{200, {}, std::string(4 << 20, 'b')};
    });
    options_.max_connections = 4;
    server_ = std::make_unique<HttpServer>(*loop_, router_.handler(), options_);
  }

  RawPeer connect() {
    auto pair = socket_pair();
    RP_CHECK(pair.has_value());
    auto stream = SocketStream::create(std::move(pair->first));
    RP_CHECK(stream.has_value());
    server_->adopt(std::move(*stream));
    return {*loop_, std::move(pair->second)};
  }

  FakeClock clock_;
  std::unique_ptr<EventLoop> loop_ = EventLoop::create(clock_).value();
  Router router_;
  HttpServerOptions options_;
  std::vector<HttpResponder> later_;
  std::optional<HttpUpgrade> upgrade_;
  std::unique_ptr<HttpServer> server_;
};

TEST_F(HttpServerTest, AnswersAndKeepsTheConnection) {
  RawPeer peer = connect();
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(peer.send("GET /hello HTTP/1.1\r\nHost: x\r\n\r\n"));
  ASSERT_TRUE(
      turn_until(*loop_, [&] { return peer.wait_for("hello") && peer.count("200 OK") == 3; }));
  EXPECT_EQ(peer.count("X-Peer: unix"), 3U);
  EXPECT_EQ(peer.count("Connection: keep-alive"), 3U);
  EXPECT_NE(peer.received().find("Date: "), std::string::npos);
  EXPECT_EQ(server_->counters().requests.value(), 3U);
}

TEST_F(HttpServerTest, ClosesWhenThePeerAsksForIt) {
  RawPeer peer = connect();
  ASSERT_TRUE(peer.send("GET /hello HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"));
  ASSERT_TRUE(peer.wait_closed());
  EXPECT_NE(peer.received().find("Connection: close"), std::string::npos);
  peer.vanish();
  EXPECT_TRUE(turn_until(*loop_, [&] { return server_->open_connections() == 0; }));
}

TEST_F(HttpServerTest, OneByteAtATime) {
  RawPeer peer = connect();
  for (const char c :
       std::string("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc")) {
    ASSERT_TRUE(peer.send(std::string(1, c)));
    loop_->run_once(Duration(0));
  }
  EXPECT_TRUE(peer.wait_for("\r\n\r\nabc"));
}

TEST_F(HttpServerTest, ChunkedBody) {
  RawPeer peer = connect();
  ASSERT_TRUE(
      peer.send("POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
                "3\r\nabc\r\n4;ext=1\r\ndefg\r\n0\r\nTrailer: t\r\n\r\n"));
  EXPECT_TRUE(peer.wait_for("\r\n\r\nabcdefg"));
}

TEST_F(HttpServerTest, PipelinedRequestsAreAnsweredInOrder) {
  RawPeer peer = connect();
  std::string many;
  for (int i = 0; i < 2000; ++i) many += "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n";
  many += "GET /nothing HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
  ASSERT_TRUE(peer.send(many));
  ASSERT_TRUE(peer.wait_closed());
  EXPECT_EQ(peer.count("200 OK"), 2000U);
  EXPECT_LT(peer.received().rfind("200 OK"), peer.received().find("404 Not Found"));
}

TEST_F(HttpServerTest, PipelinedBehindALateAnswerWaits) {
  RawPeer peer = connect();
  ASSERT_TRUE(
      peer.send("GET /later HTTP/1.1\r\nHost: x\r\n\r\nGET /hello HTTP/1.1\r\nHost: x\r\n\r\n"));
  ASSERT_TRUE(turn_until(*loop_, [&] { return later_.size() == 1; }));
  loop_->run_once(Duration(0));
  EXPECT_EQ(peer.received(), "");
  later_[0].send({200, {}, "first"});
  ASSERT_TRUE(peer.wait_for("hello"));
  EXPECT_LT(peer.received().find("first"), peer.received().find("hello"));
}

TEST_F(HttpServerTest, OnlyTheFirstAnswerCounts) {
  RawPeer peer = connect();
  ASSERT_TRUE(peer.send("GET /later HTTP/1.1\r\nHost: x\r\n\r\n"));
  ASSERT_TRUE(turn_until(*loop_, [&] { return later_.size() == 1; }));
  later_[0].send({200, {}, "first"});
  later_[0].send({200, {}, "second"});
  ASSERT_TRUE(peer.send("GET /hello HTTP/1.1\r\nHost: x\r\n\r\n"));
  ASSERT_TRUE(peer.wait_for("hello"));
  EXPECT_EQ(peer.count("second"), 0U);
}

TEST_F(HttpServerTest, AForgottenRequestIsAnswered500) {
  RawPeer peer = connect();
  ASSERT_TRUE(peer.send("GET /forget HTTP/1.1\r\nHost: x\r\n\r\n"));
  EXPECT_TRUE(peer.wait_for("500 Internal Server Error"));
}

TEST_F(HttpServerTest, AnswerToAVanishedPeerIsDropped) {
  RawPeer peer = connect();
  ASSERT_TRUE(peer.send("GET /later HTTP/1.1\r\nHost: x\r\n\r\n"));
  ASSERT_TRUE(turn_until(*loop_, [&] { return later_.size() == 1; }));
  peer.vanish();
  ASSERT_TRUE(turn_until(*loop_, [&] { return server_->open_connections() == 0; }));
  later_[0].send({200, {}, "nobody hears this"});
}

TEST_F(HttpServerTest, AnswersAfterTheServerIsGoneAreDropped) {
  RawPeer peer = connect();
  ASSERT_TRUE(peer.send("GET /later HTTP/1.1\r\nHost: x\r\n\r\n"));
  ASSERT_TRUE(turn_until(*loop_, [&] { return later_.size() == 1; }));
  server_.reset();
  later_[0].send({200, {}, "too late"});
  EXPECT_TRUE(peer.wait_closed());
}

TEST_F(HttpServerTest, HalfClosedPeerStillGetsItsAnswer) {
  RawPeer peer = connect();
  ASSERT_TRUE(peer.send("GET /later HTTP/1.1\r\nHost: x\r\n\r\n"));
  peer.end_writing();
  ASSERT_TRUE(turn_until(*loop_, [&] { return later_.size() == 1; }));
  later_[0].send({200, {}, "answer"});
  EXPECT_TRUE(peer.wait_for("answer"));
}

TEST_F(HttpServerTest, BadRequestsAreAnsweredInJsonAndClosed) {
  const std::pair<std::string, std::string> cases[] = {
      {"\x16\x03\x01 garbage\r\n\r\n", "400 Bad Request"},
      {"GET /hello HTTP/1.1\r\n\r\n", "400 Bad Request"},
      {"GET /hello HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "400 Bad Request"},
      {"GET /../etc/passwd HTTP/1.1\r\nHost: x\r\n\r\n", "400 Bad Request"},
      {"GET /hello HTTP/3.7\r\nHost: x\r\n\r\n", "505 "},
      {"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n",
       "400 Bad Request"},
      {"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", "400 Bad Request"},
      {"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999\r\n\r\n",
       "413 Content Too Large"},
      {"GET /hello HTTP/1.1\r\nHost: x\r\nA: " + std::string(20'000, 'a') + "\r\n\r\n", "431 "},
      {"GET /" + std::string(20'000, 'a') + " HTTP/1.1\r\n", "431 "},
  };
  for (const auto& [bytes, status] : cases) {
    RawPeer peer = connect();
    peer.send(bytes);
    EXPECT_TRUE(peer.wait_closed()) << bytes.substr(0, 60);
    EXPECT_NE(peer.received().find("HTTP/1.1 " + status), std::string::npos)
        << bytes.substr(0, 60) << " got " << peer.received();
    EXPECT_NE(peer.received().find("{\"error\":{\"code\":"), std::string::npos);
    peer.vanish();
    ASSERT_TRUE(turn_until(*loop_, [&] { return server_->open_connections() == 0; }));
  }
  EXPECT_EQ(server_->counters().faults.value(), std::size(cases));
}

TEST_F(HttpServerTest, AHugeChunkedBodyIsCutOff) {
  RawPeer peer = connect();
  peer.send("POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
  const std::string chunk = "10000\r\n" + std::string(0x10000, 'x') + "\r\n";
  for (int i = 0; i < 20; ++i) peer.send(chunk);
  EXPECT_TRUE(peer.wait_for("413 Content Too Large"));
}

TEST_F(HttpServerTest, ExpectContinueIsGranted) {
  RawPeer peer = connect();
  ASSERT_TRUE(peer.send(
      "POST /echo HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n"));
  ASSERT_TRUE(peer.wait_for("100 Continue\r\n\r\n"));
  ASSERT_TRUE(peer.send("ok"));
  EXPECT_TRUE(peer.wait_for("\r\n\r\nok"));
}

TEST_F(HttpServerTest, SlowHeadIsTimedOut) {
  RawPeer peer = connect();
  ASSERT_TRUE(peer.send("GET /hello HT"));
  loop_->run_once(Duration(0));
  // A byte now and then does not buy more time.
  clock_.advance(options_.head_timeout - std::chrono::seconds(1));
  ASSERT_TRUE(peer.send("TP"));
  loop_->run_once(Duration(0));
  clock_.advance(std::chrono::seconds(2));
  EXPECT_TRUE(peer.wait_for("408 Request Timeout"));
  EXPECT_EQ(server_->counters().timeouts.value(), 1U);
}

TEST_F(HttpServerTest, SlowBodyIsTimedOut) {
  RawPeer peer = connect();
  ASSERT_TRUE(peer.send("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nab"));
  loop_->run_once(Duration(0));
  clock_.advance(options_.body_timeout + std::chrono::seconds(1));
  EXPECT_TRUE(peer.wait_for("408 Request Timeout"));
}

TEST_F(HttpServerTest, IdleConnectionsAreClosedInSilence) {
  RawPeer peer = connect();
  clock_.advance(options_.idle_timeout + std::chrono::seconds(1));
  ASSERT_TRUE(peer.wait_closed());
  EXPECT_EQ(peer.received(), "");
}

TEST_F(HttpServerTest, APeerThatDoesNotReadIsDropped) {
  RawPeer peer = connect();
  ASSERT_TRUE(peer.send("GET /big HTTP/1.1\r\nHost: x\r\n\r\n"));
  for (int i = 0; i < 20; ++i) loop_->run_once(Duration(0));
  ASSERT_EQ(server_->open_connections(), 1U);
  clock_.advance(options_.write_timeout + std::chrono::seconds(1));
  EXPECT_TRUE(turn_until(*loop_, [&] { return server_->open_connections() == 0; }));
}

TEST_F(HttpServerTest, AHandlerThatNeverAnswersIs504) {
  RawPeer peer = connect();
  ASSERT_TRUE(peer.send("GET /later HTTP/1.1\r\nHost: x\r\n\r\n"));
  ASSERT_TRUE(turn_until(*loop_, [&] { return later_.size() == 1; }));
  clock_.advance(options_.handler_timeout + std::chrono::seconds(1));
  EXPECT_TRUE(peer.wait_for("504 Gateway Timeout"));
}

TEST_F(HttpServerTest, OverTheCapIsRefused) {
  std::vector<RawPeer> peers;
  for (int i = 0; i < 5; ++i) peers.push_back(connect());
  EXPECT_TRUE(peers.back().wait_closed());
  EXPECT_EQ(server_->counters().refused.value(), 1U);
  ASSERT_TRUE(peers.front().send("GET /hello HTTP/1.1\r\nHost: x\r\n\r\n"));
  EXPECT_TRUE(peers.front().wait_for("hello"));
}

TEST_F(HttpServerTest, HeadLeavesTheBodyOut) {
  RawPeer peer = connect();
  ASSERT_TRUE(peer.send("HEAD /hello HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"));
  ASSERT_TRUE(peer.wait_closed());
  EXPECT_NE(peer.received().find("Content-Length: 5\r\n"), std::string::npos);
  EXPECT_TRUE(peer.received().ends_with("\r\n\r\n"));
}

TEST_F(HttpServerTest, UpgradeHandsOverTheStreamAndWhatFollowed) {
  RawPeer peer = connect();
  ASSERT_TRUE(peer.send("GET /upgrade HTTP/1.1\r\nHost: x\r\n\r\nearly bytes"));
  ASSERT_TRUE(turn_until(*loop_, [&] { return upgrade_.has_value(); }));
  EXPECT_EQ(upgrade_->leftover, "early bytes");
  EXPECT_EQ(server_->open_connections(), 0U);
  const std::string text = "now mine";
  ASSERT_TRUE(upgrade_->stream->write(
      std::span(reinterpret_cast<const std::uint8_t*>(text.data()), text.size())));
  EXPECT_TRUE(peer.wait_for("now mine"));
}

TEST(ListenUnixFreshTest, ReplacesTheDeadAndSparesTheLiving) {
  const auto dir =
      std::filesystem::temp_directory_path() / ("rp_listen_" + std::to_string(::getpid()));
  std::filesystem::create_directory(dir);
  const std::string path = dir / "s.sock";
  auto first = listen_unix_fresh(path, {.mode = 0600});
  ASSERT_TRUE(first) << first.error().message();
  EXPECT_EQ(std::filesystem::status(path).permissions(), std::filesystem::perms(0600));
  const auto second = listen_unix_fresh(path, {});
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::kExists);
  first->reset();
  EXPECT_TRUE(listen_unix_fresh(path, {}));
  std::filesystem::remove_all(dir);
}

}  // namespace
}  // namespace rp
