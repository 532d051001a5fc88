#include "tools/programs/engine/shared_memory.h"

#include "drivers/udmabuf/device.h"

namespace rp {

SharedMemory find_shared_memory(bool wanted) {
  SharedMemory memory;
  if (!wanted) return memory;
  DriverState state;
  state.name = "udmabuf";
  if (auto opened = UdmabufDevice::open("/dev"); opened) {
    memory.device = std::move(*opened);
    state.available = state.used = true;
  } else {
    state.reason = opened.error().message();
    state.advice = "modprobe udmabuf, and a rule that lets the engine open it (docs/hardware.md)";
  }
  memory.table.push_back(std::move(state));
  return memory;
}

}  // namespace rp
