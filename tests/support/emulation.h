// Whether a test runs under user-mode QEMU, as those of the arm64 preset do. It translates the
// program and hands system calls to the kernel beneath, but some it answers itself or not at all. A
// test that meets one of these skips, and says which. Thread rule: any thread.
#pragma once

#include <cstdlib>

namespace rp {

// Set by CTest (tools/cmake/rackphone.cmake), because QEMU hides itself well from what it runs.
[[nodiscard]] inline bool emulated() { return std::getenv("RP_EMULATED") != nullptr; }

// For tests of what opens files strictly beneath a folder (openat2(2), which has no fallback).
inline constexpr const char* kNoOpenat2 = "user-mode QEMU of Debian 12 has no openat2";

}  // namespace rp
