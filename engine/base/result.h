// Result<T>: how the project reports what the world does (a peer, a file, a guest, a device).
// An Error says what went wrong (code), what the system said (errno) and what was being done
// (operation), so that the sentence a person reads names its cause. CHECK is for our own bugs only
// and aborts. Thread rule: plain values, no shared state.
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <utility>

namespace rp {

enum class ErrorCode {
  kInvalid,      // the input is not as it should be; trying again does not help
  kNotFound,     // the thing named does not exist
  kExists,       // it exists already, or is in the wrong state for this
  kDenied,       // not allowed
  kUnavailable,  // not there now (peer gone, service down); trying again may help
  kWouldBlock,   // the queue or socket is full; wait for readiness
  kExhausted,    // a limit or resource is used up (memory, disk, quota, descriptors)
  kUnsupported,  // this machine, build or device cannot do it
  kTimeout,      // the deadline passed
  kClosed,       // the peer ended it in order
  kInternal,     // anything else
};

// "invalid", "not_found", …: used in logs and JSON, never translated.
std::string_view to_string(ErrorCode code);

struct Error {
  ErrorCode code = ErrorCode::kInternal;
  int errno_value = 0;    // 0 when no system call is behind it
  std::string operation;  // what was being done and to what: "bind /run/x.sock"

  // "bind /run/x.sock: Address already in use"; the code stands in when there is no errno.
  [[nodiscard]] std::string message() const;
};

template <typename T>
using Result = std::expected<T, Error>;
using Status = Result<void>;

[[nodiscard]] inline std::unexpected<Error> fail(ErrorCode code, std::string operation) {
  return std::unexpected(Error{code, 0, std::move(operation)});
}

// From errno: maps the usual values to a code (ENOENT → kNotFound, EAGAIN → kWouldBlock, …).
[[nodiscard]] std::unexpected<Error> fail_errno(std::string operation);
[[nodiscard]] std::unexpected<Error> fail_errno(int errno_value, std::string operation);

[[nodiscard]] inline std::unexpected<Error> forward(Error error) {
  return std::unexpected(std::move(error));
}

[[noreturn]] void check_failed(const char* condition, const char* file, int line);

}  // namespace rp

#define RP_CHECK(condition)                               \
  do {                                                    \
    if (!(condition)) [[unlikely]]                        \
      ::rp::check_failed(#condition, __FILE__, __LINE__); \
  } while (false)

#define RP_CONCAT_INNER(a, b) a##b
#define RP_CONCAT(a, b) RP_CONCAT_INNER(a, b)

// Returns the error of an expression of type Status, or goes on.
#define RP_TRY(expression)                                      \
  do {                                                          \
    if (auto rp_status = (expression); !rp_status) [[unlikely]] \
      return ::std::unexpected(::std::move(rp_status).error()); \
  } while (false)

// RP_ASSIGN(auto fd, open_it()): declares or assigns the value, or returns the error.
#define RP_ASSIGN(target, expression) \
  RP_ASSIGN_INNER(RP_CONCAT(rp_result_, __LINE__), target, expression)
#define RP_ASSIGN_INNER(result, target, expression)        \
  auto result = (expression);                              \
  if (!result) [[unlikely]]                                \
    return ::std::unexpected(::std::move(result).error()); \
  target = ::std::move(*result)
