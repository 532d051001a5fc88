// The part of TlsStream in which somebody else than OpenSSL makes the records that are sent, and
// the hand-over. OpenSSL then writes to nowhere: what it says of its own accord is seen by
// TlsRecordWatch and said here.
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <string_view>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include "engine/base/log.h"
#include "engine/transport/tls_stream.h"

namespace rp {

namespace {

constexpr std::array<std::uint8_t, 2> kCloseNotify = {SSL3_AL_WARNING, SSL3_AD_CLOSE_NOTIFY};
// KeyUpdate that asks for none in return (RFC 8446, section 4.6.3).
constexpr std::array<std::uint8_t, 5> kKeyUpdate = {SSL3_MT_KEY_UPDATE, 0, 0, 1,
                                                    SSL_KEY_UPDATE_NOT_REQUESTED};

// A message so short that it goes as a whole or not at all.
Status send_whole(RecordOffload& offload, int fd, RecordType type,
                  std::span<const std::uint8_t> message) {
  const iovec part{const_cast<std::uint8_t*>(message.data()), message.size()};
  RP_ASSIGN(const std::size_t put, offload.send(fd, type, std::span(&part, 1)));
  if (put != message.size()) return fail(ErrorCode::kInternal, "send a TLS message whole");
  return {};
}

}  // namespace

void TlsStream::expect_bulk() {
  if (sent_by_ != RecordCarrier::kProcess) return;
  const Status taken = take_over_sending();
  if (!taken && context_->offload() != nullptr) {
    context_->count(&TlsCounters::refused);
    log_limited(LogLevel::kWarning, "tls.not_offloaded",
                {{"peer", peer_}, {"error", taken.error()}});
  }
  switch (sent_by_) {
    case RecordCarrier::kProcess:
      return context_->count(&TlsCounters::by_process);
    case RecordCarrier::kKernel:
      return context_->count(&TlsCounters::by_kernel);
    case RecordCarrier::kNetworkCard:
      return context_->count(&TlsCounters::by_card);
  }
}

Status TlsStream::take_over_sending() {
  RecordOffload* offload = context_->offload();
  if (offload == nullptr) return fail(ErrorCode::kUnsupported, "TLS is left to OpenSSL");
  if (write_unfinished_ || read_needs_writable_) {
    return fail(ErrorCode::kWouldBlock, "a TLS record is partly written");
  }
  if ((SSL_get_shutdown(ssl_) & SSL_SENT_SHUTDOWN) != 0) {
    return fail(ErrorCode::kClosed, "the stream was ended");
  }
  if (records_->update_wanted()) {
    // OpenSSL answers with the next write, which may be of nothing.
    ERR_clear_error();
    std::size_t put = 0;
    if (SSL_write_ex(ssl_, "", 0, &put) != 1 || records_->update_wanted()) {
      return fail(ErrorCode::kWouldBlock, "a TLS key update is not answered yet");
    }
  }
  RP_ASSIGN(const RecordKeys keys, records_->keys(RecordDirection::kSend));
  BIO* nowhere = BIO_new(BIO_s_null());
  if (nowhere == nullptr) return fail(ErrorCode::kExhausted, "leave TLS records to another");
  const auto taken = offload->take(fd(), RecordDirection::kSend, keys);
  if (!taken) {
    BIO_free(nowhere);
    return forward(taken.error());
  }
  sent_by_ = *taken;
  records_->sending_is_taken_over();
  SSL_set0_wbio(ssl_, nowhere);
  write_needs_readable_ = false;
  std::vector<std::uint8_t>().swap(record_);
  return {};
}

Result<std::size_t> TlsStream::write_past_openssl(std::span<const iovec> parts) {
  if (failed_) return forward(*failed_);
  if (records_->update_wanted()) RP_TRY(answer_key_update());
  return context_->offload()->send(fd(), RecordType::kApplicationData, parts);
}

// No shutdown() of the socket follows the close_notify: its FIN would overtake records that the
// kernel has taken and not yet handed to TCP. The FIN comes with the close.
Status TlsStream::finish_past_openssl() {
  if (failed_) return {};
  ERR_clear_error();
  if ((SSL_get_shutdown(ssl_) & SSL_SENT_SHUTDOWN) == 0) (void)SSL_shutdown(ssl_);
  return say_alert();
}

// Says what OpenSSL has meant to say, if anything. kWouldBlock keeps it for the next time.
Status TlsStream::say_alert() {
  if (!records_->alert()) return {};
  const std::array<std::uint8_t, 2> alert = *records_->alert();
  const Status said = send_whole(*context_->offload(), fd(), RecordType::kAlert, alert);
  if (said || said.error().code != ErrorCode::kWouldBlock) records_->clear_alert();
  return said;
}

// After OpenSSL has read: the words it could not say, and the keys it could not change.
void TlsStream::serve_openssl() {
  if (const std::uint64_t updates = records_->take_peer_updates(); updates > 0) {
    context_->count(&TlsCounters::key_updates, updates);
  }
  if (records_->update_wanted() && !failed_) {
    const Status answered = answer_key_update();
    // Full: the answer goes before the next write.
    if (!answered && answered.error().code != ErrorCode::kWouldBlock) failed_ = answered.error();
  }
  (void)say_alert();  // the connection's state does not hang on it
}

Status TlsStream::answer_key_update() {
  RecordOffload& offload = *context_->offload();
  // A card keeps the keys it has, whatever the kernel can.
  if (!offload.changes_keys() || sent_by_ == RecordCarrier::kNetworkCard) {
    // Nothing more may be sent under the old key but an alert, so the stream ends here; a viewer
    // comes back with a new connection.
    context_->count(&TlsCounters::ended_by_key_update);
    (void)send_whole(offload, fd(), RecordType::kAlert, kCloseNotify);
    failed_ = Error{ErrorCode::kUnavailable, 0,
                    "the peer asked for new TLS keys, which the kernel cannot change"};
    return forward(*failed_);
  }
  RP_TRY(send_whole(offload, fd(), RecordType::kHandshake, kKeyUpdate));
  RP_TRY(records_->advance_sending());
  RP_ASSIGN(const RecordKeys keys, records_->keys(RecordDirection::kSend));
  RP_TRY(offload.take(fd(), RecordDirection::kSend, keys));
  return {};
}

// Takes out of OpenSSL what it has decrypted, at most one record.
Status TlsStream::keep_decrypted() {
  while (SSL_pending(ssl_) > 0) {
    const std::size_t kept = unread_.size();
    unread_.resize(kept + static_cast<std::size_t>(SSL_pending(ssl_)));
    ERR_clear_error();
    std::size_t got = 0;
    const int result = SSL_read_ex(ssl_, &unread_[kept], unread_.size() - kept, &got);
    unread_.resize(kept + got);
    if (result != 1) return fail(ErrorCode::kInvalid, "TLS: " + take_tls_error());
  }
  return {};
}

Result<HandedStream> TlsStream::hand_over() {
  RecordOffload* offload = context_->offload();
  if (offload == nullptr) {
    return fail(ErrorCode::kUnsupported,
                "only a stream whose TLS the kernel does can be handed over");
  }
  if (failed_) return forward(*failed_);
  RP_TRY(keep_decrypted());
  update_events();  // what was kept is read like anything else if this fails
  if ((SSL_get_shutdown(ssl_) & SSL_RECEIVED_SHUTDOWN) != 0) {
    return fail(ErrorCode::kClosed, "the peer closed the connection");
  }
  // "RH": OpenSSL is about to read a record's header; has_pending: it holds a part of one.
  const bool between_records =
      SSL_has_pending(ssl_) == 0 && std::string_view(SSL_rstate_string(ssl_)) == "RH";
  if (!between_records || (records_->update_wanted() && sent_by_ != RecordCarrier::kProcess) ||
      records_->alert()) {
    return fail(ErrorCode::kWouldBlock, "a TLS record is partly read");
  }
  RP_ASSIGN(const RecordKeys keys, records_->keys(RecordDirection::kReceive));
  if (sent_by_ == RecordCarrier::kProcess) RP_TRY(take_over_sending());
  RP_TRY(offload->take(fd(), RecordDirection::kReceive, keys));
  detach();
  context_->count(&TlsCounters::handed_over);
  return HandedStream{HandedStream::Kind::kTlsRecords, std::move(socket_), std::move(unread_)};
}

}  // namespace rp
