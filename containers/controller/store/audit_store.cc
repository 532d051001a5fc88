#include "containers/controller/store/audit_store.h"

namespace rp {

Status AuditStore::add(const AuditEntry& entry) {
  RP_TRY(database_.run("INSERT INTO audit(at,actor,action,subject,detail) VALUES(?1,?2,?3,?4,?5)",
                       entry.at, entry.actor, entry.action, entry.subject, entry.detail));
  return database_.run("DELETE FROM audit WHERE id<=?1", database_.last_row_id() - kKept);
}

Result<std::vector<AuditEntry>> AuditStore::newest(std::int64_t at_most) {
  RP_ASSIGN(Statement statement,
            database_.prepare("SELECT at,actor,action,subject,detail FROM audit"
                              " ORDER BY id DESC LIMIT ?1"));
  RP_TRY(statement.bind(at_most));
  std::vector<AuditEntry> entries;
  while (true) {
    RP_ASSIGN(const bool row, statement.step());
    if (!row) return entries;
    entries.push_back({statement.integer(0), statement.text(1), statement.text(2),
                       statement.text(3), statement.text(4)});
  }
}

}  // namespace rp
