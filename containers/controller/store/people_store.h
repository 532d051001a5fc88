// PeopleStore: rows of people, their sessions and sign-in codes. Only hashes of secrets are stored:
// a password's Argon2id string, the SHA-256 of session tokens and codes. No policy here (people/
// has it). Thread rule: the database's thread.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "containers/controller/store/database.h"

namespace rp {

struct UserId {
  std::int64_t value = 0;
  friend auto operator<=>(UserId, UserId) = default;
};

struct User {
  UserId id;
  std::string name;
  std::string password_hash;  // empty: none set yet
  bool owner = false;         // may see and change everything on this host
  std::int64_t created_at = 0;
};

using Digest = std::array<std::uint8_t, 32>;

struct SessionRow {
  Digest token_hash{};
  UserId user;
  bool by_code = false;  // signed in by a code: may set a password without the old one
  std::int64_t created_at = 0;
  std::int64_t seen_at = 0;
  std::string address;
};

class PeopleStore {
 public:
  explicit PeopleStore(Database& database) : database_(database) {}

  // kExists when the name is taken (case aside).
  [[nodiscard]] Result<UserId> add_user(const User& user);
  [[nodiscard]] Result<std::optional<User>> user(UserId id);
  [[nodiscard]] Result<std::optional<User>> user_named(std::string_view name);
  // The oldest owner, with or without a password.
  [[nodiscard]] Result<std::optional<User>> first_owner();
  // Name and password in one write. kExists when another has the name.
  [[nodiscard]] Status set_credentials(UserId id, std::string_view name,
                                       std::string_view password_hash);
  [[nodiscard]] Result<std::int64_t> count_users();

  // Keeps at most `keep` sessions of the user: the least recently seen go first.
  [[nodiscard]] Status add_session(const SessionRow& session, std::int64_t keep);
  [[nodiscard]] Result<std::optional<SessionRow>> session(const Digest& token_hash);
  [[nodiscard]] Status touch_session(const Digest& token_hash, std::int64_t seen_at);
  [[nodiscard]] Status remove_session(const Digest& token_hash);
  [[nodiscard]] Status remove_other_sessions(UserId user, const Digest& kept);
  // Those seen last before `seen_before` or made before `created_before`.
  [[nodiscard]] Status remove_old_sessions(std::int64_t seen_before, std::int64_t created_before);
  [[nodiscard]] Status clear_by_code(const Digest& token_hash);

  // Replaces every code by this one.
  [[nodiscard]] Status set_code(const Digest& code_hash, std::int64_t expires_at);
  // Uses the code up. False when there is no such code or it has expired.
  [[nodiscard]] Result<bool> take_code(const Digest& code_hash, std::int64_t now);

  [[nodiscard]] Status transaction(const std::function<Status()>& work) {
    return database_.transaction(work);
  }

 private:
  Database& database_;
};

}  // namespace rp
