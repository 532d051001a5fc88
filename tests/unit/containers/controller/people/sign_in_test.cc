// Goal: only who knows the secret gets in, a session ends when it should, and guessing gets
// nowhere. Method: the real service on an in-memory store, time moved by hand, hashing made cheap.
#include "containers/controller/people/sign_in.h"

#include <gtest/gtest.h>

#include "engine/base/log.h"
#include "tests/unit/containers/controller/fakes.h"

namespace rp {
namespace {

constexpr const char* kPassword = "correct horse";

struct SignInTest : testing::Test {
  SignInTest() { set_log_level(LogLevel::kOff); }

  Checked<NewSession> by_password(const std::string& name, const std::string& password,
                                  const std::string& address = "192.0.2.1") {
    std::optional<Checked<NewSession>> answer;
    sign_in.with_password(name, password, address,
                          [&](auto result) { answer = std::move(result); });
    EXPECT_TRUE(time.turn_until([&] { return answer.has_value(); }));
    return *answer;
  }
  Checked<User> set_me(const Identity& identity, const std::string& name,
                       const std::string& password, const std::string& current = "") {
    std::optional<Checked<User>> answer;
    sign_in.set_credentials(identity, name, password, current,
                            [&](auto result) { answer = std::move(result); });
    EXPECT_TRUE(time.turn_until([&] { return answer.has_value(); }));
    return *answer;
  }
  // The owner has a name and a password.
  NewSession settled_owner() {
    NewSession session = *sign_in.with_code(*sign_in.fresh_code(), "192.0.2.1");
    EXPECT_TRUE(set_me(session.identity, "ada", kPassword));
    return session;
  }
  std::optional<Identity> who(const std::string& token) { return *sign_in.identify(token); }

  TestLoop time;
  InlineExecutor hashing{*time.loop};
  std::unique_ptr<Database> database = *Database::open(":memory:");
  PeopleStore people{*database};
  AuditStore audit{*database};
  CountingRandom random;
  Registry registry;
  SignIn sign_in{people,
                 audit,
                 hashing,
                 random,
                 time.clock,
                 registry,
                 {.cost = {.passes = 1, .memory_kib = 64, .lanes = 1}}};
};

TEST_F(SignInTest, TheFirstCodeMakesAnOwnerOnce) {
  EXPECT_TRUE(*sign_in.first_sign_in());
  const std::string code = *sign_in.fresh_code();
  auto session = sign_in.with_code(code, "192.0.2.1");
  ASSERT_TRUE(session);
  EXPECT_TRUE(session->identity.user.owner);
  EXPECT_TRUE(*sign_in.first_sign_in()) << "until a password is set";
  EXPECT_FALSE(sign_in.with_code(code, "192.0.2.1")) << "a code works once";
  ASSERT_TRUE(set_me(session->identity, "ada", kPassword));
  EXPECT_FALSE(*sign_in.first_sign_in());
  EXPECT_TRUE(by_password("Ada", kPassword)) << "names are the same but for case";
  EXPECT_EQ(*people.count_users(), 1);
}

TEST_F(SignInTest, ANewCodeEndsTheOldOneAndADayEndsBoth) {
  const std::string old = *sign_in.fresh_code();
  const std::string code = *sign_in.fresh_code();
  EXPECT_FALSE(sign_in.with_code(old, "192.0.2.1"));
  time.clock.advance(std::chrono::hours(24));
  EXPECT_FALSE(sign_in.with_code(code, "192.0.2.1"));
}

TEST_F(SignInTest, OnlyTheHashOfATokenIsStored) {
  const NewSession session = settled_owner();
  auto statement = database->prepare("SELECT count(*) FROM sessions WHERE hex(token_hash) LIKE ?1");
  ASSERT_TRUE(statement->bind("%" + session.token.substr(0, 16) + "%"));
  ASSERT_TRUE(*statement->step());
  EXPECT_EQ(statement->integer(0), 0);
  EXPECT_TRUE(who(session.token));
  std::string other = session.token;
  other.back() = other.back() == '0' ? '1' : '0';
  EXPECT_FALSE(who(other));
  EXPECT_FALSE(who(""));
}

TEST_F(SignInTest, AWrongPasswordAndAnUnknownNameAreOneAnswer) {
  settled_owner();
  const auto wrong = by_password("ada", "wrong horse", "192.0.2.2");
  const auto unknown = by_password("eve", "wrong horse", "192.0.2.3");
  ASSERT_FALSE(wrong);
  ASSERT_FALSE(unknown);
  EXPECT_EQ(wrong.error().code, unknown.error().code);
  EXPECT_EQ(wrong.error().message, unknown.error().message);
  EXPECT_EQ(wrong.error().field, unknown.error().field);
}

TEST_F(SignInTest, GuessingAnAccountBacksOffFromEveryAddress) {
  settled_owner();
  for (int n = 0; n < 5; ++n)
    EXPECT_EQ(by_password("ada", "wrong", "192.0.2." + std::to_string(10 + n)).error().code,
              ErrorCode::kDenied);
  const auto refused = by_password("ada", kPassword, "192.0.2.99");
  ASSERT_FALSE(refused);
  EXPECT_GT(refused.error().retry_after_s, 0);
  time.clock.advance(std::chrono::seconds(refused.error().retry_after_s));
  EXPECT_TRUE(by_password("ada", kPassword, "192.0.2.99"));
  EXPECT_FALSE(by_password("ada", "wrong", "192.0.2.99").error().retry_after_s > 0)
      << "success starts the count afresh";
}

TEST_F(SignInTest, GuessingFromOneAddressBacksOffForEveryAccount) {
  settled_owner();
  int tries = 0;
  while (by_password("user" + std::to_string(tries), "wrong").error().retry_after_s == 0)
    ASSERT_LT(++tries, 100);
  EXPECT_GT(by_password("ada", kPassword).error().retry_after_s, 0);
  EXPECT_TRUE(by_password("ada", kPassword, "198.51.100.1"));
}

TEST_F(SignInTest, GuessingCodesBacksOff) {
  const std::string code = *sign_in.fresh_code();
  for (int n = 0; n < 5; ++n)
    EXPECT_FALSE(sign_in.with_code("0000-0000-0000", "192.0.2." + std::to_string(n)));
  EXPECT_GT(sign_in.with_code(code, "198.51.100.1").error().retry_after_s, 0);
}

TEST_F(SignInTest, SessionsEndWhenIdleAndWhenOld) {
  const std::string idle = settled_owner().token;
  const std::string used = by_password("ada", kPassword)->token;
  for (int day = 0; day < 29; ++day) {
    time.clock.advance(std::chrono::hours(24));
    EXPECT_TRUE(who(used)) << day;
  }
  EXPECT_FALSE(who(idle));
  time.clock.advance(std::chrono::hours(24));
  EXPECT_FALSE(who(used));
}

TEST_F(SignInTest, ANewPasswordEndsTheOtherSessions) {
  const NewSession first = settled_owner();
  const NewSession second = *by_password("ada", kPassword);
  ASSERT_TRUE(set_me(*who(second.token), "ada", "another horse", kPassword));
  EXPECT_FALSE(who(first.token));
  EXPECT_TRUE(who(second.token));
  EXPECT_FALSE(by_password("ada", kPassword, "192.0.2.7"));
}

TEST_F(SignInTest, ChangingAPasswordAsksForTheOldOne) {
  settled_owner();
  const Identity identity = by_password("ada", kPassword)->identity;
  const auto refused = set_me(identity, "ada", "another horse", "wrong");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().field, "current_password");
  const auto weak = set_me(identity, "ada", "short", kPassword);
  ASSERT_FALSE(weak);
  EXPECT_EQ(weak.error().field, "password");
  const auto unnamed = set_me(identity, "a\nb", "another horse", kPassword);
  ASSERT_FALSE(unnamed);
  EXPECT_EQ(unnamed.error().field, "name");
}

TEST_F(SignInTest, SigningOutEndsTheSession) {
  const NewSession session = settled_owner();
  ASSERT_TRUE(sign_in.sign_out(session.identity));
  EXPECT_FALSE(who(session.token));
}

TEST_F(SignInTest, AFullQueueIsAnAnswer) {
  settled_owner();
  hashing.full = true;
  const auto refused = by_password("ada", kPassword);
  ASSERT_FALSE(refused);
  EXPECT_GT(refused.error().retry_after_s, 0);
}

}  // namespace
}  // namespace rp
