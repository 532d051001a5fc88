// The OCI config.json of a phone's container (github.com/opencontainers/runtime-spec 1.0.2): its
// own user, pid, network, ipc, uts, mount and cgroup namespaces, no capabilities, no new
// privileges, our seccomp profile, limits, and only the mounts a phone needs. Thread rule: pure
// functions.
#pragma once

#include <cstdint>
#include <string>

#include "containers/runtime/runtime.h"

namespace rp {

struct OciOptions {
  const PhoneSpec* spec = nullptr;   // borrowed for the call, validated
  std::string phone_dir;             // the bundle; holds hosts, machine-id and resolv.conf
  std::string cgroup;                // "rackphone-TAG/PHONE"
  std::string init;                  // a static init on the host (tini), shown inside
  std::uint32_t first_id = 0;        // of the phone's host uid range
  std::uint64_t max_files = 65'536;  // descriptors of a process; not above our own hard limit
  bool limit_swap = false;           // the kernel accounts swap
  bool ipv6 = false;                 // the kernel has IPv6 to be switched off inside
};

[[nodiscard]] std::string oci_config(const OciOptions& options);

}  // namespace rp
