// Goal: passwords are hashed as RFC 9106 says, bad ones are refused with a reason, codes read well
// and guessing slows down. Method: known shapes, round trips, and the throttle moved through time
// by hand.
#include "containers/controller/people/password.h"

#include <gtest/gtest.h>

#include "containers/controller/people/throttle.h"
#include "tests/unit/containers/controller/fakes.h"

namespace rp {
namespace {

constexpr PasswordCost kCheap{.passes = 1, .memory_kib = 64, .lanes = 1};

TEST(Password, HashesWithArgon2idAndItsCost) {
  CountingRandom random;
  const auto hash = hash_password("correct horse", kCheap, random);
  ASSERT_TRUE(hash);
  EXPECT_EQ(hash->find("$argon2id$v=19$m=64,t=1,p=1$"), 0u);
  EXPECT_TRUE(verify_password(*hash, "correct horse"));
  EXPECT_FALSE(verify_password(*hash, "correct horsf"));
  EXPECT_NE(*hash, *hash_password("correct horse", kCheap, random)) << "the salt is fresh";
}

TEST(Password, TheProductsCostIsRfc9106sSecondChoice) {
  CountingRandom random;
  const auto hash = hash_password("correct horse", PasswordCost{}, random);
  ASSERT_TRUE(hash);
  EXPECT_EQ(hash->find("$argon2id$v=19$m=65536,t=3,p=4$"), 0u);
}

TEST(Password, WhatIsNoHashVerifiesNothing) {
  for (const char* hash : {"", "x", "$argon2id$", "$argon2id$v=19$m=64,t=1,p=1$AAAA$AAAA",
                           "$argon2id$v=19$m=4294967295,t=1,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAA"})
    EXPECT_FALSE(verify_password(hash, "")) << hash;
}

TEST(Password, RefusesWeakOnes) {
  for (const char* weak :
       {"", "short", "password123", "PASSWORD123", "aaaaaaaaaaaa", "ninebytes", "alexandria"})
    EXPECT_FALSE(check_new_password(weak, "Alexandria")) << weak;
  EXPECT_FALSE(check_new_password(std::string(kMaxPasswordBytes + 1, 'x') + "y", "ada"));
  // Nine letters, eighteen bytes: letters count.
  EXPECT_FALSE(check_new_password("ääääööööü", "ada"));
  EXPECT_TRUE(check_new_password("correct horse", "ada"));
  EXPECT_TRUE(check_new_password("äöüßäöüßäö", "ada"));
}

TEST(Code, ReadsAsItIsTyped) {
  CountingRandom random;
  const std::string code = make_code(random);
  ASSERT_EQ(code.size(), 14u);
  EXPECT_EQ(normalize_code(code), code);
  EXPECT_EQ(normalize_code("oil1-0000 abcd"), "0111-0000-ABCD");
  for (const char* bad :
       {"", "ABCD-EFGH-JKM", "ABCD-EFGH-JKMNP", "ABCD-EFGH-JKM!", "UUUU-UUUU-UUUU"})
    EXPECT_EQ(normalize_code(bad), "") << bad;
}

TEST(Throttle, DoublesUpToABoundAndForgets) {
  Throttle throttle({.free_tries = 2,
                     .first_delay_s = 1,
                     .longest_delay_s = 4,
                     .forget_after_s = 100,
                     .max_keys = 10});
  std::int64_t now = 1000;
  const std::vector<std::int64_t> expected = {0, 1, 2, 4, 4};
  for (const std::int64_t wait_s : expected) {
    throttle.fail("a", now);
    EXPECT_EQ(throttle.wait_s("a", now), wait_s);
    EXPECT_EQ(throttle.wait_s("b", now), 0);
  }
  EXPECT_EQ(throttle.wait_s("a", now + 3), 1);
  EXPECT_EQ(throttle.wait_s("a", now + 4), 0);
  EXPECT_EQ(throttle.wait_s("a", now + 100), 0);
  throttle.succeed("a");
  EXPECT_EQ(throttle.size(), 0u);
}

TEST(Throttle, IsBounded) {
  Throttle throttle({.free_tries = 1, .max_keys = 10});
  for (int n = 0; n < 1000; ++n) throttle.fail(std::to_string(n), 1);
  EXPECT_EQ(throttle.size(), 10u);
  EXPECT_GT(throttle.wait_s("999", 1), 0);
}

TEST(Throttle, ASuccessTakesBackOneFailure) {
  Throttle throttle({.free_tries = 2});
  for (int n = 0; n < 3; ++n) throttle.fail("a", 1);
  throttle.take_back("a");
  EXPECT_EQ(throttle.wait_s("a", 1), 1);
  throttle.take_back("a");
  throttle.take_back("a");
  EXPECT_EQ(throttle.size(), 0u);
}

TEST(Throttle, OneCustomerIsOneKey) {
  EXPECT_EQ(throttle_key("2001:db8::1"), throttle_key("2001:db8::ffff:1"));
  EXPECT_NE(throttle_key("2001:db8::1"), throttle_key("2001:db8:0:1::1"));
  EXPECT_EQ(throttle_key("::ffff:192.0.2.1"), throttle_key("192.0.2.1"));
  EXPECT_LE(throttle_key(std::string(10'000, 'x')).size(), 64u);
}

}  // namespace
}  // namespace rp
