// harden(): makes the process keep only what it needs once it is set up: an unprivileged user, no
// capabilities, no way to gain any, and a system call filter (seccomp) in which programs cannot be
// started, memory not made executable, namespaces and mounts not touched. A parser of hostile bytes
// that is taken over finds an empty room. What is denied answers EPERM, so that a library's
// fallback works and a bug shows as an error naming the call. Thread rule: once, before any thread
// is started; threads made later inherit everything.
#pragma once

#include <string>
#include <vector>

#include "engine/base/result.h"

namespace rp {

struct HardenOptions {
  // To become when running as root; empty: stay who we are.
  std::string user = {};
  std::vector<std::string> groups = {};  // kept beside the user's own ("render" for a GPU)
  // SIGTERM when the parent dies. Asked for here, for becoming another user clears it.
  bool end_with_parent = false;
  bool filter_system_calls = true;
  // Drivers (DRM, V4L2) speak through any ioctl; otherwise a short list.
  bool device_ioctls = false;
  std::vector<unsigned long> ioctls = {};  // a driver's that needs a few only
  bool executable_memory = false;          // drivers that compile shaders at run time
  bool kernel_tls = false;  // sockets may be given TLS keys; they can never be read back
};

// All or an error; after an error the process must end, for part may be done. kNotFound: no such
// user or group; kExists: other threads run already; kUnsupported: the kernel has no seccomp.
[[nodiscard]] Status harden(const HardenOptions& options);

}  // namespace rp
