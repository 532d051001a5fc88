#include "bench/capacity/viewer/upgrade.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <utility>

#include <fmt/core.h>

#include "engine/transport/tls_stream.h"
#include "engine/transport/websocket_sender.h"

namespace rp {
namespace {

constexpr Duration kTimeout = std::chrono::seconds(30);
constexpr std::size_t kMaxAnswerBytes = 65'536;

// Users come from many addresses, and the engine limits each; so do the viewers of a load.
Result<UniqueFd> connect_from(const std::string& source, const SocketAddress& engine) {
  if (source.empty()) return connect_tcp(engine);
  UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd) return fail_errno("make a socket");
  const int on = 1;
  ::setsockopt(fd.get(), IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  if (::inet_pton(AF_INET, source.c_str(), &address.sin_addr) != 1)
    return fail(ErrorCode::kInvalid, "source address " + source);
  if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    return fail_errno("connect from " + source);
  address.sin_port = htons(engine.port);
  if (::inet_pton(AF_INET, engine.host.c_str(), &address.sin_addr) != 1)
    return fail(ErrorCode::kInvalid, "engine address " + engine.host);
  const auto* to = reinterpret_cast<const sockaddr*>(&address);
  if (::connect(fd.get(), to, sizeof address) != 0 && errno != EINPROGRESS)
    return fail_errno("connect to " + engine.host);
  return fd;
}

}  // namespace

Status LoadViewer::Upgrade::start(const std::shared_ptr<TlsContext>& tls,
                                  const LoadViewerOptions& options) {
  RP_ASSIGN(const std::string ticket, options.make_ticket());
  RP_ASSIGN(UniqueFd socket, connect_from(options.source, options.engine));
  RP_ASSIGN(stream_, TlsStream::connect(tls, std::move(socket), options.engine.host));
  // The key's value does not matter to a client that does not check the answer (RFC 6455, 4.1).
  request_ = fmt::format(
      "GET /stream HTTP/1.1\r\nHost: {0}:{1}\r\nOrigin: https://{0}:{1}\r\nUpgrade: websocket\r\n"
      "Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
      "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: rackphone.v1, ticket.{2}\r\n\r\n",
      options.engine.host, options.engine.port, ticket);
  RP_TRY(stream_->attach(loop_, *this));
  stream_->set_interest(false, true);
  deadline_.arm_after(kTimeout);
  return {};
}

void LoadViewer::Upgrade::on_ready(bool /*readable*/, bool /*writable*/) {
  Status status = request_.empty() ? read_answer() : write_request();
  if (!status && status.error().code == ErrorCode::kWouldBlock) return;
  if (!status) return finish(forward(status.error()));
  const std::size_t end = answer_.find("\r\n\r\n");
  if (end == std::string::npos) return;
  if (!answer_.starts_with("HTTP/1.1 101")) {
    return finish(fail(ErrorCode::kDenied, "no upgrade: " + answer_.substr(0, answer_.find('\r'))));
  }
  stream_->detach();
  std::vector<std::uint8_t> early(answer_.begin() + static_cast<std::ptrdiff_t>(end) + 4,
                                  answer_.end());
  auto sender =
      WebSocketSender::create(loop_, std::move(stream_), WebSocketRole::kClient, std::move(early));
  if (!sender) return finish(forward(sender.error()));
  finish(std::move(*sender));
}

Status LoadViewer::Upgrade::write_request() {
  while (!request_.empty()) {
    const std::span<const std::uint8_t> left(reinterpret_cast<const std::uint8_t*>(request_.data()),
                                             request_.size());
    RP_ASSIGN(const std::size_t written, stream_->write(left));
    request_.erase(0, written);
  }
  stream_->set_interest(true, false);
  return {};
}

Status LoadViewer::Upgrade::read_answer() {
  std::array<std::uint8_t, 4096> buffer{};
  while (answer_.find("\r\n\r\n") == std::string::npos) {
    RP_ASSIGN(const std::size_t got, stream_->read(buffer));
    answer_.append(reinterpret_cast<const char*>(buffer.data()), got);
    if (answer_.size() > kMaxAnswerBytes)
      return fail(ErrorCode::kInvalid, "the answer's head is too long");
  }
  return {};
}

void LoadViewer::Upgrade::timed_out() {
  finish(fail(ErrorCode::kTimeout, "the engine does not answer"));
}

void LoadViewer::Upgrade::finish(Result<std::unique_ptr<WebSocketSender>> result) {
  deadline_.cancel();
  if (stream_) stream_->detach();
  if (done_) std::exchange(done_, nullptr)(std::move(result));
}

}  // namespace rp
