#include "containers/controller/people/secrets.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

namespace rp {

namespace {

constexpr std::string_view kCodeAlphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
constexpr std::size_t kCodeLetters = 12;

// "ABCDEFGHIJKL" → "ABCD-EFGH-IJKL".
std::string hyphenated(std::string_view letters) {
  std::string code;
  for (std::size_t i = 0; i < letters.size(); ++i) {
    if (i != 0 && i % 4 == 0) code += '-';
    code += letters[i];
  }
  return code;
}

}  // namespace

Digest sha256(std::string_view text) {
  Digest digest{};
  RP_CHECK(EVP_Digest(text.data(), text.size(), digest.data(), nullptr, EVP_sha256(), nullptr) ==
           1);
  return digest;
}

Digest hmac_sha256(std::string_view key, std::string_view text) {
  Digest digest{};
  RP_CHECK(HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
                reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data(),
                nullptr) != nullptr);
  return digest;
}

bool equal_in_constant_time(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

std::string to_hex(std::span<const std::uint8_t> bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const std::uint8_t byte : bytes) {
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  return text;
}

std::string make_token(Random& random) {
  const std::string bytes = random.bytes(32);
  return to_hex({reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()});
}

std::string make_code(Random& random) {
  std::string letters;
  // 256 is a multiple of 32, so every letter is as likely as another.
  for (const char byte : random.bytes(kCodeLetters))
    letters += kCodeAlphabet[static_cast<std::uint8_t>(byte) % 32];
  return hyphenated(letters);
}

std::string normalize_code(std::string_view typed) {
  if (typed.size() > 64) return {};
  std::string letters;
  for (const char typed_letter : typed) {
    if (typed_letter == '-' || typed_letter == ' ') continue;
    char letter = typed_letter;
    if (letter >= 'a' && letter <= 'z') letter = static_cast<char>(letter - 'a' + 'A');
    if (letter == 'O') letter = '0';
    if (letter == 'I' || letter == 'L') letter = '1';
    if (kCodeAlphabet.find(letter) == std::string_view::npos) return {};
    letters += letter;
  }
  return letters.size() == kCodeLetters ? hyphenated(letters) : std::string();
}

}  // namespace rp
