#include "containers/controller/store/people_store.h"

#include <algorithm>

namespace rp {

namespace {

constexpr const char* kSelectUser = "SELECT id,name,password_hash,role,created_at FROM users ";

Result<std::optional<User>> read_user(Statement& statement) {
  RP_ASSIGN(const bool row, statement.step());
  if (!row) return std::nullopt;
  return User{{statement.integer(0)},
              statement.text(1),
              statement.text(2),
              statement.text(3) == "owner",
              statement.integer(4)};
}

Bytes bytes(const Digest& digest) { return {digest.data(), digest.size()}; }

}  // namespace

Result<UserId> PeopleStore::add_user(const User& user) {
  RP_TRY(database_.run("INSERT INTO users(name,password_hash,role,created_at) VALUES(?1,?2,?3,?4)",
                       user.name, user.password_hash, user.owner ? "owner" : "user",
                       user.created_at));
  return UserId{database_.last_row_id()};
}

Result<std::optional<User>> PeopleStore::user(UserId id) {
  RP_ASSIGN(Statement statement, database_.prepare(std::string(kSelectUser) + "WHERE id=?1"));
  RP_TRY(statement.bind(id.value));
  return read_user(statement);
}

Result<std::optional<User>> PeopleStore::user_named(std::string_view name) {
  RP_ASSIGN(Statement statement, database_.prepare(std::string(kSelectUser) + "WHERE name=?1"));
  RP_TRY(statement.bind(name));
  return read_user(statement);
}

Result<std::optional<User>> PeopleStore::first_owner() {
  RP_ASSIGN(Statement statement,
            database_.prepare(std::string(kSelectUser) + "WHERE role='owner' ORDER BY id LIMIT 1"));
  return read_user(statement);
}

Status PeopleStore::set_credentials(UserId id, std::string_view name,
                                    std::string_view password_hash) {
  RP_TRY(database_.run("UPDATE users SET name=?2,password_hash=?3 WHERE id=?1", id.value, name,
                       password_hash));
  if (database_.changed_rows() != 1) return fail(ErrorCode::kNotFound, "no such user");
  return {};
}

Result<std::int64_t> PeopleStore::count_users() {
  RP_ASSIGN(Statement statement, database_.prepare("SELECT count(*) FROM users"));
  RP_ASSIGN(const bool row, statement.step());
  return row ? statement.integer(0) : 0;
}

Status PeopleStore::add_session(const SessionRow& session, std::int64_t keep) {
  RP_TRY(
      database_.run("INSERT INTO sessions(token_hash,user_id,by_code,created_at,seen_at,address)"
                    " VALUES(?1,?2,?3,?4,?5,?6)",
                    bytes(session.token_hash), session.user.value, session.by_code,
                    session.created_at, session.seen_at, session.address));
  return database_.run(
      "DELETE FROM sessions WHERE user_id=?1 AND token_hash NOT IN"
      " (SELECT token_hash FROM sessions WHERE user_id=?1 ORDER BY token_hash=?3 DESC,seen_at DESC"
      " LIMIT ?2)",
      session.user.value, keep, bytes(session.token_hash));
}

Result<std::optional<SessionRow>> PeopleStore::session(const Digest& token_hash) {
  RP_ASSIGN(Statement statement,
            database_.prepare("SELECT user_id,by_code,created_at,seen_at,address FROM sessions"
                              " WHERE token_hash=?1"));
  RP_TRY(statement.bind(bytes(token_hash)));
  RP_ASSIGN(const bool row, statement.step());
  if (!row) return std::nullopt;
  return SessionRow{token_hash,           {statement.integer(0)}, statement.integer(1) != 0,
                    statement.integer(2), statement.integer(3),   statement.text(4)};
}

Status PeopleStore::touch_session(const Digest& token_hash, std::int64_t seen_at) {
  return database_.run("UPDATE sessions SET seen_at=?2 WHERE token_hash=?1", bytes(token_hash),
                       seen_at);
}

Status PeopleStore::remove_session(const Digest& token_hash) {
  return database_.run("DELETE FROM sessions WHERE token_hash=?1", bytes(token_hash));
}

Status PeopleStore::remove_other_sessions(UserId user, const Digest& kept) {
  return database_.run("DELETE FROM sessions WHERE user_id=?1 AND token_hash<>?2", user.value,
                       bytes(kept));
}

Status PeopleStore::remove_old_sessions(std::int64_t seen_before, std::int64_t created_before) {
  return database_.run("DELETE FROM sessions WHERE seen_at<?1 OR created_at<?2", seen_before,
                       created_before);
}

Status PeopleStore::clear_by_code(const Digest& token_hash) {
  return database_.run("UPDATE sessions SET by_code=0 WHERE token_hash=?1", bytes(token_hash));
}

Status PeopleStore::set_code(const Digest& code_hash, std::int64_t expires_at) {
  return database_.transaction([&]() -> Status {
    RP_TRY(database_.run("DELETE FROM codes"));
    return database_.run("INSERT INTO codes(code_hash,expires_at) VALUES(?1,?2)", bytes(code_hash),
                         expires_at);
  });
}

Result<bool> PeopleStore::take_code(const Digest& code_hash, std::int64_t now) {
  RP_TRY(database_.run("DELETE FROM codes WHERE code_hash=?1 AND expires_at>?2", bytes(code_hash),
                       now));
  return database_.changed_rows() == 1;
}

}  // namespace rp
