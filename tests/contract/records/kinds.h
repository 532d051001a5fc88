// The offloads that can be had where the tests run: SoftwareRecords everywhere (kinds.cc), the
// kernel in the kernel lab (tests/lab/ktls). Thread rule: any.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "engine/transport/record_offload.h"

namespace rp {

struct RecordKind {
  std::string name;
  std::shared_ptr<RecordOffload> (*make)();
  bool chacha20 = true;
};
[[nodiscard]] std::vector<RecordKind> record_kinds();

}  // namespace rp
