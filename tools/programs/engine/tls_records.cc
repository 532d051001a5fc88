#include "tools/programs/engine/tls_records.h"

namespace rp {

TlsRecords find_tls_records(bool wanted) {
  TlsRecords records;
  TlsRecordsState kernel;
  kernel.name = "kernel";
  if (!wanted) {
    kernel.found = "not looked for: --ktls off";
    kernel.advice = "start the engine with --ktls auto";
  } else if (auto found = KernelRecords::create(); found) {
    records.kernel = std::move(*found);
    kernel.available = kernel.used = true;
    kernel.found = records.kernel->ciphers();
    kernel.found += records.kernel->changes_keys() ? "; changes keys" : "; cannot change keys";
    if (!records.kernel->changes_keys()) {
      kernel.advice = "Linux 6.14 changes keys; until then a viewer that wants it reconnects";
    }
  } else {
    kernel.found = found.error().message();
    kernel.advice = "a kernel with CONFIG_TLS; modprobe tls";
  }
  records.table = {std::move(kernel),
                   {.name = "process",
                    .available = true,
                    .used = records.kernel == nullptr,
                    .found = "OpenSSL",
                    .advice = ""}};
  return records;
}

}  // namespace rp
