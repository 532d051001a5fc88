// Whether apps' shared memory can be read by the composer's device where it lies, and what the
// control API says of it. Thread rule: at start-up, before threads and before rights are given up.
#pragma once

#include <memory>
#include <vector>

#include "engine/capture/memfd_device.h"
#include "engine/front/control_api.h"

namespace rp {

struct SharedMemory {
  std::unique_ptr<MemfdDevice> device;  // null: its pixels are copied
  std::vector<DriverState> table;
};

// `wanted`: a device composes; the CPU reads it where it lies anyway. That there is no device for
// it is no error: the table says why.
[[nodiscard]] SharedMemory find_shared_memory(bool wanted);

}  // namespace rp
