// Goal: one address cannot take more than its share, many cannot take memory. Method: a fake clock.
#include "engine/front/address_limiter.h"

#include <gtest/gtest.h>

namespace rp {
namespace {

TEST(AddressLimiterTest, BurstThenRate) {
  FakeClock clock;
  AddressLimiter limiter(clock, {.per_second = 2, .burst = 3, .max_addresses = 10});
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(limiter.allow("192.0.2.1"));
  EXPECT_FALSE(limiter.allow("192.0.2.1"));
  EXPECT_TRUE(limiter.allow("192.0.2.2"));
  clock.advance(std::chrono::milliseconds(500));
  EXPECT_TRUE(limiter.allow("192.0.2.1"));
  EXPECT_FALSE(limiter.allow("192.0.2.1"));
  clock.advance(std::chrono::hours(1));
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(limiter.allow("192.0.2.1"));
  EXPECT_FALSE(limiter.allow("192.0.2.1"));
}

TEST(AddressLimiterTest, AnIpv6NetworkIsOneParty) {
  EXPECT_EQ(limiter_key("2001:db8:1:2::1"), limiter_key("2001:db8:1:2:ffff::9"));
  EXPECT_NE(limiter_key("2001:db8:1:2::1"), limiter_key("2001:db8:1:3::1"));
  EXPECT_NE(limiter_key("192.0.2.1"), limiter_key("192.0.2.2"));
}

TEST(AddressLimiterTest, ManyAddressesStayBounded) {
  FakeClock clock;
  AddressLimiter limiter(clock, {.per_second = 1, .burst = 2, .max_addresses = 8});
  int allowed = 0;
  for (int i = 0; i < 1000; ++i)
    allowed +=
        limiter.allow("10.0." + std::to_string(i / 250) + "." + std::to_string(i % 250)) ? 1 : 0;
  EXPECT_EQ(limiter.known(), 8U);
  EXPECT_EQ(allowed, 8 + 2) << "strangers share one bucket";
  EXPECT_TRUE(limiter.allow("10.0.0.0")) << "who was known before keeps its share";
  // Those who rest are forgotten, and new ones get a bucket of their own again.
  clock.advance(std::chrono::seconds(5));
  for (int i = 0; i < 4; ++i) EXPECT_TRUE(limiter.allow("10.9.9." + std::to_string(i)));
  EXPECT_LE(limiter.known(), 8U);
}

}  // namespace
}  // namespace rp
