// ByteReader, ByteWriter: little-endian fields of one message's body, read with bounds and written
// into a vector. Used inside engine/wire only. Thread rule: plain values.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "engine/base/result.h"
#include "engine/wire/message.h"

namespace rp::wire {

// `text` is UTF-8 (RFC 3629: no surrogates, no overlong forms, nothing above U+10FFFF).
[[nodiscard]] bool is_utf8(std::string_view text);

// Reads fields in order. The first error sticks: later reads give zeros, and finish() tells it. So
// a parser reads all its fields in a row and asks once. Errors name message and field.
class ByteReader {
 public:
  ByteReader(const char* message, std::span<const std::uint8_t> body)
      : message_(message), left_(body) {}

  template <typename T>
  T integer(const char* field) {
    static_assert(std::is_integral_v<T>);
    T value = 0;
    if (left_.size() < sizeof value) {
      fail_short(field);
      return 0;
    }
    std::memcpy(&value, left_.data(), sizeof value);  // every target of ours is little-endian
    left_ = left_.subspan(sizeof value);
    return value;
  }
  // An integer that must lie in [low, high].
  template <typename T>
  T integer(const char* field, std::type_identity_t<T> low, std::type_identity_t<T> high) {
    const T value = integer<T>(field);
    if (!failed() && (value < low || value > high)) fail_range(field, low, high);
    return value;
  }
  void skip(std::size_t bytes);
  // u16 length, then UTF-8 without U+0000. Points into the body.
  std::string_view string(const char* field, std::size_t max_bytes);
  // `bytes` of anything; points into the body.
  std::span<const std::uint8_t> blob(const char* field, std::size_t bytes);
  // What has not been read yet.
  [[nodiscard]] std::span<const std::uint8_t> rest() const { return left_; }

  // Notes an error of the caller's own: "TEXT cursor <what>".
  void fail_field(const char* field, std::string_view what);
  [[nodiscard]] bool failed() const { return !error_.empty(); }
  [[nodiscard]] Status finish() const;

 private:
  void fail_short(const char* field);
  void fail_range(const char* field, std::int64_t low, std::int64_t high);

  const char* message_;
  std::span<const std::uint8_t> left_;
  std::string error_;
};

// Appends one message: its header at once, its body field by field, the body's length at the end.
// Allocates only when `out` lacks capacity.
class ByteWriter {
 public:
  ByteWriter(std::vector<std::uint8_t>& out, MessageType type, std::uint8_t flags = 0,
             std::uint16_t stream = 0);
  ByteWriter(const ByteWriter&) = delete;
  ByteWriter& operator=(const ByteWriter&) = delete;
  ~ByteWriter();

  template <typename T>
  ByteWriter& integer(T value) {
    static_assert(std::is_integral_v<T>);
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(&value);
    out_.insert(out_.end(), bytes, bytes + sizeof value);
    return *this;
  }
  ByteWriter& reserved(std::size_t bytes);
  // u16 length and the bytes; cut at a character's boundary when longer than 65,535 bytes.
  ByteWriter& string(std::string_view text);
  ByteWriter& blob(std::span<const std::uint8_t> bytes);

 private:
  std::vector<std::uint8_t>& out_;
  std::size_t body_begin_;
};

}  // namespace rp::wire
