#include "containers/controller/people/sign_in.h"

#include <memory>

#include <fmt/format.h>

#include "engine/base/log.h"

namespace rp {

namespace {

constexpr const char* kMetric = "rackphone_sign_ins_total";
constexpr const char* kMetricHelp = "Attempts to sign in, by result.";
// All codes share one account in the throttle: there is one code at most.
constexpr const char* kCodeAccount = "#code";
// seen_at is written this often at most, so that reading costs no disk write.
constexpr std::int64_t kTouchEvery_s = 300;

// A hash of nothing, with the cost of a real one: checking against it takes as long and always
// fails.
std::string hash_of_nobody(const PasswordCost& cost) {
  return fmt::format("$argon2id$v=19$m={},t={},p={}${}${}", cost.memory_kib, cost.passes,
                     cost.lanes, std::string(22, 'A'), std::string(43, 'A'));
}

std::string session_name(const Digest& token_hash) {
  return to_hex({token_hash.data(), token_hash.size()}).substr(0, 12);
}

Identity identity_of(const User& user, std::string_view token, const Digest& token_hash,
                     bool by_code) {
  const Digest csrf = hmac_sha256(token, "rackphone csrf 1");
  return {user, token_hash, to_hex({csrf.data(), csrf.size()}), session_name(token_hash), by_code};
}

// 1–64 letters, no control characters, no space at the ends.
bool good_user_name(std::string_view name) {
  if (name.empty() || name.size() > 64 || name.front() == ' ' || name.back() == ' ') return false;
  for (const char c : name)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) return false;
  return true;
}

}  // namespace

SignIn::SignIn(PeopleStore& people, AuditStore& audit, Executor& hashing, Random& random,
               const Clock& clock, Registry& registry, const SignInOptions& options)
    : people_(people),
      audit_(audit),
      hashing_(hashing),
      random_(random),
      clock_(clock),
      options_(options),
      nobodys_hash_(hash_of_nobody(options.cost)),
      accounts_(options.accounts),
      addresses_(options.addresses),
      accepted_handle_(registry.add(kMetric, kMetricHelp, {{"result", "accepted"}}, accepted_)),
      refused_handle_(registry.add(kMetric, kMetricHelp, {{"result", "refused"}}, refused_)),
      throttled_handle_(registry.add(kMetric, kMetricHelp, {{"result", "throttled"}}, throttled_)) {
}

Result<std::string> SignIn::fresh_code() {
  RP_ASSIGN(const std::optional<User> owner, people_.first_owner());
  if (!owner) {
    const User made{{}, "owner", "", true, clock_.unix_seconds()};
    RP_TRY(people_.add_user(made));
  }
  const std::string code = make_code(random_);
  RP_TRY(people_.set_code(sha256(code), clock_.unix_seconds() + options_.code_s));
  audit("root", "code.create", "", "");
  return code;
}

Result<bool> SignIn::first_sign_in() {
  RP_ASSIGN(const std::optional<User> owner, people_.first_owner());
  return !owner || owner->password_hash.empty();
}

Checked<void> SignIn::admit(const std::string& account, const std::string& address) {
  const std::int64_t now = clock_.unix_seconds();
  const std::int64_t wait_s =
      std::max(accounts_.wait_s(account, now), addresses_.wait_s(address, now));
  if (wait_s > 0) {
    throttled_.add();
    return std::unexpected(
        Refusal{ErrorCode::kExhausted, "",
                fmt::format("too many failed attempts; try again in {} s", wait_s), wait_s});
  }
  accounts_.fail(account, now);
  addresses_.fail(address, now);
  return {};
}

struct SignIn::Attempt {
  std::optional<User> user;
  std::string hash;
  std::string password;
  bool right = false;
};

void SignIn::with_password(const std::string& name, const std::string& password,
                           const std::string& address, const Opened& done) {
  const Digest name_hash = sha256(name);  // bounds the throttle's keys and folds no secret in
  const std::string account = to_hex({name_hash.data(), name_hash.size()});
  const std::string from = throttle_key(address);
  if (auto admitted = admit(account, from); !admitted)
    return done(std::unexpected(admitted.error()));
  auto user = people_.user_named(name);
  if (!user) return done(refuse(user.error()));

  // Shared by the two halves of the task, which run on different threads one after the other.
  auto attempt = std::make_shared<Attempt>();
  attempt->user = *std::move(user);
  const bool known = attempt->user && !attempt->user->password_hash.empty();
  attempt->hash = known ? attempt->user->password_hash : nobodys_hash_;
  attempt->password = password;
  const bool queued = hashing_.submit(
      [attempt] { attempt->right = verify_password(attempt->hash, attempt->password); },
      [this, attempt, account, from, address, name, done] {
        if (!attempt->right || !attempt->user) {
          count_refused();
          audit("", "session.refused", name, address);
          return done(refuse(ErrorCode::kDenied, "", "name or password is wrong"));
        }
        accounts_.succeed(account);
        addresses_.take_back(from);
        done(open_session(*attempt->user, false, address));
      });
  if (!queued)
    done(std::unexpected(
        Refusal{ErrorCode::kExhausted, "", "too many people sign in at once; try again", 2}));
}

Checked<NewSession> SignIn::with_code(std::string_view code, const std::string& address) {
  const std::string from = throttle_key(address);
  if (auto admitted = admit(kCodeAccount, from); !admitted)
    return std::unexpected(admitted.error());
  const std::string normal = normalize_code(code);
  auto taken = people_.take_code(sha256(normal), clock_.unix_seconds());
  if (!taken) return refuse(taken.error());
  if (normal.empty() || !*taken) {
    count_refused();
    audit("", "session.refused", "code", address);
    return refuse(ErrorCode::kDenied, "code",
                  "the code is wrong, used or expired; `rackphone sign-in-code` makes a new one");
  }
  accounts_.succeed(kCodeAccount);
  addresses_.take_back(from);
  auto owner = people_.first_owner();
  if (!owner) return refuse(owner.error());
  if (!*owner) return refuse(ErrorCode::kNotFound, "", "there is no owner");
  return open_session(**owner, true, address);
}

Checked<NewSession> SignIn::open_session(const User& user, bool by_code,
                                         const std::string& address) {
  const std::int64_t now = clock_.unix_seconds();
  const std::string token = make_token(random_);
  const Digest token_hash = sha256(token);
  if (auto old = people_.remove_old_sessions(now - options_.idle_s, now - options_.absolute_s);
      !old)
    return refuse(old.error());
  const SessionRow row{token_hash, user.id, by_code, now, now, address.substr(0, 64)};
  if (auto added = people_.add_session(row, options_.sessions_per_user); !added)
    return refuse(added.error());
  accepted_.add();
  audit(user.name, "session.create", user.name, address);
  return NewSession{token, identity_of(user, token, token_hash, by_code)};
}

Result<std::optional<Identity>> SignIn::identify(std::string_view token) {
  if (token.size() != 64) return std::nullopt;
  const Digest token_hash = sha256(token);
  RP_ASSIGN(const std::optional<SessionRow> row, people_.session(token_hash));
  if (!row) return std::nullopt;
  const std::int64_t now = clock_.unix_seconds();
  if (now - row->seen_at >= options_.idle_s || now - row->created_at >= options_.absolute_s) {
    RP_TRY(people_.remove_session(token_hash));
    return std::nullopt;
  }
  // A full disk must not sign everybody out: the older time stands then.
  if (now - row->seen_at >= kTouchEvery_s)
    if (auto touched = people_.touch_session(token_hash, now); !touched)
      log_limited(LogLevel::kWarning, "session.touch_failed", {{"error", touched.error()}});
  RP_ASSIGN(const std::optional<User> user, people_.user(row->user));
  if (!user) return std::nullopt;
  return identity_of(*user, token, token_hash, row->by_code);
}

Status SignIn::sign_out(const Identity& identity) {
  RP_TRY(people_.remove_session(identity.token_hash));
  audit(identity.user.name, "session.delete", identity.user.name, "");
  return {};
}

Checked<void> SignIn::check_change(const Identity& identity, const std::string& name,
                                   const std::string& password) {
  if (!good_user_name(name))
    return refuse(ErrorCode::kInvalid, "name",
                  "name must be 1 to 64 bytes without control characters or outer spaces");
  if (auto good = check_new_password(password, name); !good)
    return refuse(ErrorCode::kInvalid, "password", good.error().message());
  auto other = people_.user_named(name);
  if (!other) return refuse(other.error());
  if (*other && (*other)->id != identity.user.id)
    return refuse(ErrorCode::kExists, "name", "name is taken");
  return {};
}

void SignIn::set_credentials(const Identity& identity, const std::string& name,
                             const std::string& password, const std::string& current_password,
                             const Changed& done) {
  if (auto good = check_change(identity, name, password); !good)
    return done(std::unexpected(good.error()));
  const std::string account = "#me " + std::to_string(identity.user.id.value);
  const bool ask_current = !identity.by_code && !identity.user.password_hash.empty();
  if (ask_current) {
    if (auto admitted = admit(account, account); !admitted)
      return done(std::unexpected(admitted.error()));
  }
  struct Change {
    std::string old_hash, current, password;
    Result<std::string> hash;
    bool right = true;
  };
  auto change = std::make_shared<Change>();
  change->old_hash = ask_current ? identity.user.password_hash : "";
  change->current = current_password;
  change->password = password;
  const bool queued = hashing_.submit(
      [change, cost = options_.cost, &random = random_] {
        if (!change->old_hash.empty())
          change->right = verify_password(change->old_hash, change->current);
        if (change->right) change->hash = hash_password(change->password, cost, random);
      },
      [this, change, identity, name, account, done] {
        if (!change->right)
          return done(refuse(ErrorCode::kDenied, "current_password", "current_password is wrong"));
        accounts_.succeed(account);
        addresses_.succeed(account);
        if (!change->hash) return done(refuse(change->hash.error()));
        done(store_credentials(identity, name, *change->hash));
      });
  if (!queued)
    done(std::unexpected(
        Refusal{ErrorCode::kExhausted, "", "too many people sign in at once; try again", 2}));
}

Checked<User> SignIn::store_credentials(const Identity& identity, const std::string& name,
                                        const std::string& hash) {
  const Status stored = people_.transaction([&]() -> Status {
    RP_TRY(people_.set_credentials(identity.user.id, name, hash));
    RP_TRY(people_.remove_other_sessions(identity.user.id, identity.token_hash));
    return people_.clear_by_code(identity.token_hash);
  });
  if (!stored) return refuse(stored.error());
  audit(name, "user.credentials", name, "");
  auto user = people_.user(identity.user.id);
  if (!user) return refuse(user.error());
  if (!*user) return refuse(ErrorCode::kNotFound, "", "no such user");
  return **user;
}

void SignIn::audit(std::string_view actor, std::string_view action, std::string_view subject,
                   std::string_view detail) {
  const AuditEntry entry{clock_.unix_seconds(), std::string(actor), std::string(action),
                         std::string(subject.substr(0, 128)), std::string(detail.substr(0, 128))};
  if (auto added = audit_.add(entry); !added)
    log_limited(LogLevel::kError, "audit.write_failed", {{"error", added.error()}});
}

}  // namespace rp
