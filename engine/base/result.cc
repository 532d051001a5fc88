#include "engine/base/result.h"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <system_error>

namespace rp {

std::string_view to_string(ErrorCode code) {
  switch (code) {
    case ErrorCode::kInvalid:
      return "invalid";
    case ErrorCode::kNotFound:
      return "not_found";
    case ErrorCode::kExists:
      return "exists";
    case ErrorCode::kDenied:
      return "denied";
    case ErrorCode::kUnavailable:
      return "unavailable";
    case ErrorCode::kWouldBlock:
      return "would_block";
    case ErrorCode::kExhausted:
      return "exhausted";
    case ErrorCode::kUnsupported:
      return "unsupported";
    case ErrorCode::kTimeout:
      return "timeout";
    case ErrorCode::kClosed:
      return "closed";
    case ErrorCode::kInternal:
      return "internal";
  }
  return "internal";
}

std::string Error::message() const {
  if (errno_value != 0) return operation + ": " + std::generic_category().message(errno_value);
  if (operation.empty()) return std::string(to_string(code));
  return operation;
}

namespace {

ErrorCode code_of(int errno_value) {
  switch (errno_value) {
    case ENOENT:
    case ESRCH:
      return ErrorCode::kNotFound;
    case EEXIST:
    case EADDRINUSE:
    case EBUSY:
      return ErrorCode::kExists;
    case EACCES:
    case EPERM:
    case EROFS:
      return ErrorCode::kDenied;
    case EAGAIN:
    case EINPROGRESS:
      return ErrorCode::kWouldBlock;
    case ENOMEM:
    case ENOSPC:
    case EDQUOT:
    case EMFILE:
    case ENFILE:
      return ErrorCode::kExhausted;
    case EINVAL:
    case ENAMETOOLONG:
    case ENOTDIR:
    case EBADF:
      return ErrorCode::kInvalid;
    case ENOSYS:
    case EOPNOTSUPP:
    case ENODEV:
      return ErrorCode::kUnsupported;
    case ETIMEDOUT:
      return ErrorCode::kTimeout;
    case EPIPE:
    case ECONNRESET:
      return ErrorCode::kClosed;
    case ECONNREFUSED:
    case EHOSTUNREACH:
    case ENETUNREACH:
      return ErrorCode::kUnavailable;
    default:
      return ErrorCode::kInternal;
  }
}

}  // namespace

std::unexpected<Error> fail_errno(int errno_value, std::string operation) {
  return std::unexpected(Error{code_of(errno_value), errno_value, std::move(operation)});
}

std::unexpected<Error> fail_errno(std::string operation) {
  return fail_errno(errno, std::move(operation));
}

void check_failed(const char* condition, const char* file, int line) {
  std::fprintf(stderr, "%s:%d: check failed: %s\n", file, line, condition);
  std::abort();
}

}  // namespace rp
