#include "tests/lab/ktls/kernel.h"

#include <cstdio>

namespace rp {

std::shared_ptr<KernelRecords> lab_kernel() {
  static const std::shared_ptr<KernelRecords> kernel = [] {
    auto made = KernelRecords::create();
    if (!made) std::fprintf(stderr, "%s\n", made.error().message().c_str());
    RP_CHECK(made.has_value());
    return std::shared_ptr<KernelRecords>(std::move(*made));
  }();
  return kernel;
}

}  // namespace rp
