// Base64 (RFC 4648): the URL alphabet without padding for tickets, the standard one with padding
// for keys in JSON. Decoding is strict, so that one value has exactly one text. Thread rule: plain
// functions.
#pragma once

#include <string>
#include <string_view>

#include "engine/base/result.h"

namespace rp {

[[nodiscard]] std::string base64url_encode(std::string_view bytes);
// kInvalid for padding, foreign characters, an impossible length or bits set beyond the last byte.
[[nodiscard]] Result<std::string> base64url_decode(std::string_view text);

[[nodiscard]] std::string base64_encode(std::string_view bytes);
// As above, with the padding required.
[[nodiscard]] Result<std::string> base64_decode(std::string_view text);

}  // namespace rp
