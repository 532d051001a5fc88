#include "containers/controller/people/password.h"

#include <argon2.h>

#include <algorithm>
#include <array>
#include <cctype>

namespace rp {

namespace {

constexpr std::size_t kHashBytes = 32;

// Common passwords of ten letters or more: what people type when a rule asks for length.
constexpr std::array<std::string_view, 24> kTooCommon = {
    "1234567890",  "12345678910",   "0123456789",   "9876543210",   "1111111111",
    "0000000000",  "1q2w3e4r5t",    "qwertyuiop",   "qwerty1234",   "qwerty12345",
    "asdfghjkl;",  "password12",    "password123",  "password1234", "passwordpassword",
    "iloveyou12",  "administrator", "adminadmin",   "letmein123",   "welcome123",
    "changeme123", "rackphone1",    "rackphone123", "abcdefghij"};

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

// UTF-8 letters: every byte that does not continue another.
std::size_t letters(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

}  // namespace

Result<std::string> hash_password(std::string_view password, const PasswordCost& cost,
                                  Random& random) {
  const std::string salt = random.bytes(16);
  const std::size_t size =
      argon2_encodedlen(cost.passes, cost.memory_kib, cost.lanes,
                        static_cast<std::uint32_t>(salt.size()), kHashBytes, Argon2_id);
  std::string encoded(size, '\0');
  const int code = argon2id_hash_encoded(cost.passes, cost.memory_kib, cost.lanes, password.data(),
                                         password.size(), salt.data(), salt.size(), kHashBytes,
                                         encoded.data(), encoded.size());
  if (code == ARGON2_MEMORY_ALLOCATION_ERROR)
    return fail(ErrorCode::kExhausted, "hash the password: out of memory");
  if (code != ARGON2_OK)
    return fail(ErrorCode::kInternal,
                std::string("hash the password: ") + argon2_error_message(code));
  encoded.resize(encoded.find('\0'));
  return encoded;
}

bool verify_password(const std::string& hash, std::string_view password) {
  return argon2id_verify(hash.c_str(), password.data(), password.size()) == ARGON2_OK;
}

Status check_new_password(std::string_view password, std::string_view name) {
  if (password.size() > kMaxPasswordBytes)
    return fail(ErrorCode::kInvalid,
                "password must be at most " + std::to_string(kMaxPasswordBytes) + " bytes");
  if (letters(password) < kMinPasswordLetters)
    return fail(ErrorCode::kInvalid, "password must have at least " +
                                         std::to_string(kMinPasswordLetters) + " characters");
  const std::string small = lower(password);
  if (std::find(kTooCommon.begin(), kTooCommon.end(), small) != kTooCommon.end() ||
      small.find_first_not_of(small.front()) == std::string::npos)
    return fail(ErrorCode::kInvalid, "password is one of the most common ones; choose another");
  if (small == lower(name)) return fail(ErrorCode::kInvalid, "password must differ from the name");
  return {};
}

}  // namespace rp
