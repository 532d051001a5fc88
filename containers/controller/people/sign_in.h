// SignIn: who is asking. Passwords (Argon2id, off the loop), one-time codes, sessions with idle and
// absolute expiry, CSRF tokens, and the back-off that makes guessing hopeless. The browser holds a
// random token; the store holds its SHA-256. Thread rule: the controller's loop.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "containers/controller/executor.h"
#include "containers/controller/people/password.h"
#include "containers/controller/people/throttle.h"
#include "containers/controller/refusal.h"
#include "containers/controller/store/audit_store.h"
#include "containers/controller/store/people_store.h"
#include "engine/base/clock.h"
#include "engine/base/metrics.h"

namespace rp {

struct SignInOptions {
  PasswordCost cost;
  std::int64_t idle_s = 3 * 24 * 3600;
  std::int64_t absolute_s = 30 * 24 * 3600;
  std::int64_t code_s = 24 * 3600;
  std::int64_t sessions_per_user = 20;
  ThrottleOptions accounts{.longest_delay_s = 60};
  ThrottleOptions addresses{.free_tries = 10, .longest_delay_s = 900};
};

// Who asks, for one request.
struct Identity {
  User user;
  Digest token_hash{};
  std::string csrf;     // what X-CSRF-Token must say
  std::string session;  // a name for logs and tickets; tells nothing of the token
  bool by_code = false;
};

struct NewSession {
  std::string token;  // for the cookie
  Identity identity;
};

class SignIn {
 public:
  // `hashing` bounds how many passwords are hashed at once; all arguments outlive this.
  SignIn(PeopleStore& people, AuditStore& audit, Executor& hashing, Random& random,
         const Clock& clock, Registry& registry, const SignInOptions& options);

  // Makes a code that replaces every former one, valid once and for a day; makes the owner if there
  // is none. The code is returned here and nowhere else.
  [[nodiscard]] Result<std::string> fresh_code();
  // True until an owner has set a password.
  [[nodiscard]] Result<bool> first_sign_in();

  using Opened = std::function<void(Checked<NewSession>)>;
  // The answer and its time are the same for a wrong password and an unknown name.
  void with_password(const std::string& name, const std::string& password,
                     const std::string& address, const Opened& done);
  [[nodiscard]] Checked<NewSession> with_code(std::string_view code, const std::string& address);

  // Nobody when the token is unknown or its session has expired.
  [[nodiscard]] Result<std::optional<Identity>> identify(std::string_view token);
  [[nodiscard]] Status sign_out(const Identity& identity);

  using Changed = std::function<void(Checked<User>)>;
  // Sets name and password and ends the user's other sessions. Asks for `current_password` unless
  // the session came by a code or there is none yet.
  void set_credentials(const Identity& identity, const std::string& name,
                       const std::string& password, const std::string& current_password,
                       const Changed& done);

 private:
  struct Attempt;
  [[nodiscard]] Checked<void> admit(const std::string& account, const std::string& address);
  [[nodiscard]] Checked<NewSession> open_session(const User& user, bool by_code,
                                                 const std::string& address);
  [[nodiscard]] Checked<User> store_credentials(const Identity& identity, const std::string& name,
                                                const std::string& hash);
  [[nodiscard]] Checked<void> check_change(const Identity& identity, const std::string& name,
                                           const std::string& password);
  void count_refused() { refused_.add(); }
  void audit(std::string_view actor, std::string_view action, std::string_view subject,
             std::string_view detail);

  PeopleStore& people_;
  AuditStore& audit_;
  Executor& hashing_;
  Random& random_;
  const Clock& clock_;
  SignInOptions options_;
  std::string nobodys_hash_;  // what an unknown name's password is checked against
  Throttle accounts_;
  Throttle addresses_;
  Counter accepted_;
  Counter refused_;
  Counter throttled_;
  Registry::Handle accepted_handle_;
  Registry::Handle refused_handle_;
  Registry::Handle throttled_handle_;
};

}  // namespace rp
