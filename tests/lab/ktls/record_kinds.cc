#include "tests/contract/records/kinds.h"
#include "tests/lab/ktls/kernel.h"

namespace rp {

std::vector<RecordKind> record_kinds() {
  return {{"Kernel", [] { return std::shared_ptr<RecordOffload>(lab_kernel()); }}};
}

}  // namespace rp
