#include "engine/transport/tls_context.h"

#include <array>
#include <csignal>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "engine/transport/tls_record_watch.h"

namespace rp {

namespace {

constexpr const char* kTls13Ciphers =
    "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256";
// Forward secrecy and authenticated encryption only (RFC 9325, section 4.2).
constexpr const char* kTls12Ciphers = "ECDHE+AESGCM:ECDHE+CHACHA20";

Status configure(SSL_CTX* context, int min_version) {
  const bool configured = SSL_CTX_set_min_proto_version(context, min_version) == 1 &&
                          SSL_CTX_set_ciphersuites(context, kTls13Ciphers) == 1 &&
                          SSL_CTX_set_cipher_list(context, kTls12Ciphers) == 1;
  if (!configured) return fail(ErrorCode::kInternal, "set up TLS: " + take_tls_error());
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                   SSL_OP_PRIORITIZE_CHACHA | SSL_OP_CIPHER_SERVER_PREFERENCE);
  // A write that could not finish is offered again from wherever the bytes lie then.
  SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                SSL_MODE_RELEASE_BUFFERS);
  return {};
}

Result<SSL_CTX*> new_context(const SSL_METHOD* method) {
  std::signal(SIGPIPE, SIG_IGN);
  ERR_clear_error();
  SSL_CTX* context = SSL_CTX_new(method);
  if (context == nullptr) return fail(ErrorCode::kExhausted, "set up TLS: " + take_tls_error());
  return context;
}

}  // namespace

std::string take_tls_error() {
  const unsigned long code = ERR_get_error();
  ERR_clear_error();
  if (code == 0) return "unknown TLS error";
  const char* reason = ERR_reason_error_string(code);
  if (reason != nullptr) return reason;
  std::array<char, 128> text{};
  ERR_error_string_n(code, text.data(), text.size());
  return text.data();
}

Result<std::shared_ptr<TlsContext>> TlsContext::create_server(const TlsServerOptions& options) {
  RP_ASSIGN(SSL_CTX * raw, new_context(TLS_server_method()));
  std::shared_ptr<TlsContext> context(new TlsContext(raw, options.offload));
  RP_TRY(configure(raw, options.allow_tls12 ? TLS1_2_VERSION : TLS1_3_VERSION));
  if (SSL_CTX_use_certificate_chain_file(raw, options.certificate_file.c_str()) != 1) {
    return fail(ErrorCode::kInvalid,
                "TLS certificate " + options.certificate_file + ": " + take_tls_error());
  }
  if (SSL_CTX_use_PrivateKey_file(raw, options.key_file.c_str(), SSL_FILETYPE_PEM) != 1 ||
      SSL_CTX_check_private_key(raw) != 1) {
    return fail(ErrorCode::kInvalid, "TLS key " + options.key_file + ": " + take_tls_error());
  }
  constexpr std::array<unsigned char, 9> kSessionContext = {'r', 'a', 'c', 'k', 'p',
                                                            'h', 'o', 'n', 'e'};
  SSL_CTX_set_session_id_context(raw, kSessionContext.data(), kSessionContext.size());
  return context;
}

Result<std::shared_ptr<TlsContext>> TlsContext::create_client(const TlsClientOptions& options) {
  RP_ASSIGN(SSL_CTX * raw, new_context(TLS_client_method()));
  std::shared_ptr<TlsContext> context(new TlsContext(raw, options.offload));
  RP_TRY(configure(raw, TLS1_2_VERSION));
  if (!options.authority_file.empty()) {
    if (SSL_CTX_load_verify_locations(raw, options.authority_file.c_str(), nullptr) != 1) {
      return fail(ErrorCode::kInvalid,
                  "TLS authorities " + options.authority_file + ": " + take_tls_error());
    }
    SSL_CTX_set_verify(raw, SSL_VERIFY_PEER, nullptr);
    context->verifies_peer_ = true;
  }
  return context;
}

TlsContext::TlsContext(SSL_CTX* context, RecordOffload* offload)
    : context_(context), offload_(offload) {
  if (offload_ != nullptr) TlsRecordWatch::prepare(context_);
}

void TlsContext::count(Counter TlsCounters::*which, std::uint64_t by) {
  const std::scoped_lock lock(counting_);
  (counters_.*which).add(by);
}

TlsContext::~TlsContext() { SSL_CTX_free(context_); }

}  // namespace rp
