#include "drivers/fake/records/protection.h"

#include <algorithm>
#include <memory>

#include <openssl/evp.h>

namespace rp {

namespace {

constexpr std::size_t kTagBytes = 16;
constexpr std::size_t kExplicitBytes = 8;
constexpr std::size_t kMaxPlainBytes = 16'384 + 1;  // with TLS 1.3's inner type

const EVP_CIPHER* cipher_of(RecordCipher cipher) {
  switch (cipher) {
    case RecordCipher::kAes128Gcm:
      return EVP_aes_128_gcm();
    case RecordCipher::kAes256Gcm:
      return EVP_aes_256_gcm();
    case RecordCipher::kChaCha20Poly1305:
      return EVP_chacha20_poly1305();
  }
  return nullptr;
}

void put_u16(std::vector<std::uint8_t>& out, std::size_t value) {
  out.push_back(static_cast<std::uint8_t>(value >> 8));
  out.push_back(static_cast<std::uint8_t>(value));
}

struct Aead {
  const RecordKeys& keys;
  std::array<std::uint8_t, 12> nonce;
  std::span<const std::uint8_t> associated;

  // `in` to `out`, both of one size; the tag is made, or held against.
  [[nodiscard]] bool run(bool seals, std::span<const std::uint8_t> in, std::uint8_t* out,
                         std::uint8_t* tag) const {
    const std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)> context(
        EVP_CIPHER_CTX_new(), &EVP_CIPHER_CTX_free);
    RP_CHECK(context != nullptr);
    int size = 0;
    EVP_CIPHER_CTX* c = context.get();
    return EVP_CipherInit_ex(c, cipher_of(keys.cipher), nullptr, keys.key.data(), nonce.data(),
                             seals ? 1 : 0) == 1 &&
           (seals || EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_SET_TAG, kTagBytes, tag) == 1) &&
           EVP_CipherUpdate(c, nullptr, &size, associated.data(),
                            static_cast<int>(associated.size())) == 1 &&
           EVP_CipherUpdate(c, out, &size, in.data(), static_cast<int>(in.size())) == 1 &&
           EVP_CipherFinal_ex(c, out + in.size(), &size) == 1 &&
           (!seals || EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_GET_TAG, kTagBytes, tag) == 1);
  }
};

}  // namespace

bool RecordProtection::explicit_nonce() const {
  return keys_.version == RecordVersion::kTls12 && keys_.cipher != RecordCipher::kChaCha20Poly1305;
}

std::array<std::uint8_t, 12> RecordProtection::nonce() const {
  auto nonce = keys_.iv;
  if (explicit_nonce()) return nonce;
  for (std::size_t i = 0; i < 8; ++i) {
    nonce.at(11 - i) ^= static_cast<std::uint8_t>(keys_.sequence >> (8 * i));
  }
  return nonce;
}

// TLS 1.3: the record's header; TLS 1.2: [ sequence 8 | type | version | plain bytes 2 ].
std::vector<std::uint8_t> RecordProtection::associated(RecordType type, std::size_t plain_bytes,
                                                       std::size_t body_bytes) const {
  std::vector<std::uint8_t> out;
  const bool tls12 = keys_.version == RecordVersion::kTls12;
  for (int shift = 56; tls12 && shift >= 0; shift -= 8) {
    out.push_back(static_cast<std::uint8_t>(keys_.sequence >> shift));
  }
  out.push_back(static_cast<std::uint8_t>(tls12 ? type : RecordType::kApplicationData));
  put_u16(out, 0x0303);
  put_u16(out, tls12 ? plain_bytes : body_bytes);
  return out;
}

Status RecordProtection::seal(RecordType type, std::span<const std::uint8_t> plain,
                              std::vector<std::uint8_t>& out) {
  const bool tls12 = keys_.version == RecordVersion::kTls12;
  std::vector<std::uint8_t> inner(plain.begin(), plain.end());
  if (!tls12) inner.push_back(static_cast<std::uint8_t>(type));
  const std::size_t explicit_bytes = explicit_nonce() ? kExplicitBytes : 0;
  const std::size_t body_bytes = explicit_bytes + inner.size() + kTagBytes;
  out.push_back(static_cast<std::uint8_t>(tls12 ? type : RecordType::kApplicationData));
  put_u16(out, 0x0303);
  put_u16(out, body_bytes);
  out.insert(out.end(), keys_.iv.begin() + 4,
             keys_.iv.begin() + 4 + static_cast<long>(explicit_bytes));
  const auto extra = associated(type, plain.size(), body_bytes);
  const Aead aead{keys_, nonce(), extra};
  const std::size_t at = out.size();
  out.resize(at + inner.size() + kTagBytes);
  if (!aead.run(true, inner, &out[at], &out[at + inner.size()])) {
    return fail(ErrorCode::kInternal, "seal a TLS record");
  }
  ++keys_.sequence;
  for (std::size_t i = 11; explicit_bytes != 0 && i >= 4 && ++keys_.iv.at(i) == 0; --i) {
  }
  return {};
}

Result<RecordProtection::Opened> RecordProtection::open(std::span<const std::uint8_t> record) {
  const Error bad{ErrorCode::kInvalid, 0, "a TLS record that is not the peer's"};
  const std::size_t explicit_bytes = explicit_nonce() ? kExplicitBytes : 0;
  if (record.size() < kRecordHeaderBytes + explicit_bytes + kTagBytes) return forward(bad);
  if (explicit_bytes != 0) {
    std::copy_n(record.begin() + kRecordHeaderBytes, kExplicitBytes, keys_.iv.begin() + 4);
  }
  const auto sealed = record.subspan(kRecordHeaderBytes + explicit_bytes);
  const std::size_t inner_bytes = sealed.size() - kTagBytes;
  if (inner_bytes > kMaxPlainBytes) return forward(bad);
  const auto outer = static_cast<RecordType>(record[0]);
  const auto extra = associated(outer, inner_bytes, record.size() - kRecordHeaderBytes);
  const Aead aead{keys_, nonce(), extra};
  Opened opened{outer, std::vector<std::uint8_t>(inner_bytes + kTagBytes)};
  std::vector<std::uint8_t> tag(sealed.end() - kTagBytes, sealed.end());
  if (!aead.run(false, sealed.first(inner_bytes), opened.plain.data(), tag.data())) {
    return forward(bad);
  }
  ++keys_.sequence;
  opened.plain.resize(inner_bytes);
  if (keys_.version == RecordVersion::kTls12) return opened;
  // The type is the last byte that is not padding.
  while (!opened.plain.empty() && opened.plain.back() == 0) opened.plain.pop_back();
  if (opened.plain.empty()) return forward(bad);
  opened.type = static_cast<RecordType>(opened.plain.back());
  opened.plain.pop_back();
  return opened;
}

}  // namespace rp
