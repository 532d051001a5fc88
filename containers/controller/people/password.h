// Password: hashing with Argon2id (RFC 9106) and what a new password must be. Hashing takes tens of
// milliseconds and 64 MiB by design: call it on a worker, never on the loop. Thread rule: any
// thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "containers/controller/people/secrets.h"

namespace rp {

// The second recommended option of RFC 9106, section 4: 3 passes, 4 lanes, 64 MiB; above the
// minimum of the OWASP Password Storage Cheat Sheet (19 MiB, 2 passes, 1 lane).
struct PasswordCost {
  std::uint32_t passes = 3;
  std::uint32_t memory_kib = 64 * 1024;
  std::uint32_t lanes = 4;
};

inline constexpr std::size_t kMinPasswordLetters = 10;
inline constexpr std::size_t kMaxPasswordBytes = 1024;

// The PHC string, "$argon2id$v=19$m=…", with a fresh 16-byte salt. kExhausted without memory.
[[nodiscard]] Result<std::string> hash_password(std::string_view password, const PasswordCost& cost,
                                                Random& random);
// False for a wrong password and for a hash that is not one.
[[nodiscard]] bool verify_password(const std::string& hash, std::string_view password);
// kInvalid with a sentence for the person: too short, too long, too common, or the name itself.
[[nodiscard]] Status check_new_password(std::string_view password, std::string_view name);

}  // namespace rp
