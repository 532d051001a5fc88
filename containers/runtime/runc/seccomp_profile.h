// The system calls a phone may make: an allow-list in the spirit of the container engines' default
// profile (github.com/opencontainers/runtime-spec, config-linux.md, "Seccomp"; and Docker's
// published list of what its default denies), narrowed to what desktop and phone programs use. All
// else fails with EPERM; clone3 with ENOSYS, so that C libraries fall back to clone, whose flags
// can be checked. Thread rule: pure functions.
#pragma once

#include <nlohmann/json_fwd.hpp>

namespace rp {

// The value of "linux.seccomp" in an OCI config.json.
[[nodiscard]] nlohmann::json seccomp_profile();

}  // namespace rp
