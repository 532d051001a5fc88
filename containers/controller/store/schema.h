// The database's schema as a list of migrations: entry N brings user_version N to N+1. An entry
// that has been released is never edited; a change is a new entry. Times are seconds since 1970.
// Thread rule: constants.
#pragma once

#include <span>

namespace rp {

[[nodiscard]] std::span<const char* const> schema_migrations();

}  // namespace rp
