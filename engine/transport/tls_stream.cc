#include "engine/transport/tls_stream.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "engine/base/socket_stream.h"

namespace rp {

namespace {

constexpr std::size_t kRecordBytes = SSL3_RT_MAX_PLAIN_LENGTH;  // 16 KiB (RFC 8446, section 5.1)

bool is_address(const std::string& name) {
  std::array<std::uint8_t, 16> bytes;
  return ::inet_pton(AF_INET, name.c_str(), bytes.data()) == 1 ||
         ::inet_pton(AF_INET6, name.c_str(), bytes.data()) == 1;
}

}  // namespace

TlsStream::TlsStream(std::shared_ptr<TlsContext> context, ssl_st* ssl, UniqueFd socket)
    : context_(std::move(context)),
      ssl_(ssl),
      socket_(std::move(socket)),
      peer_(peer_address(socket_.get())) {
  if (context_->offload() != nullptr) records_ = std::make_unique<TlsRecordWatch>(ssl_);
}

TlsStream::~TlsStream() { SSL_free(ssl_); }

Result<std::unique_ptr<TlsStream>> TlsStream::create(std::shared_ptr<TlsContext> context,
                                                     UniqueFd socket) {
  const int flags = ::fcntl(socket.get(), F_GETFL);
  if (flags < 0 || ::fcntl(socket.get(), F_SETFL, flags | O_NONBLOCK) != 0) {
    return fail_errno("make a socket non-blocking");
  }
  ERR_clear_error();
  SSL* ssl = SSL_new(context->get());
  if (ssl == nullptr) return fail(ErrorCode::kExhausted, "start TLS: " + take_tls_error());
  std::unique_ptr<TlsStream> stream(new TlsStream(std::move(context), ssl, std::move(socket)));
  if (SSL_set_fd(ssl, stream->fd()) != 1) {
    return fail(ErrorCode::kExhausted, "start TLS: " + take_tls_error());
  }
  return stream;
}

Result<std::unique_ptr<TlsStream>> TlsStream::accept(std::shared_ptr<TlsContext> context,
                                                     UniqueFd socket) {
  RP_ASSIGN(auto stream, create(std::move(context), std::move(socket)));
  SSL_set_accept_state(stream->ssl_);
  return stream;
}

Result<std::unique_ptr<TlsStream>> TlsStream::connect(std::shared_ptr<TlsContext> context,
                                                      UniqueFd socket,
                                                      const std::string& server_name) {
  RP_ASSIGN(auto stream, create(std::move(context), std::move(socket)));
  SSL_set_connect_state(stream->ssl_);
  const bool address = is_address(server_name);
  bool named = address || SSL_set_tlsext_host_name(stream->ssl_, server_name.c_str()) == 1;
  if (stream->context_->verifies_peer()) {
    X509_VERIFY_PARAM* verify = SSL_get0_param(stream->ssl_);
    named = named && (address ? X509_VERIFY_PARAM_set1_ip_asc(verify, server_name.c_str()) == 1
                              : X509_VERIFY_PARAM_set1_host(verify, server_name.c_str(), 0) == 1);
  }
  if (!named) return fail(ErrorCode::kInvalid, "TLS server name \"" + server_name + "\"");
  return stream;
}

Status TlsStream::attach(EventLoop& loop, ByteStreamListener& listener) {
  detach();
  RP_ASSIGN(watch_,
            loop.watch(socket_.get(), 0, [this](std::uint32_t events) { on_events(events); }));
  loop_ = &loop;
  listener_ = &listener;
  buffered_ = loop.timer([this] {
    if (want_read_) listener_->on_ready(true, false);
  });
  if (SSL_is_init_finished(ssl_) == 0) {
    handshake_deadline_ = loop.timer([this] {
      timed_out_ = SSL_is_init_finished(ssl_) == 0;
      if (timed_out_) listener_->on_ready(true, true);
    });
    handshake_deadline_.arm_after(kHandshakeTimeout);
  }
  return {};
}

void TlsStream::detach() {
  watch_.reset();
  buffered_ = EventLoop::Timer();
  handshake_deadline_ = EventLoop::Timer();
  loop_ = nullptr;
  listener_ = nullptr;
  want_read_ = want_write_ = false;
}

void TlsStream::set_interest(bool read, bool write) {
  want_read_ = read;
  want_write_ = write;
  update_events();
}

void TlsStream::update_events() {
  if (loop_ == nullptr) return;
  const bool in = want_read_ || (want_write_ && write_needs_readable_);
  const bool out = (want_write_ && !write_needs_readable_) || (want_read_ && read_needs_writable_);
  watch_.set_events((in ? EPOLLIN : 0U) | (out ? EPOLLOUT : 0U));
  if (want_read_ && (SSL_pending(ssl_) > 0 || !unread_.empty() || failed_)) {
    if (!buffered_.armed()) buffered_.arm_after(Duration(0));
  } else if (buffered_.armed()) {
    buffered_.cancel();
  }
}

void TlsStream::on_events(std::uint32_t events) {
  const bool broken = (events & (EPOLLERR | EPOLLHUP)) != 0;
  const bool in = broken || (events & EPOLLIN) != 0;
  const bool out = broken || (events & EPOLLOUT) != 0;
  const bool readable = in || (out && read_needs_writable_);
  const bool writable = out || (in && write_needs_readable_);
  listener_->on_ready(readable && (want_read_ || broken), writable && (want_write_ || broken));
}

Error TlsStream::error_of(int result, const char* operation, bool& wants_other) {
  const int saved_errno = errno;
  const int reason = SSL_get_error(ssl_, result);
  wants_other = false;
  if (timed_out_) return Error{ErrorCode::kTimeout, 0, "the TLS handshake took too long"};
  switch (reason) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
      wants_other = (reason == SSL_ERROR_WANT_READ) == (std::strcmp(operation, "write") == 0);
      return Error{ErrorCode::kWouldBlock, 0, "TLS is waiting for the peer"};
    case SSL_ERROR_ZERO_RETURN:
      return Error{ErrorCode::kClosed, 0, "the peer closed the connection"};
    case SSL_ERROR_SYSCALL:
      if (saved_errno != 0) return fail_connection(saved_errno, "TLS connection").error();
      return Error{ErrorCode::kUnavailable, 0, "the peer went away"};
    default:
      break;
  }
  if (ERR_GET_REASON(ERR_peek_error()) == SSL_R_UNEXPECTED_EOF_WHILE_READING) {
    ERR_clear_error();
    return Error{ErrorCode::kUnavailable, 0, "the peer went away without closing TLS"};
  }
  return Error{ErrorCode::kInvalid, 0, "TLS: " + take_tls_error()};
}

Result<std::size_t> TlsStream::read(std::span<std::uint8_t> buffer) {
  RP_CHECK(!buffer.empty());
  if (!unread_.empty()) return read_kept(buffer);
  if (failed_) return forward(*failed_);
  ERR_clear_error();
  errno = 0;
  std::size_t got = 0;
  const int result = SSL_read_ex(ssl_, buffer.data(), buffer.size(), &got);
  std::optional<Error> error;
  read_needs_writable_ = false;
  if (result != 1) error = error_of(result, "read", read_needs_writable_);
  if (sent_by_ != RecordCarrier::kProcess) serve_openssl();
  update_events();
  if (error) return forward(failed_ ? *failed_ : std::move(*error));
  return got;
}

Result<std::size_t> TlsStream::read_kept(std::span<std::uint8_t> buffer) {
  const std::size_t taken = std::min(buffer.size(), unread_.size());
  std::copy_n(unread_.begin(), taken, buffer.begin());
  unread_.erase(unread_.begin(), unread_.begin() + static_cast<long>(taken));
  update_events();
  return taken;
}

// The bytes of the next record: from `skip` bytes into the parts. One large part is used where it
// lies; a header in front of a payload is joined with the payload's start, which costs less than a
// record of its own.
std::span<const std::uint8_t> TlsStream::gather(std::span<const iovec> parts, std::size_t skip) {
  record_.clear();
  for (const iovec& part : parts) {
    if (skip >= part.iov_len) {
      skip -= part.iov_len;
      continue;
    }
    const auto* bytes = static_cast<const std::uint8_t*>(part.iov_base) + skip;
    const std::size_t left = part.iov_len - skip;
    skip = 0;
    const std::size_t taken = std::min(left, kRecordBytes - record_.size());
    if (record_.empty() && (taken == kRecordBytes || &part == &parts.back())) {
      return {bytes, taken};
    }
    record_.insert(record_.end(), bytes, bytes + taken);
    if (record_.size() == kRecordBytes) break;
  }
  return record_;
}

Result<std::size_t> TlsStream::write(std::span<const iovec> parts) {
  if (sent_by_ != RecordCarrier::kProcess) return write_past_openssl(parts);
  constexpr std::size_t kMaxParts = 16;
  parts = parts.first(std::min(parts.size(), kMaxParts));
  std::size_t written = 0;
  for (;;) {
    const auto bytes = gather(parts, written);
    if (bytes.empty()) break;
    ERR_clear_error();
    errno = 0;
    std::size_t put = 0;
    const int result = SSL_write_ex(ssl_, bytes.data(), bytes.size(), &put);
    if (result != 1) {
      Error error = error_of(result, "write", write_needs_readable_);
      write_unfinished_ = true;
      update_events();
      if (written == 0) return forward(std::move(error));
      break;  // a lasting error comes again with the next write
    }
    write_needs_readable_ = false;
    write_unfinished_ = false;
    written += put;
  }
  update_events();
  return written;
}

Status TlsStream::finish_writing() {
  if (SSL_is_init_finished(ssl_) == 0) return {};  // nothing was said yet, so nothing to end
  if (sent_by_ != RecordCarrier::kProcess) return finish_past_openssl();
  ERR_clear_error();
  errno = 0;
  const int result = SSL_shutdown(ssl_);  // 0: ours is sent, theirs not yet come
  bool wants_other = false;
  if (result < 0) {
    Error error = error_of(result, "write", wants_other);
    // After our close_notify left, SSL_shutdown looks for the peer's; not seeing it yet is no
    // failure.
    if (error.code != ErrorCode::kWouldBlock || !wants_other) return forward(std::move(error));
  }
  if (::shutdown(socket_.get(), SHUT_WR) != 0) return fail_errno("end the stream");
  return {};
}

std::string TlsStream::version() const {
  return SSL_is_init_finished(ssl_) == 0 ? "" : SSL_get_version(ssl_);
}

}  // namespace rp
