// Goal: TLS over a non-blocking socket carries bytes both ways under partial writes, ends in order,
// and names what is wrong. Method: two ends over loopback TCP on one loop, pumped until a condition
// holds.
#include "engine/transport/tls_stream.h"

#include <fstream>
#include <functional>
#include <optional>

#include <gtest/gtest.h>

#include "engine/transport/self_signed.h"
#include "tests/support/stream_end.h"
#include "tests/support/stream_pair.h"

namespace rp {
namespace {

using Bytes = std::vector<std::uint8_t>;

using End = StreamEnd;

class TlsStreamTest : public testing::Test {
 protected:
  void connect(StreamPair streams) {
    server_ = std::make_unique<End>(*loop_, std::move(streams.server));
    client_ = std::make_unique<End>(*loop_, std::move(streams.client));
  }
  bool until(const std::function<bool()>& condition) {
    const TimePoint deadline = clock_.now() + std::chrono::seconds(10);
    while (!condition()) {
      if (clock_.now() > deadline) return false;
      loop_->run_once(Duration(1'000));
    }
    return true;
  }
  static Bytes pattern(std::size_t size) {
    Bytes bytes(size);
    for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::uint8_t>(i * 31 + i / 257);
    return bytes;
  }

  SystemClock clock_;
  std::unique_ptr<EventLoop> loop_ = std::move(*EventLoop::create(clock_));
  std::unique_ptr<End> server_;
  std::unique_ptr<End> client_;
};

TEST_F(TlsStreamTest, CarriesMegabytesBothWaysAtOnce) {
  connect(make_tls_streams(make_tls_pair()));
  const Bytes a = pattern(5'000'001);
  const Bytes b = pattern(3'000'003);
  server_->send(a);
  client_->send(b);
  ASSERT_TRUE(
      until([&] { return client_->got.size() == a.size() && server_->got.size() == b.size(); }));
  EXPECT_EQ(client_->got, a);
  EXPECT_EQ(server_->got, b);
  EXPECT_EQ(static_cast<TlsStream&>(server_->stream()).version(), "TLSv1.3");
}

TEST_F(TlsStreamTest, BytesInsideOpenSslAreNotForgotten) {
  connect(make_tls_streams(make_tls_pair()));
  client_->read_in_pieces_of(
      7);  // far less than a record: epoll sees the socket empty after the first
  const Bytes a = pattern(10'000);
  server_->send(a);
  client_->send({1});
  ASSERT_TRUE(until([&] { return client_->got.size() == a.size(); }));
  EXPECT_EQ(client_->got, a);
}

TEST_F(TlsStreamTest, EndsInOrder) {
  connect(make_tls_streams(make_tls_pair()));
  client_->send({1, 2, 3});
  ASSERT_TRUE(until([&] { return server_->got.size() == 3; }));
  ASSERT_TRUE(client_->stream().finish_writing().has_value());
  ASSERT_TRUE(until([&] { return server_->ended.has_value(); }));
  EXPECT_EQ(server_->ended->code, ErrorCode::kClosed);
}

TEST_F(TlsStreamTest, APeerThatVanishesIsNotInOrder) {
  connect(make_tls_streams(make_tls_pair()));
  client_->send({1});
  ASSERT_TRUE(until([&] { return server_->got.size() == 1; }));
  client_->drop();
  ASSERT_TRUE(until([&] { return server_->ended.has_value(); }));
  EXPECT_NE(server_->ended->code, ErrorCode::kClosed) << server_->ended->message();
}

TEST_F(TlsStreamTest, AnUntrustedCertificateIsRefused) {
  TlsPair ours = make_tls_pair();
  ours.client = make_tls_pair().client;
  connect(make_tls_streams(ours));
  client_->send({1});
  ASSERT_TRUE(until([&] { return client_->ended.has_value() && server_->ended.has_value(); }));
  EXPECT_EQ(client_->ended->code, ErrorCode::kInvalid);
  EXPECT_TRUE(server_->got.empty());
}

TEST_F(TlsStreamTest, PlainBytesAreNoHandshake) {
  StreamPair streams = make_tls_streams(make_tls_pair());
  SocketPair sockets = make_tcp_pair();
  auto server = TlsStream::accept(make_tls_pair().server, std::move(sockets.server));
  ASSERT_TRUE(server.has_value());
  streams.server = std::move(*server);
  streams.client = std::move(*SocketStream::create(std::move(sockets.client)));
  connect(std::move(streams));
  client_->send({'G', 'E', 'T', ' ', '/', ' ', 'H', 'T', 'T', 'P', '/', '1', '.', '1', '\r', '\n'});
  ASSERT_TRUE(until([&] { return server_->ended.has_value(); }));
  EXPECT_EQ(server_->ended->code, ErrorCode::kInvalid);
}

TEST(TlsContext, NamesTheFileThatIsWrong) {
  const TemporaryDirectory directory;
  const std::string cert = directory.path() + "/cert.pem";
  const std::string key = directory.path() + "/key.pem";
  auto context = TlsContext::create_server({cert, key});
  ASSERT_FALSE(context.has_value());
  EXPECT_NE(context.error().message().find("cert.pem"), std::string::npos);

  const auto a = make_self_signed({"localhost"});
  const auto b = make_self_signed({"localhost"});
  std::ofstream(cert) << a->certificate_pem;
  std::ofstream(key) << b->key_pem;
  context = TlsContext::create_server({cert, key});
  ASSERT_FALSE(context.has_value());
  EXPECT_NE(context.error().message().find("key.pem"), std::string::npos)
      << "of another certificate";
}

}  // namespace
}  // namespace rp
