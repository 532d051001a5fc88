// Goal: a stream and its unread bytes reach the other side of a socket whole, nothing else is taken
// for one, and a WebSocket stream is given up between messages only. Method: plain sockets, both
// sides in one process; tests/lab/ktls does it between two with the kernel's TLS.
#include "engine/transport/stream_handover.h"

#include <fcntl.h>
#include <sys/socket.h>

#include <array>
#include <cstring>
#include <functional>

#include <gtest/gtest.h>

#include "drivers/fake/records/software_records.h"
#include "engine/transport/offloaded_stream.h"
#include "engine/transport/tls_stream.h"
#include "engine/transport/websocket_sender.h"
#include "tests/support/recording_listener.h"
#include "tests/support/stream_pair.h"

namespace rp {
namespace {

using Bytes = std::vector<std::uint8_t>;

class StreamHandover : public testing::Test {
 protected:
  void SetUp() override {
    std::array<int, 2> pair{};
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair.data()), 0);
    from_.reset(pair[0]);
    to_.reset(pair[1]);
  }
  // A message as it comes from somebody who means harm.
  void send_raw(const Bytes& bytes, const std::vector<int>& fds) {
    iovec part{const_cast<std::uint8_t*>(bytes.data()), bytes.size()};
    alignas(cmsghdr) std::array<char, CMSG_SPACE(8 * sizeof(int))> control{};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    if (!fds.empty()) {
      message.msg_control = control.data();
      message.msg_controllen = CMSG_SPACE(fds.size() * sizeof(int));
      cmsghdr* rights = CMSG_FIRSTHDR(&message);
      rights->cmsg_level = SOL_SOCKET;
      rights->cmsg_type = SCM_RIGHTS;
      rights->cmsg_len = CMSG_LEN(fds.size() * sizeof(int));
      std::memcpy(CMSG_DATA(rights), fds.data(), fds.size() * sizeof(int));
    }
    ASSERT_EQ(::sendmsg(from_.get(), &message, 0), static_cast<ssize_t>(bytes.size()));
  }
  static Bytes head(std::uint8_t kind, std::uint8_t unread_bytes) {
    return {'R', 'P', 'H', '1', kind, 0, 0, 0, unread_bytes, 0, 0, 0};
  }
  ErrorCode refusal() {
    const auto taken = receive_stream(to_.get());
    EXPECT_FALSE(taken.has_value());
    return taken ? ErrorCode::kInternal : taken.error().code;
  }
  UniqueFd from_;
  UniqueFd to_;
};

TEST_F(StreamHandover, TheSocketAndWhatIsUnreadArrive) {
  SocketPair sockets = make_tcp_pair();
  HandedStream sent{HandedStream::Kind::kTlsRecords, std::move(sockets.server), Bytes(60'000, 7)};
  ASSERT_TRUE(send_stream(from_.get(), sent).has_value());
  EXPECT_FALSE(sent.socket);
  const auto taken = receive_stream(to_.get());
  ASSERT_TRUE(taken.has_value()) << taken.error().message();
  EXPECT_EQ(taken->kind, HandedStream::Kind::kTlsRecords);
  EXPECT_EQ(taken->unread, Bytes(60'000, 7));
  EXPECT_TRUE((::fcntl(taken->socket.get(), F_GETFD) & FD_CLOEXEC) != 0);
  EXPECT_EQ(peer_address(taken->socket.get()), "127.0.0.1");
}

TEST_F(StreamHandover, NothingElseIsTakenForAStream) {
  const SocketPair tcp = make_tcp_pair();
  const UniqueFd file(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  EXPECT_EQ(refusal(), ErrorCode::kWouldBlock);
  send_raw(head(0, 0), {});
  EXPECT_EQ(refusal(), ErrorCode::kInvalid) << "no descriptor";
  send_raw(head(0, 0), {tcp.server.get(), tcp.client.get()});
  EXPECT_EQ(refusal(), ErrorCode::kInvalid) << "two";
  send_raw(head(0, 0), std::vector<int>(8, tcp.server.get()));
  EXPECT_EQ(refusal(), ErrorCode::kInvalid) << "more than are looked at";
  send_raw(head(0, 0), {file.get()});
  EXPECT_EQ(refusal(), ErrorCode::kInvalid) << "not a socket";
  send_raw(head(0, 0), {from_.get()});
  EXPECT_EQ(refusal(), ErrorCode::kInvalid) << "not a stream";
  send_raw(head(2, 0), {tcp.server.get()});
  EXPECT_EQ(refusal(), ErrorCode::kInvalid) << "an unknown kind";
  send_raw(head(0, 1), {tcp.server.get()});
  EXPECT_EQ(refusal(), ErrorCode::kInvalid) << "bytes are missing";
  Bytes longer = head(0, 0);
  longer.push_back(1);
  send_raw(longer, {tcp.server.get()});
  EXPECT_EQ(refusal(), ErrorCode::kInvalid) << "bytes too many";
  send_raw({'R', 'P', 'H'}, {tcp.server.get()});
  EXPECT_EQ(refusal(), ErrorCode::kInvalid) << "cut";
  send_raw(Bytes(kMaxHandedBytes + 100, 'R'), {tcp.server.get()});
  EXPECT_EQ(refusal(), ErrorCode::kInvalid) << "too large";
  from_.reset();
  EXPECT_EQ(refusal(), ErrorCode::kClosed);
}

TEST_F(StreamHandover, TooMuchUnreadStaysOurs) {
  HandedStream sent{HandedStream::Kind::kPlain, make_tcp_pair().server,
                    Bytes(kMaxHandedBytes + 1, 7)};
  const Status refused = send_stream(from_.get(), sent);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::kExhausted);
  EXPECT_TRUE(sent.socket);
}

class WebSocketHandover : public testing::Test {
 protected:
  void start(StreamPair streams) {
    auto made = WebSocketSender::create(*loop_, std::move(streams.server), WebSocketRole::kServer);
    ASSERT_TRUE(made.has_value());
    sender_ = std::move(*made);
    sender_->set_listener(listener_);
    peer_ = std::move(streams.client);
  }
  // The server's sender is replaced by one that another process could have made.
  void go_on_with(HandedStream handed) {
    Bytes unread = std::move(handed.unread);
    handed.unread.clear();
    auto stream = SocketStream::create(std::move(handed.socket));
    ASSERT_TRUE(stream.has_value());
    auto made = WebSocketSender::create(*loop_, std::move(*stream), WebSocketRole::kServer,
                                        std::move(unread));
    ASSERT_TRUE(made.has_value());
    sender_ = std::move(*made);
    sender_->set_listener(listener_);
  }
  bool until(const std::function<bool()>& condition) {
    const TimePoint deadline = clock_.now() + std::chrono::seconds(10);
    while (!condition()) {
      if (clock_.now() > deadline) return false;
      loop_->run_once(Duration(1'000));
    }
    return true;
  }
  // Until the loop has nothing to do any more.
  void settle() {
    for (int i = 0; i < 10; ++i) loop_->run_once(Duration(0));
  }
  void write(const Bytes& bytes) {
    const auto put = peer_->write(bytes);
    ASSERT_TRUE(put.has_value() && *put == bytes.size());
  }
  // A masked frame with a zero mask.
  static Bytes frame(std::uint8_t first, const Bytes& payload) {
    Bytes bytes = {first, static_cast<std::uint8_t>(0x80 | payload.size()), 0, 0, 0, 0};
    bytes.insert(bytes.end(), payload.begin(), payload.end());
    return bytes;
  }
  void expect_not_now() {
    settle();
    const auto early = sender_->hand_over();
    ASSERT_FALSE(early.has_value());
    EXPECT_EQ(early.error().code, ErrorCode::kWouldBlock);
  }

  SystemClock clock_;
  std::unique_ptr<EventLoop> loop_ = std::move(*EventLoop::create(clock_));
  RecordingListener listener_;
  std::unique_ptr<WebSocketSender> sender_;
  std::unique_ptr<ByteStream> peer_;
};

TEST_F(WebSocketHandover, HappensBetweenMessagesOnly) {
  start(make_plain_streams());
  const Bytes message = frame(0x82, {1, 2, 3});
  for (const std::size_t cut : {1U, 3U, 7U}) {
    write(Bytes(message.begin(), message.begin() + static_cast<long>(cut)));
    expect_not_now();
    write(Bytes(message.begin() + static_cast<long>(cut), message.end()));
    const std::size_t before = listener_.messages.size();
    ASSERT_TRUE(until([&] { return listener_.messages.size() == before + 1; }));
  }
  write(frame(0x02, {4}));  // a fragment, whole in itself
  expect_not_now();
  write(frame(0x89, {}));  // a ping in between changes nothing
  expect_not_now();
  write(frame(0x80, {5}));
  ASSERT_TRUE(until([&] { return listener_.messages.size() == 4; }));
  auto handed = sender_->hand_over();
  ASSERT_TRUE(handed.has_value()) << handed.error().message();
  go_on_with(std::move(*handed));
  write(frame(0x82, {6}));
  ASSERT_TRUE(until([&] { return listener_.messages.size() == 5; }));
  EXPECT_EQ(listener_.messages.back(), Bytes{6});
  EXPECT_FALSE(listener_.closed.has_value());
}

TEST_F(WebSocketHandover, HappensNotWhileAFrameIsUnsent) {
  start(make_plain_streams());
  ASSERT_TRUE(sender_->send_frame(Bytes{1}, Bytes(30'000'000, 2), 1).has_value());
  expect_not_now();
}

TEST_F(WebSocketHandover, NeedsAnOffloadForTls) {
  start(make_tls_streams(make_tls_pair()));
  const auto handed = sender_->hand_over();
  ASSERT_FALSE(handed.has_value());
  EXPECT_EQ(handed.error().code, ErrorCode::kUnsupported);
}

TEST(OffloadedStream, IsOfTlsOnly) {
  SoftwareRecords records;
  auto handed = std::move(*make_plain_streams().server).hand_over();
  ASSERT_TRUE(handed.has_value());
  const auto stream = OffloadedStream::create(records, std::move(*handed));
  ASSERT_FALSE(stream.has_value());
  EXPECT_EQ(stream.error().code, ErrorCode::kInvalid);
}

// What a kernel may refuse costs the stream nothing.
TEST(TlsOffload, ARefusedStreamGoesOnByOpenSsl) {
  for (const SoftwareRecordsOptions& options :
       {SoftwareRecordsOptions{.sends = false}, SoftwareRecordsOptions{.receives = false}}) {
    SoftwareRecords records(options);
    const TlsPair tls = make_tls_pair(false, &records);
    StreamPair streams = make_tls_streams(tls);
    auto& server = static_cast<TlsStream&>(*streams.server);
    std::array<std::uint8_t, 8> buffer{};
    while (server.version().empty()) {
      (void)streams.client->read(buffer);
      (void)server.read(buffer);
    }
    server.expect_bulk();
    EXPECT_EQ(server.sent_by() == RecordCarrier::kProcess, !options.sends);
    EXPECT_EQ(tls.server->counters().refused.value(), options.sends ? 0U : 1U);
    EXPECT_FALSE(server.hand_over().has_value()) << "one direction is not enough";
    ASSERT_TRUE(server.write(Bytes{1, 2, 3}).has_value());
    Result<std::size_t> got = 0;
    do {
      got = streams.client->read(buffer);
    } while (!got && got.error().code == ErrorCode::kWouldBlock);
    EXPECT_EQ(got, 3U);
    ASSERT_TRUE(streams.client->write(Bytes{4}).has_value());
    do {
      got = server.read(buffer);
    } while (!got && got.error().code == ErrorCode::kWouldBlock);
    EXPECT_EQ(got, 1U);
  }
}

}  // namespace
}  // namespace rp
