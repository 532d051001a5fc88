// SocketStream: a ByteStream over a plain TCP or unix socket, and how such sockets are opened. All
// descriptors are non-blocking and close-on-exec.
// Thread rule: as ByteStream; the functions from any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "engine/base/byte_stream.h"
#include "engine/base/unique_fd.h"

namespace rp {

class SocketStream final : public ByteStream {
 public:
  // `socket`: a stream socket, connected or connecting; made non-blocking here.
  [[nodiscard]] static Result<std::unique_ptr<SocketStream>> create(UniqueFd socket);

  [[nodiscard]] Status attach(EventLoop& loop, ByteStreamListener& listener) override;
  void detach() override;
  void set_interest(bool read, bool write) override;
  using ByteStream::write;
  [[nodiscard]] Result<std::size_t> read(std::span<std::uint8_t> buffer) override;
  [[nodiscard]] Result<std::size_t> write(std::span<const iovec> parts) override;
  [[nodiscard]] Status finish_writing() override;
  [[nodiscard]] Result<HandedStream> hand_over() override;
  [[nodiscard]] int fd() const override { return socket_.get(); }
  [[nodiscard]] const std::string& peer() const override { return peer_; }

 private:
  SocketStream(UniqueFd socket, std::string peer)
      : socket_(std::move(socket)), peer_(std::move(peer)) {}

  UniqueFd socket_;
  std::string peer_;
  EventLoop::Watch watch_;  // after socket_: dies before the descriptor is closed
};

struct SocketAddress {
  std::string host;  // numeric IPv4 or IPv6, without brackets
  std::uint16_t port = 0;
};

// "127.0.0.1:443", "[::1]:443". kInvalid names what is wrong.
[[nodiscard]] Result<SocketAddress> parse_socket_address(std::string_view text);

// Port 0: any free one (see local_port). SO_REUSEADDR is set.
[[nodiscard]] Result<UniqueFd> listen_tcp(const SocketAddress& address, int backlog = 128);
// Removes nothing: a path in use is kExists. The file gets `mode`.
[[nodiscard]] Result<UniqueFd> listen_unix(const std::string& path, unsigned mode,
                                           int backlog = 128);
[[nodiscard]] Result<std::uint16_t> local_port(int fd);
// kWouldBlock when nobody waits.
[[nodiscard]] Result<UniqueFd> accept_socket(int listener);
// Starts to connect; the socket turns writable when it has, and read() or write() say when it
// failed.
[[nodiscard]] Result<UniqueFd> connect_tcp(const SocketAddress& address);
[[nodiscard]] Result<UniqueFd> connect_unix(const std::string& path);
// Two connected unix stream sockets.
[[nodiscard]] Result<std::pair<UniqueFd, UniqueFd>> socket_pair();
// What a ByteStream says of a system call on its socket that failed: a reset is kUnavailable, not
// kClosed.
[[nodiscard]] std::unexpected<Error> fail_connection(int errno_value, std::string operation);
// The peer() of a socket.
[[nodiscard]] std::string peer_address(int fd);

}  // namespace rp
