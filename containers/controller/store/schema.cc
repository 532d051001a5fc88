#include "containers/controller/store/schema.h"

namespace rp {

namespace {

// `wanted` and the two requests are what people asked for and survive everything; `state` and
// `reason` are the reconciler's last word, kept so that a restarted controller can answer at once.
constexpr const char* kFirst = R"sql(
CREATE TABLE users(
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE COLLATE NOCASE,
  password_hash TEXT NOT NULL DEFAULT '',
  role TEXT NOT NULL CHECK(role IN ('owner','user')),
  created_at INTEGER NOT NULL) STRICT;
CREATE TABLE sessions(
  token_hash BLOB PRIMARY KEY,
  user_id INTEGER NOT NULL REFERENCES users(id) ON DELETE CASCADE,
  by_code INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  seen_at INTEGER NOT NULL,
  address TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE INDEX sessions_of_user ON sessions(user_id);
CREATE TABLE codes(
  code_hash BLOB PRIMARY KEY,
  expires_at INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE phones(
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  image TEXT NOT NULL,
  owner_id INTEGER REFERENCES users(id) ON DELETE SET NULL,
  width INTEGER NOT NULL,
  height INTEGER NOT NULL,
  scale_120 INTEGER NOT NULL,
  wanted TEXT NOT NULL CHECK(wanted IN ('running','frozen','stopped','deleted')),
  restart_wanted INTEGER NOT NULL DEFAULT 0,
  reset_wanted INTEGER NOT NULL DEFAULT 0,
  state TEXT NOT NULL CHECK(state IN ('created','starting','running','frozen','stopped','failed')),
  reason TEXT NOT NULL DEFAULT '',
  attempts INTEGER NOT NULL DEFAULT 0,
  created_at INTEGER NOT NULL,
  changed_at INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE audit(
  id INTEGER PRIMARY KEY,
  at INTEGER NOT NULL,
  actor TEXT NOT NULL,
  action TEXT NOT NULL,
  subject TEXT NOT NULL,
  detail TEXT NOT NULL) STRICT;
)sql";

constexpr const char* kMigrations[] = {kFirst};

}  // namespace

std::span<const char* const> schema_migrations() { return kMigrations; }

}  // namespace rp
