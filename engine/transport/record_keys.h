// The keys of TLS records, derived once more from what a handshake of OpenSSL agreed on, so that
// someone else can go on with the records (record_offload.h). OpenSSL 3.0 itself hands only the
// sending side of TLS 1.3 to a kernel, and no second set of keys.
// Thread rule: pure functions.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "engine/base/result.h"
#include "engine/transport/record_offload.h"

struct ssl_st;     // OpenSSL's SSL
struct evp_md_st;  // OpenSSL's EVP_MD

namespace rp {

// A TLS 1.3 application traffic secret (RFC 8446, section 7.1). Wiped when it dies.
struct TrafficSecret {
  std::array<std::uint8_t, 48> bytes{};
  std::size_t size = 0;  // 32 or 48: the hash's; 0: not known

  TrafficSecret() = default;
  TrafficSecret(const TrafficSecret&) = default;
  TrafficSecret& operator=(const TrafficSecret&) = default;
  ~TrafficSecret();
  [[nodiscard]] std::span<const std::uint8_t> span() const { return {bytes.data(), size}; }
};

// RFC 8446, section 7.3: key and iv of a traffic secret; sequence 0.
[[nodiscard]] Result<RecordKeys> derive_tls13_keys(const evp_md_st* hash, RecordCipher cipher,
                                                   const TrafficSecret& secret);
// RFC 8446, section 7.2: the secret after a KeyUpdate.
[[nodiscard]] Status advance_secret(const evp_md_st* hash, TrafficSecret& secret);
// RFC 5246, section 6.3: key and iv out of the key block of a TLS 1.2 connection whose handshake is
// done; `of_server`: what the server writes with. `sequence` is that of the next record. The
// explicit nonces of AES-GCM begin at a random one.
[[nodiscard]] Result<RecordKeys> derive_tls12_keys(ssl_st* ssl, RecordCipher cipher, bool of_server,
                                                   std::uint64_t sequence);
// kUnsupported for a cipher that is none of RecordCipher.
[[nodiscard]] Result<RecordCipher> record_cipher_of(const ssl_st* ssl);

}  // namespace rp
