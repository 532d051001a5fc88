#include "tests/support/openssl_peer.h"

#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <utility>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

namespace rp {

namespace {

void note_alert(int sent, int, int type, const void* bytes, std::size_t size, SSL*, void* peer) {
  if (sent != 0 || type != SSL3_RT_ALERT || size != 2) return;
  static_cast<OpenSslPeer*>(peer)->alert = static_cast<const std::uint8_t*>(bytes)[1];
}

}  // namespace

OpenSslPeer::OpenSslPeer(UniqueFd socket, const OpenSslPeerOptions& options)
    : socket_(std::move(socket)), context_(SSL_CTX_new(TLS_client_method())) {
  RP_CHECK(context_ != nullptr);
  const int version = options.tls12 ? TLS1_2_VERSION : TLS1_3_VERSION;
  RP_CHECK(SSL_CTX_set_min_proto_version(context_, version) == 1 &&
           SSL_CTX_set_max_proto_version(context_, version) == 1);
  if (!options.cipher.empty()) {
    RP_CHECK((options.tls12 ? SSL_CTX_set_cipher_list(context_, options.cipher.c_str())
                            : SSL_CTX_set_ciphersuites(context_, options.cipher.c_str())) == 1);
  }
  ssl_ = SSL_new(context_);
  RP_CHECK(ssl_ != nullptr);
  SSL_set_bio(ssl_, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
  BIO_set_mem_eof_return(SSL_get_rbio(ssl_), -1);  // empty: more may come
  SSL_set_msg_callback(ssl_, &note_alert);
  SSL_set_msg_callback_arg(ssl_, this);
  SSL_set_connect_state(ssl_);
}

OpenSslPeer::~OpenSslPeer() {
  SSL_free(ssl_);
  SSL_CTX_free(context_);
}

bool OpenSslPeer::connected() const { return SSL_is_init_finished(ssl_) == 1; }

void OpenSslPeer::pump() {
  read_socket();
  read_ssl();
  write_socket();
}

void OpenSslPeer::read_socket() {
  std::array<std::uint8_t, 65'536> buffer;
  while (socket_ && !ended) {
    const ssize_t count = ::recv(socket_.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (count <= 0) {
      ended = true;
      return;
    }
    RP_CHECK(BIO_write(SSL_get_rbio(ssl_), buffer.data(), static_cast<int>(count)) == count);
  }
}

void OpenSslPeer::read_ssl() {
  std::array<std::uint8_t, 16'384> buffer;
  for (;;) {
    ERR_clear_error();
    std::size_t count = 0;
    const int result = SSL_read_ex(ssl_, buffer.data(), buffer.size(), &count);
    if (result == 1) {
      got.insert(got.end(), buffer.begin(), buffer.begin() + static_cast<long>(count));
      continue;
    }
    const int reason = SSL_get_error(ssl_, result);
    if (reason == SSL_ERROR_ZERO_RETURN) closed_in_order = true;
    if (reason == SSL_ERROR_SSL && error.empty()) {
      const char* text = ERR_reason_error_string(ERR_peek_error());
      error = text == nullptr ? "TLS error" : text;
    }
    return;
  }
}

OpenSslPeer::Bytes OpenSslPeer::take_records() {
  std::array<std::uint8_t, 65'536> buffer;
  for (;;) {
    const int count = BIO_read(SSL_get_wbio(ssl_), buffer.data(), static_cast<int>(buffer.size()));
    if (count <= 0) break;
    out_.insert(out_.end(), buffer.begin(), buffer.begin() + count);
  }
  return std::exchange(out_, {});
}

void OpenSslPeer::write_socket() {
  out_ = take_records();
  while (socket_ && !out_.empty()) {
    const ssize_t put =
        ::send(socket_.get(), out_.data(), out_.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (put <= 0) return;
    out_.erase(out_.begin(), out_.begin() + put);
  }
}

void OpenSslPeer::send(const Bytes& bytes) {
  RP_CHECK(SSL_write(ssl_, bytes.data(), static_cast<int>(bytes.size())) ==
           static_cast<int>(bytes.size()));
}

void OpenSslPeer::update_keys(bool wants_ours) {
  RP_CHECK(SSL_key_update(
               ssl_, wants_ours ? SSL_KEY_UPDATE_REQUESTED : SSL_KEY_UPDATE_NOT_REQUESTED) == 1 &&
           SSL_do_handshake(ssl_) == 1);
}

void OpenSslPeer::close_notify() { SSL_shutdown(ssl_); }

void OpenSslPeer::send_raw(std::span<const std::uint8_t> bytes) {
  RP_CHECK(::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL) ==
           static_cast<ssize_t>(bytes.size()));
}

void OpenSslPeer::reset_connection() {
  const linger abort{1, 0};
  RP_CHECK(::setsockopt(socket_.get(), SOL_SOCKET, SO_LINGER, &abort, sizeof abort) == 0);
  socket_.reset();
}

}  // namespace rp
