// AuditStore: who did what to what, newest rows kept up to a bound. Secrets never go in.
// Thread rule: the database's thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "containers/controller/store/database.h"

namespace rp {

struct AuditEntry {
  std::int64_t at = 0;
  std::string actor;    // a user's name, "root" for the command line, "controller" for itself
  std::string action;   // "session.create", "phone.start", …
  std::string subject;  // a phone's id, a user's name
  std::string detail;   // address and the like
};

class AuditStore {
 public:
  static constexpr std::int64_t kKept = 100'000;

  explicit AuditStore(Database& database) : database_(database) {}
  [[nodiscard]] Status add(const AuditEntry& entry);
  // Newest first.
  [[nodiscard]] Result<std::vector<AuditEntry>> newest(std::int64_t at_most);

 private:
  Database& database_;
};

}  // namespace rp
