#include "drivers/ktls/crypto_info.h"

#include <linux/tls.h>

#include <algorithm>
#include <cstring>

namespace rp {

namespace {

//   struct tls12_crypto_info_aes_gcm_128
//   [ version 2 | cipher 2 | iv 8 | key 16 | salt 4 | rec_seq 8 ]
static_assert(sizeof(tls12_crypto_info_aes_gcm_128) == 40);
//   [ version 2 | cipher 2 | iv 8 | key 32 | salt 4 | rec_seq 8 ]
static_assert(sizeof(tls12_crypto_info_aes_gcm_256) == 56);
//   [ version 2 | cipher 2 | iv 12 | key 32 | rec_seq 8 ]
static_assert(sizeof(tls12_crypto_info_chacha20_poly1305) == 56);

}  // namespace

template <typename Info>
void CryptoInfo::fill(std::uint16_t cipher, const RecordKeys& keys) {
  static_assert(sizeof(Info) <= sizeof bytes_);
  Info info{};
  info.info.version = keys.version == RecordVersion::kTls13 ? TLS_1_3_VERSION : TLS_1_2_VERSION;
  info.info.cipher_type = cipher;
  std::copy_n(keys.key.begin(), sizeof info.key, info.key);
  // The kernel's salt is the front of the nonce, its iv the rest.
  constexpr std::size_t kSaltBytes = sizeof keys.iv - sizeof info.iv;
  if constexpr (kSaltBytes > 0) std::copy_n(keys.iv.begin(), kSaltBytes, info.salt);
  std::copy_n(keys.iv.begin() + kSaltBytes, sizeof info.iv, info.iv);
  for (std::size_t i = 0; i < sizeof info.rec_seq; ++i) {
    info.rec_seq[i] =
        static_cast<unsigned char>(keys.sequence >> (8 * (sizeof info.rec_seq - 1 - i)));
  }
  std::memcpy(bytes_.data(), &info, sizeof info);
  size_ = sizeof info;
  ::explicit_bzero(&info, sizeof info);
}

CryptoInfo::CryptoInfo(const RecordKeys& keys) {
  switch (keys.cipher) {
    case RecordCipher::kAes128Gcm:
      fill<tls12_crypto_info_aes_gcm_128>(TLS_CIPHER_AES_GCM_128, keys);
      break;
    case RecordCipher::kAes256Gcm:
      fill<tls12_crypto_info_aes_gcm_256>(TLS_CIPHER_AES_GCM_256, keys);
      break;
    case RecordCipher::kChaCha20Poly1305:
      fill<tls12_crypto_info_chacha20_poly1305>(TLS_CIPHER_CHACHA20_POLY1305, keys);
      break;
  }
}

CryptoInfo::~CryptoInfo() { ::explicit_bzero(bytes_.data(), bytes_.size()); }

}  // namespace rp
