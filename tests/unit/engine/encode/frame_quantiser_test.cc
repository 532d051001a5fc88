// Goal: the finest quantiser while the link has room; never a picture that holds the link for much
// longer than vbv_ms; a picture at rest ends up fine. Method: a model codec whose bits follow
// 2^(−QP/6), with pages that change wholly, scroll, or stay.
#include "engine/encode/frame_quantiser.h"

#include <algorithm>
#include <cmath>

#include <gtest/gtest.h>

namespace rp {
namespace {

constexpr int kFinest = 22;

// Encodes as the drivers do; remembers the largest picture that was kept.
class ModelCodec {
 public:
  explicit ModelCodec(EncoderRate rate, std::int64_t worth_bits = 0)
      : quantiser(kFinest, rate, 100, worth_bits) {}

  // `page_bits`: of the whole page at kFinest; `changed`: the share of it that is new.
  std::int64_t picture(double page_bits, double changed, bool force_key = false) {
    now = now + Duration(16'667);
    bool key = force_key || first_;
    first_ = false;
    int qp = quantiser.next(key, now);
    const int shown = qp_;
    for (;;) {
      ++encodes;
      double bits = page_bits * weight(qp) * (key ? 1.0 : changed) + 200;
      if (!key && qp < shown) bits += page_bits * (1 - changed) * (weight(qp) - weight(shown));
      qp_ = qp;
      last_key = key;
      if (quantiser.coded(key, std::llround(bits))) return std::llround(bits);
      key = true;
      qp = quantiser.retry_qp();
    }
  }
  [[nodiscard]] int qp() const { return qp_; }

  FrameQuantiser quantiser;
  TimePoint now{1'000'000};
  int encodes = 0;
  bool last_key = false;

 private:
  static double weight(int qp) { return std::exp2((kFinest - qp) / 6.0); }
  int qp_ = 51;
  bool first_ = true;
};

constexpr double kPage_bits = 400e3;  // 50 KB: a page of text

TEST(FrameQuantiser, StaysFinestWhileTheLinkHasRoom) {
  ModelCodec codec({20'000, 60});
  for (int i = 0; i < 120; ++i) {
    (void)codec.picture(kPage_bits, i % 30 == 29 ? 1.0 : 0.05);
    EXPECT_EQ(codec.qp(), kFinest) << i;
    EXPECT_TRUE(codec.quantiser.settled());
  }
  EXPECT_EQ(codec.encodes, 120);
}

TEST(FrameQuantiser, FirstPictureFitsAThinLink) {
  ModelCodec codec({2'000, 60});
  EXPECT_LE(codec.picture(kPage_bits, 1.0), 220'000);
  EXPECT_TRUE(codec.last_key);
  EXPECT_FALSE(codec.quantiser.settled());
  EXPECT_LE(codec.encodes, 3);
}

TEST(FrameQuantiser, AnotherPageOnAThinLinkIsAKeyFrameThatFits) {
  ModelCodec codec({2'000, 60});
  (void)codec.picture(kPage_bits, 1.0);
  for (int i = 0; i < 120; ++i) (void)codec.picture(kPage_bits, 0.0);
  ASSERT_EQ(codec.qp(), kFinest);
  EXPECT_LE(codec.picture(2 * kPage_bits, 1.0), 220'000);
  EXPECT_TRUE(codec.last_key);
}

TEST(FrameQuantiser, APictureAtRestBecomesFineWithoutKeyFrames) {
  ModelCodec codec({2'000, 60});
  (void)codec.picture(kPage_bits, 1.0);
  int pictures = 0;
  while (!codec.quantiser.settled() && pictures < 200) {
    (void)codec.picture(kPage_bits, 0.0);
    EXPECT_FALSE(codec.last_key);
    ++pictures;
  }
  EXPECT_LT(pictures, 40);
  EXPECT_EQ(codec.qp(), kFinest);
}

TEST(FrameQuantiser, SteadyChangeTakesTheLinksRateAndNoMore) {
  ModelCodec codec({2'000, 60});
  (void)codec.picture(kPage_bits, 1.0);
  double bits = 0;
  for (int i = 0; i < 300; ++i) {
    const auto one = static_cast<double>(codec.picture(kPage_bits, 0.25));
    if (i >= 60) bits += one;
  }
  const double rate = bits / (240 / 60.0);
  EXPECT_LT(rate, 2'000e3 * 1.1);
  EXPECT_GT(rate, 2'000e3 * 0.6);
}

TEST(FrameQuantiser, FallOfTheLinkIsFollowedAtOnce) {
  ModelCodec codec({10'000, 60});
  (void)codec.picture(kPage_bits, 1.0);
  for (int i = 0; i < 60; ++i) (void)codec.picture(kPage_bits, 0.25);
  codec.quantiser.set_rate({1'000, 60});
  for (int i = 0; i < 3; ++i) (void)codec.picture(kPage_bits, 0.25);
  EXPECT_LT(codec.picture(kPage_bits, 0.25), 1'000'000 / 60 * 2);
}

TEST(FrameQuantiser, NoisePastTheCoarsestIsKeptRatherThanTriedForever) {
  ModelCodec codec({50, 240});
  EXPECT_GT(codec.picture(1e9, 1.0), 0);
  EXPECT_LE(codec.encodes, 3);
  for (int i = 0; i < 10; ++i) (void)codec.picture(1e9, 1.0);
  EXPECT_EQ(codec.qp(), 51);
}

TEST(FrameQuantiser, ClockThatStandsStillCountsAsOneFrame) {
  FrameQuantiser quantiser(kFinest, {2'000, 60}, 100);
  for (int i = 0; i < 100; ++i) {
    const int qp = quantiser.next(i == 0, TimePoint{0});
    EXPECT_GE(qp, kFinest);
    (void)quantiser.coded(i == 0, 2'000'000 / 60);
  }
  EXPECT_LT(quantiser.next(false, TimePoint{0}), 40);
}

TEST(FrameQuantiser, AMotionTakesNoMoreThanItIsWorthWhateverTheLinkCarries) {
  constexpr std::int64_t kWorth_bits = 150'000;
  ModelCodec codec({100'000, 60}, kWorth_bits);
  (void)codec.picture(kPage_bits, 1.0, true);
  EXPECT_EQ(codec.qp(), kFinest);
  std::int64_t last = 0;
  for (int i = 0; i < 60; ++i) last = codec.picture(kPage_bits, 1.0);
  EXPECT_LE(last, kWorth_bits * 11 / 10);
  EXPECT_GE(last, kWorth_bits / 2);
  EXPECT_EQ(codec.encodes, 61);
  // At rest it becomes as fine as it gets.
  for (int i = 0; i < 20; ++i) (void)codec.picture(kPage_bits, 0.0);
  EXPECT_TRUE(codec.quantiser.settled());
}

TEST(FrameQuantiser, ANewPageAloneIsNoMotion) {
  ModelCodec codec({100'000, 60}, 100'000);
  (void)codec.picture(kPage_bits, 1.0, true);
  for (int i = 0; i < 10; ++i) (void)codec.picture(kPage_bits, 0.05);
  const std::int64_t page = codec.picture(kPage_bits, 1.0);
  EXPECT_EQ(codec.qp(), kFinest);
  EXPECT_GE(page, 350'000);
}

}  // namespace
}  // namespace rp
