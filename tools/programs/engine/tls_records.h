// Who makes the TLS records of streams: the kernel where it can, and what the control API says of
// it. Thread rule: at start-up, before threads and before rights are given up.
#pragma once

#include <memory>
#include <vector>

#include "drivers/ktls/kernel_records.h"
#include "engine/front/control_api.h"

namespace rp {

struct TlsRecords {
  std::unique_ptr<KernelRecords> kernel;  // null: OpenSSL makes all
  std::vector<TlsRecordsState> table;     // best first
};

// `wanted`: --ktls is not off. A kernel that cannot is no error: the table says why.
[[nodiscard]] TlsRecords find_tls_records(bool wanted);

}  // namespace rp
