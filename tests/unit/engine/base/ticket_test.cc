// Goal: exactly the tickets the controller signed open a stream, once, in their minute. Method:
// sign with real keys, then bend one thing at a time; time is a fake clock.
#include "engine/base/ticket.h"

#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include "engine/base/base64.h"
#include "engine/base/random.h"

namespace rp {
namespace {

class TicketTest : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(verifier_.set_keys({key_.public_key()})); }

  Ticket ticket() {
    return {.phone = "p1",
            .user = "ann",
            .session = "s1",
            .role = "owner",
            .device = "",
            .expires_unix_s = clock_.unix_seconds() + kTicketLifetime_s,
            .nonce = random_.bytes(kTicketNonceBytes)};
  }
  std::string signed_ticket() { return sign_ticket(key_, ticket()).value(); }
  ErrorCode refusal(std::string_view text) {
    const auto result = verifier_.verify(text);
    EXPECT_FALSE(result) << text;
    return result ? ErrorCode::kInternal : result.error().code;
  }

  FakeClock clock_;
  SystemRandom random_;
  TicketKey key_ = TicketKey::generate().value();
  TicketVerifier verifier_{clock_, 4};
};

TEST_F(TicketTest, GoodTicketOpensOnce) {
  const Ticket made = ticket();
  const std::string text = sign_ticket(key_, made).value();
  EXPECT_TRUE(text.starts_with("rpt1."));
  const auto read = verifier_.verify(text);
  ASSERT_TRUE(read) << read.error().message();
  EXPECT_EQ(read->phone, made.phone);
  EXPECT_EQ(read->user, made.user);
  EXPECT_EQ(read->session, made.session);
  EXPECT_EQ(read->role, made.role);
  EXPECT_EQ(read->nonce, made.nonce);
  EXPECT_EQ(read->expires_unix_s, made.expires_unix_s);
  EXPECT_EQ(refusal(text), ErrorCode::kDenied);
}

TEST_F(TicketTest, TimeIsKept) {
  const std::string text = signed_ticket();
  clock_.advance(std::chrono::seconds(kTicketLifetime_s));
  EXPECT_EQ(refusal(text), ErrorCode::kDenied);
  Ticket lasting = ticket();
  lasting.expires_unix_s += 3600;
  EXPECT_EQ(refusal(sign_ticket(key_, lasting).value()), ErrorCode::kDenied);
}

TEST_F(TicketTest, EveryChangedCharacterIsRefused) {
  const std::string text = signed_ticket();
  for (std::size_t i = 0; i < text.size(); ++i) {
    std::string bent = text;
    bent[i] = bent[i] == 'A' ? 'B' : 'A';
    EXPECT_FALSE(verifier_.verify(bent)) << i;
    EXPECT_FALSE(verifier_.verify(text.substr(0, i))) << i;
  }
  EXPECT_FALSE(verifier_.verify(text + "A"));
  EXPECT_FALSE(verifier_.verify(text + "="));
  EXPECT_FALSE(verifier_.verify(text + "."));
  EXPECT_TRUE(verifier_.verify(text)) << "the failed tries must not use it up";
}

TEST_F(TicketTest, KeysCanBeReplaced) {
  const std::string old_ticket = signed_ticket();
  const TicketKey next = TicketKey::generate().value();
  ASSERT_TRUE(verifier_.set_keys({next.public_key()}));
  EXPECT_EQ(refusal(old_ticket), ErrorCode::kDenied);
  ASSERT_TRUE(verifier_.set_keys({next.public_key(), key_.public_key()}));
  EXPECT_TRUE(verifier_.verify(old_ticket));
  EXPECT_TRUE(verifier_.verify(sign_ticket(next, ticket()).value()));
  EXPECT_FALSE(verifier_.set_keys(std::vector<TicketPublicKey>(17, key_.public_key())));
  ASSERT_TRUE(verifier_.set_keys({}));
  EXPECT_EQ(refusal(signed_ticket()), ErrorCode::kDenied);
}

TEST_F(TicketTest, ReplayMemoryIsBoundedAndRenewed) {
  for (int i = 0; i < 4; ++i) EXPECT_TRUE(verifier_.verify(signed_ticket()));
  EXPECT_EQ(refusal(signed_ticket()), ErrorCode::kExhausted);
  clock_.advance(std::chrono::seconds(kTicketLifetime_s));
  EXPECT_TRUE(verifier_.verify(signed_ticket()));
}

TEST_F(TicketTest, SignRefusesWhatVerifyWould) {
  Ticket bad = ticket();
  bad.phone.clear();
  EXPECT_EQ(sign_ticket(key_, bad).error().code, ErrorCode::kInvalid);
  bad = ticket();
  bad.nonce = "short";
  EXPECT_EQ(sign_ticket(key_, bad).error().code, ErrorCode::kInvalid);
  bad = ticket();
  bad.user.assign(129, 'u');
  EXPECT_EQ(sign_ticket(key_, bad).error().code, ErrorCode::kInvalid);
}

TEST_F(TicketTest, KeyFileRoundTrip) {
  const auto dir =
      std::filesystem::temp_directory_path() / ("rp_key_" + std::to_string(::getpid()));
  std::filesystem::create_directory(dir);
  const std::string path = dir / "ticket.pem";
  ASSERT_TRUE(key_.save(path));
  struct stat info {};
  ASSERT_EQ(::stat(path.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600U);
  EXPECT_EQ(TicketKey::load(path)->public_key(), key_.public_key());
  EXPECT_EQ(key_.save(path).error().code, ErrorCode::kExists);
  EXPECT_EQ(TicketKey::load(dir / "none").error().code, ErrorCode::kNotFound);
  ::chmod(path.c_str(), 0644);
  EXPECT_EQ(TicketKey::load(path).error().code, ErrorCode::kDenied);
  std::ofstream(path, std::ios::trunc) << "not a key";
  ::chmod(path.c_str(), 0600);
  EXPECT_EQ(TicketKey::load(path).error().code, ErrorCode::kInvalid);
  std::filesystem::remove_all(dir);
}

TEST_F(TicketTest, PublicKeyText) {
  const TicketPublicKey raw = key_.public_key();
  EXPECT_EQ(parse_ticket_public_key(to_base64(raw)), raw);
  EXPECT_FALSE(parse_ticket_public_key(""));
  EXPECT_FALSE(parse_ticket_public_key(to_base64(raw).substr(4)));
  EXPECT_FALSE(parse_ticket_public_key("!!!!"));
}

TEST(Base64Test, KnownTextsAndStrictness) {
  // RFC 4648, section 10.
  const std::pair<const char*, const char*> cases[] = {{"", ""},
                                                       {"f", "Zg=="},
                                                       {"fo", "Zm8="},
                                                       {"foo", "Zm9v"},
                                                       {"foob", "Zm9vYg=="},
                                                       {"fooba", "Zm9vYmE="},
                                                       {"foobar", "Zm9vYmFy"}};
  for (const auto& [bytes, text] : cases) {
    EXPECT_EQ(base64_encode(bytes), text);
    EXPECT_EQ(base64_decode(text), bytes);
  }
  EXPECT_EQ(base64url_encode("\xfb\xff"), "-_8");
  EXPECT_EQ(base64url_decode("-_8"), "\xfb\xff");
  for (const char* bad : {"A", "-_9", "-_8=", "+/8", "Zg==", "a b"})
    EXPECT_FALSE(base64url_decode(bad));
  for (const char* bad : {"Zg", "Zh==", "Z===", "Zg=a", "===="})
    EXPECT_FALSE(base64_decode(bad)) << bad;
}

}  // namespace
}  // namespace rp
