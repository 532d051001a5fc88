// Goal: keys are derived as the RFCs say. Method: the trace of RFC 8448, section 3; the contract
// suite of RecordOffload shows the rest against OpenSSL.
#include "engine/transport/record_keys.h"

#include <gtest/gtest.h>
#include <openssl/evp.h>

namespace rp {
namespace {

using Bytes = std::vector<std::uint8_t>;

// "server application_traffic_secret_0" and what is written with it.
constexpr std::array<std::uint8_t, 32> kSecret = {
    0xa1, 0x1a, 0xf9, 0xf0, 0x55, 0x31, 0xf8, 0x56, 0xad, 0x47, 0x11, 0x6b, 0x45, 0xa9, 0x50, 0x32,
    0x82, 0x04, 0xb4, 0xf4, 0x4b, 0xfb, 0x6b, 0x3a, 0x4b, 0x4f, 0x1f, 0x3f, 0xcb, 0x63, 0x16, 0x43};
const Bytes kKey = {0x9f, 0x02, 0x28, 0x3b, 0x6c, 0x9c, 0x07, 0xef,
                    0xc2, 0x6b, 0xb9, 0xf2, 0xac, 0x92, 0xe3, 0x56};
const Bytes kIv = {0xcf, 0x78, 0x2b, 0x88, 0xdd, 0x83, 0x54, 0x9a, 0xad, 0xf1, 0xe9, 0x84};

TrafficSecret secret() {
  TrafficSecret secret;
  std::copy(kSecret.begin(), kSecret.end(), secret.bytes.begin());
  secret.size = kSecret.size();
  return secret;
}

TEST(RecordKeys, AreThoseOfRfc8448) {
  const auto keys = derive_tls13_keys(EVP_sha256(), RecordCipher::kAes128Gcm, secret());
  ASSERT_TRUE(keys.has_value());
  EXPECT_EQ(Bytes(keys->key.begin(), keys->key.begin() + 16), kKey);
  EXPECT_EQ(Bytes(keys->iv.begin(), keys->iv.end()), kIv);
  EXPECT_EQ(keys->sequence, 0U);
}

TEST(RecordKeys, AnUpdateGivesOthers) {
  TrafficSecret next = secret();
  ASSERT_TRUE(advance_secret(EVP_sha256(), next).has_value());
  EXPECT_EQ(next.size, kSecret.size());
  EXPECT_FALSE(std::equal(kSecret.begin(), kSecret.end(), next.bytes.begin()));
  const auto keys = derive_tls13_keys(EVP_sha256(), RecordCipher::kAes128Gcm, next);
  ASSERT_TRUE(keys.has_value());
  EXPECT_NE(Bytes(keys->key.begin(), keys->key.begin() + 16), kKey);
}

}  // namespace
}  // namespace rp
