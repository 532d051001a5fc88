// Goal: a stream goes from one process to another and its viewer sees no break. Method: this
// process does the handshake and the first part, a child that knows no key does the rest; the
// viewer is `openssl s_client`, or a WebSocket client that checks every frame's number.
#include <poll.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <array>
#include <csignal>
#include <functional>

#include <gtest/gtest.h>

#include "engine/transport/offloaded_stream.h"
#include "engine/transport/stream_handover.h"
#include "engine/transport/tls_stream.h"
#include "engine/transport/websocket_sender.h"
#include "tests/lab/ktls/kernel.h"
#include "tests/lab/ktls/s_client.h"
#include "tests/support/recording_listener.h"
#include "tests/support/stream_end.h"
#include "tests/support/stream_pair.h"

namespace rp {
namespace {

using Bytes = std::vector<std::uint8_t>;
constexpr std::uint32_t kFramesEach = 40;
constexpr std::size_t kFrameBytes = 30'000;

const SystemClock kClock;

bool turn_until(EventLoop& loop, const std::function<bool()>& condition) {
  const TimePoint deadline = kClock.now() + std::chrono::seconds(20);
  while (!condition()) {
    if (kClock.now() > deadline) return false;
    loop.run_once(Duration(1'000));
  }
  return true;
}

// What a child gets: streams over a socket, and a kernel's TLS of its own making.
std::unique_ptr<ByteStream> take_stream(int from) {
  pollfd waiting{from, POLLIN, 0};
  if (::poll(&waiting, 1, 20'000) != 1) return nullptr;
  auto taken = receive_stream(from);
  if (!taken) return nullptr;
  auto stream = OffloadedStream::create(*lab_kernel(), std::move(*taken));
  return stream ? std::move(*stream) : nullptr;
}

class OtherProcess {
 public:
  explicit OtherProcess(const std::function<int(int socket)>& body) {
    std::array<int, 2> pair{};
    RP_CHECK(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair.data()) == 0);
    child_ = ::fork();
    RP_CHECK(child_ >= 0);
    if (child_ == 0) {
      ::close(pair[0]);
      ::_exit(body(pair[1]));
    }
    ::close(pair[1]);
    socket_.reset(pair[0]);
  }
  ~OtherProcess() {
    if (child_ < 0) return;
    ::kill(child_, SIGKILL);
    ::waitpid(child_, nullptr, 0);
  }
  [[nodiscard]] int socket() const { return socket_.get(); }
  int exit_status() {
    int status = -1;
    RP_CHECK(::waitpid(child_, &status, 0) == child_);
    child_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }

 private:
  UniqueFd socket_;
  pid_t child_ = -1;
};

std::string part_of_text(char mark) {
  std::string all;
  for (int i = 0; i < 20'000; ++i) all += std::string(1, mark) + std::to_string(i) + "\n";
  return all;
}

// Goes on with the text, waits for the viewer's word, ends in order.
int finish_text(int from) {
  const auto loop = std::move(*EventLoop::create(kClock));
  auto stream = take_stream(from);
  if (stream == nullptr) return 1;
  StreamEnd end(*loop, std::move(stream));
  const std::string rest = part_of_text('b');
  end.send(Bytes(rest.begin(), rest.end()));
  const std::string word = "said after the hand-over\n";
  if (!turn_until(*loop, [&] { return end.all_sent() && end.got.size() == word.size(); })) return 2;
  if (std::string(end.got.begin(), end.got.end()) != word) return 3;
  if (!turn_until(*loop, [&] { return end.stream().finish_writing().has_value(); })) return 4;
  // The peer's close_notify, then its end.
  return turn_until(*loop, [&] { return end.ended.has_value(); }) ? 0 : 5;
}

TEST(HandOver, SClientSeesNoBreak) {
  OtherProcess other(finish_text);
  const auto loop = std::move(*EventLoop::create(kClock));
  const TlsPair tls = make_tls_pair(false, lab_kernel().get());
  UniqueFd listener = std::move(*listen_tcp({"127.0.0.1", 0}));
  SClient client(*loop, *local_port(listener.get()), {"-quiet"});
  pollfd waiting{listener.get(), POLLIN, 0};
  ASSERT_EQ(::poll(&waiting, 1, 10'000), 1);
  auto accepted = TlsStream::accept(tls.server, std::move(*accept_socket(listener.get())));
  ASSERT_TRUE(accepted.has_value());
  TlsStream* stream = accepted->get();
  auto server = std::make_unique<StreamEnd>(*loop, std::move(*accepted));
  ASSERT_TRUE(turn_until(*loop, [&] { return !stream->version().empty(); }));
  stream->expect_bulk();
  const std::string first = part_of_text('a');
  server->send(Bytes(first.begin(), first.end()));
  ASSERT_TRUE(turn_until(*loop, [&] { return server->all_sent(); }));

  auto handed = stream->hand_over();
  ASSERT_TRUE(handed.has_value()) << handed.error().message();
  ASSERT_TRUE(send_stream(other.socket(), *handed).has_value());
  EXPECT_FALSE(handed->socket) << "ours is closed";
  server.reset();
  client.type("said after the hand-over\n");
  ASSERT_TRUE(turn_until(*loop, [&] { return client.ended(); }));
  EXPECT_EQ(client.exit_status(), 0);
  EXPECT_EQ(other.exit_status(), 0);
  const std::string all = first + part_of_text('b');
  ASSERT_GE(client.out.size(), all.size());
  EXPECT_EQ(client.out.substr(client.out.size() - all.size()), all);
}

Bytes frame_header(std::uint32_t number) {
  return {static_cast<std::uint8_t>(number), static_cast<std::uint8_t>(number >> 8)};
}

// Sends numbered frames from `first` on, as fast as the viewer acknowledges them.
bool send_frames(EventLoop& loop, WebSocketSender& sender, RecordingListener& listener,
                 std::uint32_t first) {
  for (std::uint32_t n = first; n < first + kFramesEach; ++n) {
    const std::size_t freed = listener.payloads.size();
    if (!turn_until(loop, [&] { return sender.ready_for_frame(); })) return false;
    if (!sender.send_frame(frame_header(n), Bytes(kFrameBytes, static_cast<std::uint8_t>(n)), n)) {
      return false;
    }
    if (!turn_until(loop, [&] { return listener.payloads.size() > freed; })) return false;
    sender.acknowledge(n, kClock.now());
  }
  return true;
}

int go_on_with_frames(int from) {
  const auto loop = std::move(*EventLoop::create(kClock));
  auto stream = take_stream(from);
  if (stream == nullptr) return 1;
  auto sender = WebSocketSender::create(*loop, std::move(stream), WebSocketRole::kServer);
  if (!sender) return 2;
  RecordingListener listener;
  (*sender)->set_listener(listener);
  if (!send_frames(*loop, **sender, listener, kFramesEach)) return 3;
  if (!turn_until(*loop, [&] { return listener.messages.size() == 1; })) return 4;
  (*sender)->close(1001, "done");
  if (!turn_until(*loop, [&] { return listener.closed.has_value(); })) return 5;
  return listener.closed->code == ErrorCode::kClosed ? 0 : 6;
}

TEST(HandOver, AWebSocketViewerMissesNoFrame) {
  OtherProcess other(go_on_with_frames);
  const auto loop = std::move(*EventLoop::create(kClock));
  StreamPair streams = make_offloaded_streams(make_tls_pair(false, lab_kernel().get()));
  auto sender = WebSocketSender::create(*loop, std::move(streams.server), WebSocketRole::kServer);
  auto viewer = WebSocketSender::create(*loop, std::move(streams.client), WebSocketRole::kClient);
  ASSERT_TRUE(sender.has_value() && viewer.has_value());
  RecordingListener listener;
  RecordingListener seen;
  (*sender)->set_listener(listener);
  (*viewer)->set_listener(seen);
  ASSERT_TRUE(send_frames(*loop, **sender, listener, 0));
  ASSERT_TRUE((*viewer)->send(Bytes{7}).has_value());
  ASSERT_TRUE(turn_until(*loop, [&] { return listener.messages.size() == 1; }));

  auto handed = (*sender)->hand_over();
  ASSERT_TRUE(handed.has_value()) << handed.error().message();
  EXPECT_TRUE(handed->unread.empty());
  ASSERT_TRUE(send_stream(other.socket(), *handed).has_value());
  sender->reset();
  ASSERT_TRUE((*viewer)->send(Bytes{8}).has_value());
  ASSERT_TRUE(turn_until(*loop, [&] { return seen.closed.has_value(); }));
  EXPECT_EQ(other.exit_status(), 0);
  EXPECT_EQ(seen.closed->code, ErrorCode::kClosed) << seen.closed->message();
  EXPECT_EQ((*viewer)->close_code(), 1001);
  ASSERT_EQ(seen.messages.size(), 2 * kFramesEach);
  for (std::uint32_t n = 0; n < 2 * kFramesEach; ++n) {
    Bytes expected = frame_header(n);
    expected.resize(expected.size() + kFrameBytes, static_cast<std::uint8_t>(n));
    EXPECT_EQ(seen.messages[n], expected) << n;
  }
}

}  // namespace
}  // namespace rp
