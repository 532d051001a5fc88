#include "tests/support/viewer/viewer.h"

#include <poll.h>

#include <array>
#include <utility>

#include <fmt/core.h>

#include "engine/base/socket_stream.h"
#include "engine/transport/tls_stream.h"
#include "engine/transport/websocket_sender.h"

namespace rp::testview {
namespace {

constexpr int kConnectTimeout_ms = 10'000;
constexpr std::uint16_t kEvdevEnter = 28;

Status wait_for(int fd, short events) {
  pollfd entry{fd, events, 0};
  const int ready = ::poll(&entry, 1, kConnectTimeout_ms);
  if (ready == 0) return fail(ErrorCode::kTimeout, "the server does not answer");
  if (ready < 0) return fail_errno("wait for the server");
  return {};
}

Status write_all(ByteStream& stream, std::string_view text) {
  std::span<const std::uint8_t> left(reinterpret_cast<const std::uint8_t*>(text.data()),
                                     text.size());
  while (!left.empty()) {
    const auto written = stream.write(left);
    if (written) {
      left = left.subspan(*written);
    } else if (written.error().code == ErrorCode::kWouldBlock) {
      // During the TLS handshake the stream may wait for either direction.
      RP_TRY(wait_for(stream.fd(), POLLIN));
    } else {
      return forward(written.error());
    }
  }
  return {};
}

// Reads the answer's head; returns what came behind it.
Result<std::vector<std::uint8_t>> read_upgrade(ByteStream& stream) {
  std::string head;
  std::array<std::uint8_t, 4096> buffer;
  while (head.find("\r\n\r\n") == std::string::npos) {
    const auto got = stream.read(buffer);
    if (!got && got.error().code == ErrorCode::kWouldBlock) {
      RP_TRY(wait_for(stream.fd(), POLLIN));
      continue;
    }
    if (!got) return forward(got.error());
    head.append(reinterpret_cast<const char*>(buffer.data()), *got);
    if (head.size() > 65'536) return fail(ErrorCode::kInvalid, "the answer's head is too long");
  }
  if (!head.starts_with("HTTP/1.1 101")) {
    return fail(ErrorCode::kDenied, "no upgrade: " + head.substr(0, head.find('\r')));
  }
  const std::size_t end = head.find("\r\n\r\n") + 4;
  return std::vector<std::uint8_t>(head.begin() + static_cast<std::ptrdiff_t>(end), head.end());
}

}  // namespace

TestViewer::TestViewer(EventLoop& loop, ViewerOptions options)
    : loop_(loop), options_(std::move(options)), ping_timer_(loop.timer([this] { ping(); })) {}

TestViewer::~TestViewer() = default;

Result<std::unique_ptr<TestViewer>> TestViewer::connect(EventLoop& loop, ViewerOptions options) {
  std::unique_ptr<TestViewer> viewer(new TestViewer(loop, std::move(options)));
  RP_TRY(viewer->open_connection());
  return viewer;
}

Status TestViewer::open_connection() {
  if (!options_.dump_path.empty()) {
    dump_.open(options_.dump_path, std::ios::binary | std::ios::trunc);
    if (!dump_) return fail_errno("open " + options_.dump_path);
  }
  RP_ASSIGN(const SocketAddress address, parse_socket_address(options_.address));
  RP_ASSIGN(UniqueFd socket, connect_tcp(address));
  RP_TRY(wait_for(socket.get(), POLLOUT));
  RP_ASSIGN(auto context, TlsContext::create_client({}));
  RP_ASSIGN(std::unique_ptr<ByteStream> stream,
            TlsStream::connect(std::move(context), std::move(socket), address.host));
  // The key's value does not matter to a client that does not check the answer (RFC 6455, 4.1).
  RP_TRY(
      write_all(*stream, fmt::format("GET /stream HTTP/1.1\r\nHost: {0}\r\nOrigin: https://{0}\r\n"
                                     "Upgrade: websocket\r\nConnection: Upgrade\r\n"
                                     "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                                     "Sec-WebSocket-Version: 13\r\n"
                                     "Sec-WebSocket-Protocol: rackphone.v1, ticket.{1}\r\n\r\n",
                                     options_.address, options_.ticket)));
  RP_ASSIGN(auto early, read_upgrade(*stream));
  RP_ASSIGN(sender_, WebSocketSender::create(loop_, std::move(stream), WebSocketRole::kClient,
                                             std::move(early)));
  sender_->set_listener(*this);
  send(options_.hello);
  ping();
  return {};
}

template <typename Message>
void TestViewer::send(const Message& message) {
  std::vector<std::uint8_t> bytes;
  wire::append(bytes, message);
  if (const Status status = sender_->send(bytes); !status) end_reason_ = status.error().message();
}

void TestViewer::ping() {
  if (!open()) return;
  send(wire::Ping{static_cast<std::uint64_t>(loop_.clock().now().us)});
  ping_timer_.arm_after(std::chrono::seconds(1));
}

void TestViewer::on_message(std::span<const std::uint8_t> bytes) {
  const Status status = wire::dispatch(bytes, static_cast<wire::ServerMessages&>(*this));
  if (!status && end_reason_.empty()) end_reason_ = status.error().message();
}

void TestViewer::on_video(const wire::Video& video, std::span<const std::uint8_t> data) {
  if (dump_.is_open()) {
    dump_.write(reinterpret_cast<const char*>(data.data()),
                static_cast<std::streamsize>(data.size()));
  }
  if (on_unit) on_unit(video, data);
  arrived(
      {video, video.key_frame, false, loop_.clock().now(), data.size() + wire::kVideoHeaderBytes});
}

void TestViewer::on_tiles(const wire::Tiles& tiles, std::span<const std::uint8_t> operations) {
  arrived({tiles, false, true, loop_.clock().now(), operations.size() + wire::kTilesHeaderBytes});
}

void TestViewer::arrived(Arrival arrival) {
  wire::Ack ack;
  ack.sequence = arrival.frame.sequence;
  if (awaited_input_ != 0 && arrival.frame.input_sequence >= awaited_input_) {
    input_to_frame_.push_back(arrival.received - awaited_since_);
    ack.input_to_photon_us = static_cast<std::uint32_t>(input_to_frame_.back().count());
    awaited_input_ = 0;
  }
  send(ack);
  arrivals_.push_back(arrival);
  if (on_arrival) on_arrival(arrivals_.back());
}

void TestViewer::on_closed(const Error& why) {
  ping_timer_.cancel();
  if (end_reason_.empty()) end_reason_ = why.message();
}

void TestViewer::tap(double x, double y) {
  const auto across = [](double v) { return static_cast<std::uint16_t>(v * 65'535); };
  awaited_since_ = loop_.clock().now();
  send(wire::Touch{next_input_++, wire::TouchAction::kDown, 0, across(x), across(y)});
  awaited_input_ = next_input_ - 1;
  send(wire::Touch{next_input_++, wire::TouchAction::kUp, 0, across(x), across(y)});
}

void TestViewer::type(std::string_view text) {
  while (!text.empty()) {
    const std::size_t line = text.find('\n');
    if (line != 0)
      send(wire::Text{next_input_++, wire::TextKind::kCommit, 0, text.substr(0, line)});
    if (line == std::string_view::npos) return;
    send(wire::Key{next_input_++, kEvdevEnter, true});
    send(wire::Key{next_input_++, kEvdevEnter, false});
    text.remove_prefix(line + 1);
  }
}

void TestViewer::resize(wire::Resize shape) { send(shape); }

void TestViewer::close() { sender_->close(1000, "done"); }

}  // namespace rp::testview
