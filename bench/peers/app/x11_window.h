// The workload's window on an X server, for servers that share X11 screens: pixels in MIT-SHM, put
// whole, as toolkits without a GPU do. Thread rule: one thread; run_x11 blocks.
#pragma once

#include <cstdint>
#include <functional>
#include <span>

#include "engine/base/result.h"

namespace rp::peers {

using DrawFrame = std::function<void(int width, int height, std::span<std::uint32_t> pixels)>;

// Opens a window of width × height at 0, 0 of $DISPLAY, without a window manager's frame, and draws
// into it until the server goes. kUnsupported when this build has no xcb-shm, or the server has no
// MIT-SHM or no 32-bit pixels.
[[nodiscard]] Status run_x11(int width, int height, const DrawFrame& draw);

}  // namespace rp::peers
