#include "engine/base/socket_stream.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>

namespace rp {

namespace {

constexpr std::size_t kMaxParts = 16;

struct RawAddress {
  sockaddr_storage storage{};
  socklen_t length = 0;
  [[nodiscard]] const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
};

std::string text_of(const SocketAddress& a) {
  const bool v6 = a.host.find(':') != std::string::npos;
  return (v6 ? "[" + a.host + "]:" : a.host + ":") + std::to_string(a.port);
}

Result<RawAddress> raw_address(const SocketAddress& address) {
  RawAddress raw;
  auto* v4 = reinterpret_cast<sockaddr_in*>(&raw.storage);
  auto* v6 = reinterpret_cast<sockaddr_in6*>(&raw.storage);
  if (::inet_pton(AF_INET, address.host.c_str(), &v4->sin_addr) == 1) {
    v4->sin_family = AF_INET;
    v4->sin_port = htons(address.port);
    raw.length = sizeof *v4;
  } else if (::inet_pton(AF_INET6, address.host.c_str(), &v6->sin6_addr) == 1) {
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(address.port);
    raw.length = sizeof *v6;
  } else {
    return fail(ErrorCode::kInvalid, "\"" + address.host + "\" is not a numeric IP address");
  }
  return raw;
}

Result<RawAddress> raw_unix_address(const std::string& path) {
  RawAddress raw;
  auto* un = reinterpret_cast<sockaddr_un*>(&raw.storage);
  if (path.empty() || path.size() >= sizeof un->sun_path) {
    return fail(ErrorCode::kInvalid, "unix socket path must be 1 to " +
                                         std::to_string(sizeof un->sun_path - 1) +
                                         " bytes: " + path);
  }
  un->sun_family = AF_UNIX;
  std::memcpy(un->sun_path, path.c_str(), path.size() + 1);
  raw.length = sizeof *un;
  return raw;
}

Result<UniqueFd> open_socket(int family) {
  UniqueFd fd(::socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd) return fail_errno("open a socket");
  return fd;
}

Result<UniqueFd> connect_to(const RawAddress& raw, const std::string& name) {
  RP_ASSIGN(UniqueFd fd, open_socket(raw.storage.ss_family));
  if (::connect(fd.get(), raw.get(), raw.length) != 0 && errno != EINPROGRESS) {
    return fail_errno("connect to " + name);
  }
  return fd;
}

}  // namespace

std::unexpected<Error> fail_connection(int errno_value, std::string operation) {
  auto failure = fail_errno(errno_value, std::move(operation));
  // A reset or a broken pipe is no end in order, which kClosed stands for on a stream.
  if (failure.error().code == ErrorCode::kClosed) failure.error().code = ErrorCode::kUnavailable;
  return failure;
}

Result<std::size_t> ByteStream::write(std::span<const std::uint8_t> bytes) {
  const iovec part{const_cast<std::uint8_t*>(bytes.data()), bytes.size()};
  return write(std::span(&part, 1));
}

Result<std::unique_ptr<SocketStream>> SocketStream::create(UniqueFd socket) {
  const int flags = ::fcntl(socket.get(), F_GETFL);
  if (flags < 0 || ::fcntl(socket.get(), F_SETFL, flags | O_NONBLOCK) != 0) {
    return fail_errno("make a socket non-blocking");
  }
  std::string peer = peer_address(socket.get());
  return std::unique_ptr<SocketStream>(new SocketStream(std::move(socket), std::move(peer)));
}

Status SocketStream::attach(EventLoop& loop, ByteStreamListener& listener) {
  watch_.reset();
  RP_ASSIGN(watch_, loop.watch(socket_.get(), 0, [&listener](std::uint32_t events) {
    // Errors and hang-ups are reported whatever was asked for: let both sides look.
    const bool broken = (events & (EPOLLERR | EPOLLHUP)) != 0;
    listener.on_ready(broken || (events & EPOLLIN) != 0, broken || (events & EPOLLOUT) != 0);
  }));
  return {};
}

void SocketStream::detach() { watch_.reset(); }

void SocketStream::set_interest(bool read, bool write) {
  watch_.set_events((read ? EPOLLIN : 0U) | (write ? EPOLLOUT : 0U));
}

Result<std::size_t> SocketStream::read(std::span<std::uint8_t> buffer) {
  RP_CHECK(!buffer.empty());
  for (;;) {
    const ssize_t got = ::recv(socket_.get(), buffer.data(), buffer.size(), 0);
    if (got > 0) return static_cast<std::size_t>(got);
    if (got == 0) return fail(ErrorCode::kClosed, "the peer closed the connection");
    if (errno != EINTR) return fail_connection(errno, "read from the peer");
  }
}

Result<std::size_t> SocketStream::write(std::span<const iovec> parts) {
  msghdr message{};
  message.msg_iov = const_cast<iovec*>(parts.data());
  message.msg_iovlen = std::min(parts.size(), kMaxParts);
  for (;;) {
    const ssize_t put = ::sendmsg(socket_.get(), &message, MSG_NOSIGNAL);
    if (put >= 0) return static_cast<std::size_t>(put);
    if (errno != EINTR) return fail_connection(errno, "write to the peer");
  }
}

Status SocketStream::finish_writing() {
  if (::shutdown(socket_.get(), SHUT_WR) != 0) return fail_errno("end the stream");
  return {};
}

Result<HandedStream> SocketStream::hand_over() {
  detach();
  return HandedStream{HandedStream::Kind::kPlain, std::move(socket_), {}};
}

Result<SocketAddress> parse_socket_address(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  const auto bad = [&](const char* why) {
    return fail(ErrorCode::kInvalid, "address \"" + std::string(text) + "\": " + why);
  };
  if (colon == std::string_view::npos) return bad("want host:port");
  std::string_view host = text.substr(0, colon);
  const std::string_view digits = text.substr(colon + 1);
  if (host.size() >= 2 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != std::string_view::npos) {
    return bad("write an IPv6 host in brackets: [::1]:443");
  }
  SocketAddress address{std::string(host), 0};
  const auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), address.port);
  if (error != std::errc() || end != digits.data() + digits.size()) {
    return bad("port must be 0 to 65535");
  }
  if (!raw_address(address)) return bad("host must be a numeric IP address");
  return address;
}

Result<UniqueFd> listen_tcp(const SocketAddress& address, int backlog) {
  RP_ASSIGN(const RawAddress raw, raw_address(address));
  RP_ASSIGN(UniqueFd fd, open_socket(raw.storage.ss_family));
  const int on = 1;
  if (::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
      ::bind(fd.get(), raw.get(), raw.length) != 0 || ::listen(fd.get(), backlog) != 0) {
    return fail_errno("listen on " + text_of(address));
  }
  return fd;
}

Result<UniqueFd> listen_unix(const std::string& path, unsigned mode, int backlog) {
  RP_ASSIGN(const RawAddress raw, raw_unix_address(path));
  RP_ASSIGN(UniqueFd fd, open_socket(AF_UNIX));
  if (::bind(fd.get(), raw.get(), raw.length) != 0 || ::chmod(path.c_str(), mode) != 0 ||
      ::listen(fd.get(), backlog) != 0) {
    return fail_errno("listen on " + path);
  }
  return fd;
}

Result<std::uint16_t> local_port(int fd) {
  sockaddr_storage storage{};
  socklen_t length = sizeof storage;
  if (::getsockname(fd, reinterpret_cast<sockaddr*>(&storage), &length) != 0) {
    return fail_errno("read a socket's address");
  }
  if (storage.ss_family == AF_INET) {
    return ntohs(reinterpret_cast<const sockaddr_in*>(&storage)->sin_port);
  }
  if (storage.ss_family == AF_INET6) {
    return ntohs(reinterpret_cast<const sockaddr_in6*>(&storage)->sin6_port);
  }
  return fail(ErrorCode::kInvalid, "not an IP socket");
}

Result<UniqueFd> accept_socket(int listener) {
  for (;;) {
    UniqueFd fd(::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (fd) return fd;
    // ECONNABORTED: the peer went before it was accepted; the next one may be waiting.
    if (errno != EINTR && errno != ECONNABORTED) return fail_errno("accept a connection");
  }
}

Result<UniqueFd> connect_tcp(const SocketAddress& address) {
  RP_ASSIGN(const RawAddress raw, raw_address(address));
  return connect_to(raw, text_of(address));
}

Result<UniqueFd> connect_unix(const std::string& path) {
  RP_ASSIGN(const RawAddress raw, raw_unix_address(path));
  return connect_to(raw, path);
}

Result<std::pair<UniqueFd, UniqueFd>> socket_pair() {
  std::array<int, 2> fds{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds.data()) != 0) {
    return fail_errno("make a socket pair");
  }
  return std::pair(UniqueFd(fds[0]), UniqueFd(fds[1]));
}

std::string peer_address(int fd) {
  sockaddr_storage storage{};
  socklen_t length = sizeof storage;
  if (::getpeername(fd, reinterpret_cast<sockaddr*>(&storage), &length) != 0) return "unknown";
  std::array<char, INET6_ADDRSTRLEN> text{};
  const void* where = nullptr;
  if (storage.ss_family == AF_INET) {
    where = &reinterpret_cast<const sockaddr_in*>(&storage)->sin_addr;
  } else if (storage.ss_family == AF_INET6) {
    const in6_addr& v6 = reinterpret_cast<const sockaddr_in6*>(&storage)->sin6_addr;
    where = &v6;
    // An IPv4 peer of a socket for both families (RFC 4291 2.5.5.2) is one address, not two.
    if (IN6_IS_ADDR_V4MAPPED(&v6)) {
      storage.ss_family = AF_INET;
      where = v6.s6_addr + 12;
    }
  } else {
    return "unix";
  }
  ::inet_ntop(storage.ss_family, where, text.data(), text.size());
  return text.data();
}

}  // namespace rp
