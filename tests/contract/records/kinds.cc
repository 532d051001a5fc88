#include "tests/contract/records/kinds.h"

#include "drivers/fake/records/software_records.h"

namespace rp {

std::vector<RecordKind> record_kinds() {
  return {
      {"Software", [] { return std::shared_ptr<RecordOffload>(new SoftwareRecords()); }},
      {"SoftwareThatChangesKeys",
       [] { return std::shared_ptr<RecordOffload>(new SoftwareRecords({.changes_keys = true})); }},
  };
}

}  // namespace rp
