// The lab's kernel as a RecordOffload, one for a process. Thread rule: first call before threads.
#pragma once

#include <memory>

#include "drivers/ktls/kernel_records.h"

namespace rp {

// Aborts, saying why, where the kernel does no TLS: the lab's does.
[[nodiscard]] std::shared_ptr<KernelRecords> lab_kernel();

}  // namespace rp
