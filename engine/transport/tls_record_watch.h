// TlsRecordWatch: looks on while OpenSSL does one connection's records, and keeps what is needed to
// take them over at any record's border: how many records went each way since the keys changed, and
// the traffic secrets, which follow the peer's key updates. It also notes what OpenSSL says of its
// own accord (alerts, the answer to a key update), for once the sending side is taken over
// OpenSSL's own words lead nowhere. Thread rule: the connection's.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include "engine/base/result.h"
#include "engine/transport/record_keys.h"

struct ssl_ctx_st;  // OpenSSL's SSL_CTX

namespace rp {

class TlsRecordWatch {
 public:
  // Before a context's first connection: secrets are told per context.
  static void prepare(ssl_ctx_st* context);
  // Before the handshake; the watch must outlive `ssl`, which must be of a prepared context.
  explicit TlsRecordWatch(ssl_st* ssl);
  TlsRecordWatch(const TlsRecordWatch&) = delete;
  TlsRecordWatch& operator=(const TlsRecordWatch&) = delete;

  // Of the next record in this direction. kUnsupported: a cipher that is not known, or a handshake
  // that told no secret; kExists: the handshake is not done.
  [[nodiscard]] Result<RecordKeys> keys(RecordDirection direction) const;

  // From now on OpenSSL's records lead nowhere: what it seems to send is not counted.
  void sending_is_taken_over() { sends_elsewhere_ = true; }
  // A KeyUpdate was sent past OpenSSL: keys(kSend) are the next ones.
  [[nodiscard]] Status advance_sending();

  // The last alert OpenSSL meant to send (level, description) since the last clear_alert().
  [[nodiscard]] const std::optional<std::array<std::uint8_t, 2>>& alert() const { return alert_; }
  void clear_alert() { alert_.reset(); }
  // The peer has changed its keys and wants ours changed before we send more (RFC 8446, 4.6.3).
  [[nodiscard]] bool update_wanted() const { return update_wanted_; }
  // Key updates of the peer since the last call.
  [[nodiscard]] std::uint64_t take_peer_updates() { return std::exchange(peer_updates_, 0); }

 private:
  struct Callbacks;
  void on_message(bool sent, int type, std::span<const std::uint8_t> bytes);
  void on_handshake(bool sent, std::span<const std::uint8_t> bytes);
  void on_secret(std::string_view line);
  [[nodiscard]] std::uint64_t& sequence(bool sent) { return sequences_.at(sent ? 0 : 1); }
  [[nodiscard]] TrafficSecret& secret(bool sent) { return secrets_.at(sent ? 0 : 1); }
  [[nodiscard]] Status advance(bool sent);

  ssl_st* ssl_;
  std::array<std::uint64_t, 2> sequences_{};  // sending, receiving
  std::array<TrafficSecret, 2> secrets_;      // likewise; TLS 1.3 only
  std::optional<std::array<std::uint8_t, 2>> alert_;
  std::uint64_t peer_updates_ = 0;
  bool sends_elsewhere_ = false;
  bool update_wanted_ = false;
};

}  // namespace rp
