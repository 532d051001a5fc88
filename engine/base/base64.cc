#include "engine/base/base64.h"

#include <cstdint>

namespace rp {

namespace {

constexpr std::string_view kUrl =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr std::string_view kStandard =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

std::string encode(std::string_view bytes, std::string_view alphabet) {
  std::string out;
  out.reserve((bytes.size() * 4 + 2) / 3);
  std::uint32_t bits = 0;
  unsigned have = 0;
  for (const char c : bytes) {
    bits = (bits << 8) | static_cast<std::uint8_t>(c);
    for (have += 8; have >= 6; have -= 6) out += alphabet[(bits >> (have - 6)) & 63];
  }
  if (have > 0) out += alphabet[(bits << (6 - have)) & 63];
  return out;
}

Result<std::string> decode(std::string_view text, std::string_view alphabet) {
  if (text.size() % 4 == 1) return fail(ErrorCode::kInvalid, "base64 text of an impossible length");
  std::string out;
  out.reserve(text.size() * 3 / 4);
  std::uint32_t bits = 0;
  unsigned have = 0;
  for (const char c : text) {
    const auto value = alphabet.find(c);
    if (value == std::string_view::npos) {
      return fail(ErrorCode::kInvalid, "base64 text holds a foreign character");
    }
    bits = (bits << 6) | static_cast<std::uint32_t>(value);
    have += 6;
    if (have >= 8) {
      have -= 8;
      out += static_cast<char>(bits >> have);
    }
  }
  if ((bits & ((1U << have) - 1)) != 0) {
    return fail(ErrorCode::kInvalid, "base64 text has bits beyond its last byte");
  }
  return out;
}

}  // namespace

std::string base64url_encode(std::string_view bytes) { return encode(bytes, kUrl); }

Result<std::string> base64url_decode(std::string_view text) { return decode(text, kUrl); }

std::string base64_encode(std::string_view bytes) {
  std::string out = encode(bytes, kStandard);
  while (out.size() % 4 != 0) out += '=';
  return out;
}

Result<std::string> base64_decode(std::string_view text) {
  if (text.size() % 4 != 0) return fail(ErrorCode::kInvalid, "base64 text without its padding");
  std::size_t padding = 0;
  while (padding < 2 && padding < text.size() && text[text.size() - 1 - padding] == '=') ++padding;
  return decode(text.substr(0, text.size() - padding), kStandard);
}

}  // namespace rp
