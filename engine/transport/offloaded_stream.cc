#include "engine/transport/offloaded_stream.h"

#include <fcntl.h>
#include <sys/epoll.h>

#include <algorithm>

#include <fmt/core.h>

#include "engine/base/socket_stream.h"

namespace rp {

namespace {

// RFC 8446, section 6.
constexpr std::uint8_t kWarning = 1;
constexpr std::uint8_t kFatal = 2;
constexpr std::uint8_t kCloseNotify = 0;
constexpr std::uint8_t kUnexpectedMessage = 10;
constexpr std::uint8_t kBadRecordMac = 20;
constexpr std::uint8_t kUserCanceled = 90;
constexpr std::uint8_t kKeyUpdate = 24;  // HandshakeType, section 4

}  // namespace

Result<std::unique_ptr<OffloadedStream>> OffloadedStream::create(RecordOffload& offload,
                                                                 HandedStream handed) {
  if (handed.kind != HandedStream::Kind::kTlsRecords) {
    return fail(ErrorCode::kInvalid, "a handed stream without TLS");
  }
  const int flags = ::fcntl(handed.socket.get(), F_GETFL);
  if (flags < 0 || ::fcntl(handed.socket.get(), F_SETFL, flags | O_NONBLOCK) != 0) {
    return fail_errno("make a socket non-blocking");
  }
  std::string peer = peer_address(handed.socket.get());
  return std::unique_ptr<OffloadedStream>(
      new OffloadedStream(offload, std::move(handed), std::move(peer)));
}

Status OffloadedStream::attach(EventLoop& loop, ByteStreamListener& listener) {
  detach();
  listener_ = &listener;
  kept_ = loop.timer([this] {
    if (want_read_) listener_->on_ready(true, false);
  });
  RP_ASSIGN(watch_, loop.watch(socket_.get(), 0, [this](std::uint32_t events) {
    const bool broken = (events & (EPOLLERR | EPOLLHUP)) != 0;
    listener_->on_ready(broken || (events & EPOLLIN) != 0, broken || (events & EPOLLOUT) != 0);
  }));
  return {};
}

void OffloadedStream::detach() {
  watch_.reset();
  kept_ = EventLoop::Timer();
  listener_ = nullptr;
  want_read_ = false;
}

void OffloadedStream::set_interest(bool read, bool write) {
  want_read_ = read;
  watch_.set_events((read ? EPOLLIN : 0U) | (write ? EPOLLOUT : 0U));
  if (read && (!unread_.empty() || failed_) && !kept_.armed()) kept_.arm_after(Duration(0));
}

Result<std::size_t> OffloadedStream::read(std::span<std::uint8_t> buffer) {
  RP_CHECK(!buffer.empty());
  if (!unread_.empty()) {
    const std::size_t taken = std::min(buffer.size(), unread_.size());
    std::copy_n(unread_.begin(), taken, buffer.begin());
    unread_.erase(unread_.begin(), unread_.begin() + static_cast<long>(taken));
    if (!unread_.empty() && want_read_) kept_.arm_after(Duration(0));
    return taken;
  }
  if (failed_) return forward(*failed_);
  const Result<ReceivedPiece> piece = offload_.receive(socket_.get(), buffer);
  if (!piece) {
    if (piece.error().code == ErrorCode::kWouldBlock) return forward(piece.error());
    if (piece.error().code == ErrorCode::kUnavailable) {
      failed_ = piece.error();
      return forward(*failed_);
    }
    return forward(end_with(kFatal, kBadRecordMac, piece.error()));
  }
  if (piece->type == RecordType::kApplicationData) {
    if (piece->bytes > 0) return piece->bytes;
    return fail(ErrorCode::kWouldBlock, "an empty TLS record");
  }
  return forward(on_control(piece->type, buffer.first(piece->bytes)));
}

// What a record that is no data means for the reader.
Error OffloadedStream::on_control(RecordType type, std::span<const std::uint8_t> bytes) {
  const Error nothing{ErrorCode::kWouldBlock, 0, "TLS is waiting for the peer"};
  if (bytes.empty()) return nothing;
  if (type == RecordType::kHandshake && bytes[0] == kKeyUpdate) {
    return end_with(kWarning, kCloseNotify,
                    {ErrorCode::kUnavailable, 0, "the peer changed its TLS keys"});
  }
  if (type != RecordType::kAlert) {
    return end_with(kFatal, kUnexpectedMessage,
                    {ErrorCode::kInvalid, 0, "TLS: a message that has no place here"});
  }
  for (const std::uint8_t byte : bytes) {
    if (alert_bytes_ < alert_.size()) alert_.at(alert_bytes_++) = byte;
  }
  if (alert_bytes_ < alert_.size()) return nothing;
  alert_bytes_ = 0;
  if (alert_[1] == kUserCanceled) return nothing;  // a close_notify follows (RFC 8446, 6.1)
  failed_ = alert_[1] == kCloseNotify
                ? Error{ErrorCode::kClosed, 0, "the peer closed the connection"}
                : Error{ErrorCode::kInvalid, 0, fmt::format("the peer's TLS alert {}", alert_[1])};
  return *failed_;
}

// Says why, if the socket takes it now, and lets every later call fail likewise.
Error OffloadedStream::end_with(std::uint8_t level, std::uint8_t description, Error why) {
  std::array<std::uint8_t, 2> alert = {level, description};
  const iovec part{alert.data(), alert.size()};
  (void)offload_.send(socket_.get(), RecordType::kAlert, std::span(&part, 1));
  failed_ = std::move(why);
  return *failed_;
}

Result<std::size_t> OffloadedStream::write(std::span<const iovec> parts) {
  // After the peer's close_notify we may still write (RFC 8446, section 6.1).
  if (failed_ && failed_->code != ErrorCode::kClosed) return forward(*failed_);
  return offload_.send(socket_.get(), RecordType::kApplicationData, parts);
}

// As TlsStream's: the FIN comes with the close.
Status OffloadedStream::finish_writing() {
  if (failed_ && failed_->code != ErrorCode::kClosed) return {};
  std::array<std::uint8_t, 2> alert = {kWarning, kCloseNotify};
  const iovec part{alert.data(), alert.size()};
  RP_ASSIGN([[maybe_unused]] const std::size_t put,
            offload_.send(socket_.get(), RecordType::kAlert, std::span(&part, 1)));
  return {};
}

Result<HandedStream> OffloadedStream::hand_over() {
  if (failed_) return forward(*failed_);
  if (alert_bytes_ != 0) return fail(ErrorCode::kWouldBlock, "a TLS alert is partly read");
  detach();
  return HandedStream{HandedStream::Kind::kTlsRecords, std::move(socket_), std::move(unread_)};
}

}  // namespace rp
