#include "engine/transport/record_keys.h"

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>

namespace rp {

namespace {

using KdfContext = std::unique_ptr<EVP_KDF_CTX, decltype(&EVP_KDF_CTX_free)>;

KdfContext new_kdf(const char* name) {
  EVP_KDF* kdf = EVP_KDF_fetch(nullptr, name, nullptr);
  KdfContext context(kdf == nullptr ? nullptr : EVP_KDF_CTX_new(kdf), &EVP_KDF_CTX_free);
  EVP_KDF_free(kdf);
  return context;
}

OSSL_PARAM octets(const char* name, std::span<const std::uint8_t> bytes) {
  // OpenSSL's parameters are not const, yet it only reads these.
  return OSSL_PARAM_construct_octet_string(name, const_cast<std::uint8_t*>(bytes.data()),
                                           bytes.size());
}

OSSL_PARAM digest(const EVP_MD* hash) {
  return OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST,
                                          const_cast<char*>(EVP_MD_get0_name(hash)), 0);
}

// HKDF-Expand-Label with no context (RFC 8446, section 7.1):
//   [ length 2 | label's length 1 | "tls13 " label | context's length 1 = 0 ]
Status expand_label(const EVP_MD* hash, std::span<const std::uint8_t> secret,
                    std::string_view label, std::span<std::uint8_t> out) {
  constexpr std::string_view kPrefix = "tls13 ";
  std::string info;
  info += static_cast<char>(out.size() >> 8);
  info += static_cast<char>(out.size());
  info += static_cast<char>(kPrefix.size() + label.size());
  info.append(kPrefix).append(label);
  info += '\0';
  int mode = EVP_KDF_HKDF_MODE_EXPAND_ONLY;
  const std::array<OSSL_PARAM, 5> params = {
      OSSL_PARAM_construct_int(OSSL_KDF_PARAM_MODE, &mode), digest(hash),
      octets(OSSL_KDF_PARAM_KEY, secret),
      octets(OSSL_KDF_PARAM_INFO,
             {reinterpret_cast<const std::uint8_t*>(info.data()), info.size()}),
      OSSL_PARAM_construct_end()};
  const KdfContext kdf = new_kdf("HKDF");
  if (kdf == nullptr || EVP_KDF_derive(kdf.get(), out.data(), out.size(), params.data()) != 1) {
    return fail(ErrorCode::kInternal, "derive TLS 1.3 keys");
  }
  return {};
}

// The PRF of RFC 5246, section 5.
Status expand_key_block(const EVP_MD* hash, std::span<const std::uint8_t> master,
                        std::span<const std::uint8_t> seed, std::span<std::uint8_t> out) {
  const std::array<OSSL_PARAM, 4> params = {digest(hash), octets(OSSL_KDF_PARAM_SECRET, master),
                                            octets(OSSL_KDF_PARAM_SEED, seed),
                                            OSSL_PARAM_construct_end()};
  const KdfContext kdf = new_kdf("TLS1-PRF");
  if (kdf == nullptr || EVP_KDF_derive(kdf.get(), out.data(), out.size(), params.data()) != 1) {
    return fail(ErrorCode::kInternal, "derive TLS 1.2 keys");
  }
  return {};
}

}  // namespace

RecordKeys::~RecordKeys() {
  OPENSSL_cleanse(key.data(), key.size());
  OPENSSL_cleanse(iv.data(), iv.size());
}

TrafficSecret::~TrafficSecret() { OPENSSL_cleanse(bytes.data(), bytes.size()); }

Result<RecordKeys> derive_tls13_keys(const EVP_MD* hash, RecordCipher cipher,
                                     const TrafficSecret& secret) {
  RecordKeys keys;
  keys.version = RecordVersion::kTls13;
  keys.cipher = cipher;
  RP_TRY(expand_label(hash, secret.span(), "key", std::span(keys.key).first(keys.key_bytes())));
  RP_TRY(expand_label(hash, secret.span(), "iv", keys.iv));
  return keys;
}

Status advance_secret(const EVP_MD* hash, TrafficSecret& secret) {
  TrafficSecret next;
  next.size = secret.size;
  RP_TRY(expand_label(hash, secret.span(), "traffic upd", std::span(next.bytes).first(next.size)));
  secret = next;
  return {};
}

Result<RecordKeys> derive_tls12_keys(SSL* ssl, RecordCipher cipher, bool of_server,
                                     std::uint64_t sequence) {
  constexpr std::string_view kLabel = "key expansion";
  std::array<std::uint8_t, kLabel.size() + 2 * SSL3_RANDOM_SIZE> seed{};
  std::ranges::copy(kLabel, seed.begin());
  SSL_get_server_random(ssl, &seed[kLabel.size()], SSL3_RANDOM_SIZE);
  SSL_get_client_random(ssl, &seed[kLabel.size() + SSL3_RANDOM_SIZE], SSL3_RANDOM_SIZE);

  RecordKeys keys;
  keys.version = RecordVersion::kTls12;
  keys.cipher = cipher;
  keys.sequence = sequence;
  // An AEAD has no MAC keys: [ client's key | server's key | client's iv | server's iv ].
  const bool gcm = cipher != RecordCipher::kChaCha20Poly1305;
  const std::size_t iv_bytes = gcm ? 4 : 12;
  std::array<std::uint8_t, SSL_MAX_MASTER_KEY_LENGTH> master{};
  const std::size_t master_bytes =
      SSL_SESSION_get_master_key(SSL_get_session(ssl), master.data(), master.size());
  std::array<std::uint8_t, 2 * (32 + 12)> block{};
  const Status expanded =
      expand_key_block(SSL_CIPHER_get_handshake_digest(SSL_get_current_cipher(ssl)),
                       std::span(master).first(master_bytes), seed,
                       std::span(block).first(2 * (keys.key_bytes() + iv_bytes)));
  if (expanded) {
    const std::uint8_t* key = block.data() + (of_server ? keys.key_bytes() : 0);
    const std::uint8_t* iv = block.data() + 2 * keys.key_bytes() + (of_server ? iv_bytes : 0);
    std::copy_n(key, keys.key_bytes(), keys.key.begin());
    std::copy_n(iv, iv_bytes, keys.iv.begin());
  }
  OPENSSL_cleanse(master.data(), master.size());
  OPENSSL_cleanse(block.data(), block.size());
  RP_TRY(expanded);
  // OpenSSL began its own explicit nonces at a random one; only the Finished message used them, and
  // that ours meet it is as likely as guessing 64 bits.
  if (gcm && RAND_bytes(keys.iv.data() + iv_bytes, 8) != 1) {
    return fail(ErrorCode::kInternal, "choose a TLS nonce");
  }
  return keys;
}

Result<RecordCipher> record_cipher_of(const SSL* ssl) {
  const SSL_CIPHER* cipher = SSL_get_current_cipher(ssl);
  switch (cipher == nullptr ? 0 : SSL_CIPHER_get_cipher_nid(cipher)) {
    case NID_aes_128_gcm:
      return RecordCipher::kAes128Gcm;
    case NID_aes_256_gcm:
      return RecordCipher::kAes256Gcm;
    case NID_chacha20_poly1305:
      return RecordCipher::kChaCha20Poly1305;
    default:
      return fail(ErrorCode::kUnsupported, "a cipher only OpenSSL does");
  }
}

}  // namespace rp
