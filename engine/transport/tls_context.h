// TlsContext: what all TLS connections of one side share: certificate, versions, ciphers, session
// tickets. Thread rule: made once, then used from any thread (OpenSSL counts references
// atomically).
#pragma once

#include <memory>
#include <string>

#include "engine/base/result.h"

struct ssl_ctx_st;  // OpenSSL's SSL_CTX

namespace rp {

struct TlsServerOptions {
  std::string certificate_file;  // PEM, the leaf first, then its chain
  std::string key_file;          // PEM
  bool allow_tls12 = false;      // 1.3 only otherwise
};

struct TlsClientOptions {
  // PEM of the authorities to trust. Empty: the peer is not verified (tests and benches on
  // loopback).
  std::string authority_file;
};

class TlsContext {
 public:
  // kInvalid when certificate and key do not belong together or cannot be read as PEM; the message
  // names the file. Ignores SIGPIPE in the process, since OpenSSL writes to sockets with write(2).
  [[nodiscard]] static Result<std::shared_ptr<TlsContext>> create_server(
      const TlsServerOptions& options);
  [[nodiscard]] static Result<std::shared_ptr<TlsContext>> create_client(
      const TlsClientOptions& options);

  TlsContext(const TlsContext&) = delete;
  TlsContext& operator=(const TlsContext&) = delete;
  ~TlsContext();

  [[nodiscard]] ssl_ctx_st* get() const { return context_; }
  [[nodiscard]] bool verifies_peer() const { return verifies_peer_; }

 private:
  explicit TlsContext(ssl_ctx_st* context) : context_(context) {}
  ssl_ctx_st* context_;
  bool verifies_peer_ = false;
};

// The oldest error of OpenSSL's queue of this thread as text, the queue emptied.
[[nodiscard]] std::string take_tls_error();

}  // namespace rp
