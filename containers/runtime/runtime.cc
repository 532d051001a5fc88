#include "containers/runtime/runtime.h"

#include <algorithm>

namespace rp {
namespace {

constexpr std::size_t kMaxArguments = 64;
constexpr std::size_t kMaxVariables = 128;
constexpr std::size_t kMaxTextBytes = 4096;
// The top of the range a phone maps to host ids, less "nobody".
constexpr std::uint32_t kMaxUser = 60'000;

bool has_nul(std::string_view text) { return text.find('\0') != std::string_view::npos; }

Status validate_path(std::string_view field, std::string_view path) {
  if (path.empty() || path.front() != '/')
    return fail(ErrorCode::kInvalid, std::string(field) + " must be an absolute path");
  if (path.size() > kMaxTextBytes || has_nul(path))
    return fail(ErrorCode::kInvalid, std::string(field) + " is longer than a path may be");
  // Overlay options are one comma-separated string; colons separate layers.
  if (path.find_first_of(",:\\\"") != std::string_view::npos)
    return fail(ErrorCode::kInvalid,
                std::string(field) + " must not contain a comma, colon, quote or backslash");
  return {};
}

Status validate_texts(const PhoneSpec& spec) {
  if (spec.command.empty() || spec.command.front().empty())
    return fail(ErrorCode::kInvalid, "command must name a program");
  if (spec.command.size() > kMaxArguments)
    return fail(ErrorCode::kInvalid, "command must have at most 64 arguments");
  for (const auto& argument : spec.command)
    if (argument.size() > kMaxTextBytes || has_nul(argument))
      return fail(ErrorCode::kInvalid, "command has an argument of more than 4096 bytes");
  if (spec.environment.size() > kMaxVariables)
    return fail(ErrorCode::kInvalid, "environment must have at most 128 variables");
  for (const auto& [name, value] : spec.environment) {
    if (name.empty() || name.find('=') != std::string::npos || has_nul(name))
      return fail(ErrorCode::kInvalid, "environment has a name that is empty or contains '='");
    if (name.size() + value.size() > kMaxTextBytes || has_nul(value))
      return fail(ErrorCode::kInvalid, "environment variable " + name.substr(0, 40) +
                                           " is longer than 4096 bytes or contains a NUL");
  }
  return {};
}

}  // namespace

std::string_view to_string(PhoneState state) {
  switch (state) {
    case PhoneState::kAbsent:
      return "absent";
    case PhoneState::kCreated:
      return "created";
    case PhoneState::kRunning:
      return "running";
    case PhoneState::kFrozen:
      return "frozen";
    case PhoneState::kStopped:
      return "stopped";
    case PhoneState::kLeftover:
      return "leftover";
  }
  return "leftover";
}

Status validate_phone_id(std::string_view id) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  };
  if (id.empty() || id.size() > 40 || !std::ranges::all_of(id, allowed))
    return fail(ErrorCode::kInvalid, "id must be 1 to 40 of a-z, 0-9 and '-'");
  return {};
}

Status validate(const PhoneSpec& spec) {
  RP_TRY(validate_phone_id(spec.id));
  RP_TRY(validate_path("rootfs", spec.rootfs));
  RP_TRY(validate_path("data_dir", spec.data_dir));
  if (!spec.display_dir.empty()) RP_TRY(validate_path("display_dir", spec.display_dir));
  RP_TRY(validate_texts(spec));
  if (spec.user > kMaxUser) return fail(ErrorCode::kInvalid, "user must be 0 to 60000");
  const PhoneLimits& limits = spec.limits;
  if (limits.pids < 4 || limits.pids > 32'768)
    return fail(ErrorCode::kInvalid, "limits.pids must be 4 to 32768");
  if (limits.memory_bytes < (16 << 20) || limits.memory_bytes > (std::int64_t{1} << 40))
    return fail(ErrorCode::kInvalid, "limits.memory_bytes must be 16 MiB to 1 TiB");
  if (limits.cpu_milli < 10 || limits.cpu_milli > 1'024'000)
    return fail(ErrorCode::kInvalid, "limits.cpu_milli must be 10 to 1024000");
  return {};
}

}  // namespace rp
