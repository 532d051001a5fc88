// Goal: no bytes crash the verifier, and none but what the key signed is let in. Method: the input
// is tried as a ticket, and as a payload signed for real, so that the parser behind the signature
// is reached.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include <openssl/evp.h>

#include "engine/base/base64.h"
#include "engine/base/ticket.h"

namespace {

// A fixed key, so that findings reproduce (RFC 8032, section 7.1, test 1).
constexpr std::uint8_t kSeed[32] = {
    0x9d, 0x61, 0xb1, 0x9d, 0xef, 0xfd, 0x5a, 0x60, 0xba, 0x84, 0x4a, 0xf4, 0x92, 0xec, 0x2c, 0xc4,
    0x44, 0x49, 0xc5, 0x69, 0x7b, 0x32, 0x69, 0x19, 0x70, 0x3b, 0xac, 0x03, 0x1c, 0xae, 0x7f, 0x60};

std::string signed_payload(EVP_PKEY* key, std::string_view payload) {
  std::string signature(64, '\0');
  std::size_t size = signature.size();
  EVP_MD_CTX* digest = ::EVP_MD_CTX_new();
  ::EVP_DigestSignInit(digest, nullptr, nullptr, nullptr, key);
  ::EVP_DigestSign(digest, reinterpret_cast<std::uint8_t*>(signature.data()), &size,
                   reinterpret_cast<const std::uint8_t*>(payload.data()), payload.size());
  ::EVP_MD_CTX_free(digest);
  return "rpt1." + rp::base64url_encode(payload) + "." + rp::base64url_encode(signature);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static EVP_PKEY* key = ::EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, kSeed, 32);
  static const rp::FakeClock clock;
  rp::TicketVerifier verifier(clock);
  rp::TicketPublicKey public_key{};
  std::size_t key_size = public_key.size();
  ::EVP_PKEY_get_raw_public_key(key, public_key.data(), &key_size);
  if (!verifier.set_keys({public_key})) std::abort();

  const std::string_view text(reinterpret_cast<const char*>(data), size);
  // Nothing in the corpus was signed with this key, and the fuzzer cannot forge.
  if (verifier.verify(text)) std::abort();
  const std::string ticket = signed_payload(key, text);
  if (const auto opened = verifier.verify(ticket)) {
    if (opened->nonce.size() != rp::kTicketNonceBytes || opened->phone.empty()) std::abort();
    if (verifier.verify(ticket)) std::abort();
  }
  return 0;
}
