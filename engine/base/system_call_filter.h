// The engine's seccomp filter: an allow-list; everything else is EPERM. Part of harden().
// Thread rule: as harden().
#pragma once

#include <span>

#include "engine/base/result.h"

namespace rp {

struct SystemCallFilterOptions {
  bool device_ioctls = false;
  std::span<const unsigned long> ioctls = {};  // allowed besides the filter's own
  bool executable_memory = false;
  bool kernel_tls = false;
};

// Cannot be undone; also holds for all threads and children made later. Wants no_new_privs.
[[nodiscard]] Status install_system_call_filter(const SystemCallFilterOptions& options);

}  // namespace rp
