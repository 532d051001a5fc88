// Refusal: why a request is not done, in the shape REST answers it: a code, the field at fault and
// a sentence for the person. Thread rule: plain values.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <utility>

#include "engine/base/result.h"

namespace rp {

struct Refusal {
  ErrorCode code = ErrorCode::kInternal;
  std::string field;
  std::string message;
  std::int64_t retry_after_s = 0;  // above 0: too many tries, come back then

  static Refusal from(const Error& error) { return {error.code, {}, error.message(), 0}; }
};

template <typename T>
using Checked = std::expected<T, Refusal>;

[[nodiscard]] inline std::unexpected<Refusal> refuse(ErrorCode code, std::string field,
                                                     std::string message) {
  return std::unexpected(Refusal{code, std::move(field), std::move(message), 0});
}
[[nodiscard]] inline std::unexpected<Refusal> refuse(const Error& error) {
  return std::unexpected(Refusal::from(error));
}

}  // namespace rp
