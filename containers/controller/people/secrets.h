// Secrets: hashes and comparisons for tokens and codes, and the making of both from injected
// randomness. Thread rule: any thread.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "containers/controller/store/people_store.h"
#include "engine/base/random.h"

namespace rp {

[[nodiscard]] Digest sha256(std::string_view text);
[[nodiscard]] Digest hmac_sha256(std::string_view key, std::string_view text);
// Takes the same time wherever the texts differ; their lengths are not secret.
[[nodiscard]] bool equal_in_constant_time(std::string_view a, std::string_view b);

// 256 random bits as 64 hexadecimal digits.
[[nodiscard]] std::string make_token(Random& random);
[[nodiscard]] std::string to_hex(std::span<const std::uint8_t> bytes);

// A sign-in code, "XXXX-XXXX-XXXX": 60 random bits in Crockford's base 32 (no I, L, O, U), easy to
// read aloud and to type.
[[nodiscard]] std::string make_code(Random& random);
// What a person typed, as make_code() would have written it: case, spaces and hyphens aside, O as
// 0, I and L as 1. Empty when it cannot be a code.
[[nodiscard]] std::string normalize_code(std::string_view typed);

}  // namespace rp
