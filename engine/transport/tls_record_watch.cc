#include "engine/transport/tls_record_watch.h"

#include <charconv>
#include <string_view>

#include <openssl/ssl.h>

namespace rp {

namespace {

constexpr std::uint8_t kFinished = SSL3_MT_FINISHED;
constexpr std::uint8_t kKeyUpdate = SSL3_MT_KEY_UPDATE;
constexpr std::size_t kKeyUpdateBytes = 5;  // [ type 1 | length 3 | request_update 1 ]

bool decode_hex(std::string_view text, TrafficSecret& out) {
  if (text.size() % 2 != 0 || text.size() / 2 > out.bytes.size()) return false;
  for (std::size_t i = 0; i < text.size(); i += 2) {
    const char* first = text.data() + i;
    if (std::from_chars(first, first + 2, out.bytes.at(i / 2), 16).ptr != first + 2) return false;
  }
  out.size = text.size() / 2;
  return true;
}

}  // namespace

struct TlsRecordWatch::Callbacks {
  static void message(int sent, int /*version*/, int type, const void* bytes, std::size_t size,
                      SSL* /*ssl*/, void* watch) {
    static_cast<TlsRecordWatch*>(watch)->on_message(
        sent != 0, type, {static_cast<const std::uint8_t*>(bytes), size});
  }
  static void secret(const SSL* ssl, const char* line) {
    auto* watch = static_cast<TlsRecordWatch*>(SSL_get_app_data(ssl));
    if (watch != nullptr) watch->on_secret(line);
  }
};

void TlsRecordWatch::prepare(SSL_CTX* context) {
  SSL_CTX_set_keylog_callback(context, &Callbacks::secret);
}

TlsRecordWatch::TlsRecordWatch(SSL* ssl) : ssl_(ssl) {
  SSL_set_app_data(ssl, this);
  SSL_set_msg_callback(ssl, &Callbacks::message);
  SSL_set_msg_callback_arg(ssl, this);
}

// One line of the NSS key log format: "SERVER_TRAFFIC_SECRET_0 <client random> <secret>", in hex.
void TlsRecordWatch::on_secret(std::string_view line) {
  const bool of_server = line.starts_with("SERVER_TRAFFIC_SECRET_0 ");
  if (!of_server && !line.starts_with("CLIENT_TRAFFIC_SECRET_0 ")) return;
  TrafficSecret& kept = secret(of_server == (SSL_is_server(ssl_) == 1));
  if (!decode_hex(line.substr(line.rfind(' ') + 1), kept)) kept = TrafficSecret();
}

void TlsRecordWatch::on_message(bool sent, int type, std::span<const std::uint8_t> bytes) {
  if (type == SSL3_RT_ALERT && sent && bytes.size() == 2) alert_ = {bytes[0], bytes[1]};
  if (sent && sends_elsewhere_) return;
  if (type == SSL3_RT_HEADER && !bytes.empty()) {
    // TLS 1.2 counts anew behind ChangeCipherSpec. TLS 1.3 has it for show, before Finished.
    std::uint64_t& count = sequence(sent);
    count = bytes[0] == SSL3_RT_CHANGE_CIPHER_SPEC ? 0 : count + 1;
  } else if (type == SSL3_RT_HANDSHAKE && !bytes.empty() && SSL_version(ssl_) == TLS1_3_VERSION) {
    on_handshake(sent, bytes);
  }
}

// Both messages are the last under their keys (RFC 8446, sections 4.4.4 and 4.6.3).
void TlsRecordWatch::on_handshake(bool sent, std::span<const std::uint8_t> bytes) {
  if (bytes[0] == kFinished) sequence(sent) = 0;
  if (bytes[0] != kKeyUpdate) return;
  if (!sent) ++peer_updates_;
  if (sent) update_wanted_ = false;
  if (!sent && bytes.size() == kKeyUpdateBytes &&
      bytes[kKeyUpdateBytes - 1] == SSL_KEY_UPDATE_REQUESTED) {
    update_wanted_ = true;
  }
  if (!advance(sent)) secret(sent) = TrafficSecret();  // keys() then says so
}

Status TlsRecordWatch::advance(bool sent) {
  sequence(sent) = 0;
  const EVP_MD* hash = SSL_CIPHER_get_handshake_digest(SSL_get_current_cipher(ssl_));
  return advance_secret(hash, secret(sent));
}

Status TlsRecordWatch::advance_sending() {
  RP_TRY(advance(true));
  update_wanted_ = false;
  return {};
}

Result<RecordKeys> TlsRecordWatch::keys(RecordDirection direction) const {
  if (SSL_is_init_finished(ssl_) == 0) {
    return fail(ErrorCode::kExists, "the TLS handshake is not done");
  }
  RP_ASSIGN(const RecordCipher cipher, record_cipher_of(ssl_));
  const bool sent = direction == RecordDirection::kSend;
  const std::uint64_t sequence = sequences_.at(sent ? 0 : 1);
  if (SSL_version(ssl_) != TLS1_3_VERSION) {
    return derive_tls12_keys(ssl_, cipher, sent == (SSL_is_server(ssl_) == 1), sequence);
  }
  const TrafficSecret& secret = secrets_.at(sent ? 0 : 1);
  if (secret.size == 0) return fail(ErrorCode::kUnsupported, "the TLS secrets are not known");
  const EVP_MD* hash = SSL_CIPHER_get_handshake_digest(SSL_get_current_cipher(ssl_));
  RP_ASSIGN(RecordKeys keys, derive_tls13_keys(hash, cipher, secret));
  keys.sequence = sequence;
  return keys;
}

}  // namespace rp
