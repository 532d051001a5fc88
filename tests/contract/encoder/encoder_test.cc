// Goal: every encoder keeps the promises of engine/encode/encoder.h that do not depend on the
// codec. Method: the same tests over encoder_cases(), on a real loop and encode thread; waits are
// on conditions with a deadline.
#include <algorithm>
#include <array>
#include <cctype>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/contract/encoder/content.h"
#include "tests/contract/encoder/rig.h"

namespace rp {
namespace {

class EncoderContract : public testing::TestWithParam<EncoderCase> {
 protected:
  [[nodiscard]] static EncoderSettings settings(Size size = GetParam().usual) {
    return {.codec = GetParam().codec, .size = size};
  }
  void open(Size size = GetParam().usual) {
    rig_.plain_pictures = GetParam().plain_pictures;
    rig_.open(GetParam(), settings(size));
  }
  // What a caller of the table gets who does not ask match() first.
  bool can_create(const EncoderSettings& with) {
    if (GetParam().create != nullptr) return GetParam().create(with).has_value();
    return GetParam().create_on(*rig_.loop, with, [](Result<AccessUnit>) {}).has_value();
  }
  static void text(Picture& picture) { draw_text(picture, 0); }

  EncoderRig rig_;
};

TEST_P(EncoderContract, FirstPictureIsAKeyFrameAndStampsTravel) {
  open();
  const auto unit = rig_.encode(text);
  ASSERT_TRUE(unit) << unit.error().message();
  EXPECT_TRUE(unit->key);
  EXPECT_FALSE(unit->bytes.empty());
  EXPECT_EQ(unit->size, GetParam().usual);
  EXPECT_EQ(unit->stamps.sequence, 1U);
  EXPECT_EQ(unit->stamps.input_sequence, 8U);
  EXPECT_GT(unit->stamps.committed.us, 0);
  EXPECT_GE(unit->stamps.encode_begin, unit->stamps.committed);
  EXPECT_GE(unit->stamps.encoded, unit->stamps.encode_begin);
  EXPECT_EQ(rig_.encoder->in_flight(), 0);
  EXPECT_EQ(rig_.encoder->name(), GetParam().name);
}

TEST_P(EncoderContract, KeyFramesComeOnDemandOnly) {
  open();
  for (int i = 0; i < 40; ++i) {
    const auto unit = rig_.encode([&](Picture& p) { draw_text(p, i * 3); }, i == 17);
    ASSERT_TRUE(unit) << unit.error().message();
    if (GetParam().keys_unasked && unit->key) continue;
    EXPECT_EQ(unit->key, i == 0 || i == 17) << i;
    rig_.encoder->recycle(AccessUnit(*unit));
  }
}

TEST_P(EncoderContract, OrderIsKept) {
  open();
  std::uint32_t submitted = 0;
  while (submitted < 30) {
    EncodeRequest request = rig_.request([&](Picture& p) { draw_text(p, 5); });
    ASSERT_TRUE(rig_.wait([&] { return rig_.encoder->submit(request).has_value(); }));
    ++submitted;
  }
  ASSERT_TRUE(rig_.wait([&] { return rig_.outcomes.size() == 30; }));
  for (std::uint32_t i = 0; i < 30; ++i) {
    ASSERT_TRUE(rig_.outcomes[i]);
    EXPECT_EQ(rig_.outcomes[i]->stamps.sequence, i + 1);
  }
}

TEST_P(EncoderContract, FullIsAnAnswerThatLeavesTheRequestAlone) {
  open();
  // Completions come on the loop, which does not turn here: so the encoder must fill up.
  std::vector<EncodeRequest> refused;
  for (int i = 0; i < 4 && refused.empty(); ++i) {
    EncodeRequest request = rig_.request(text);
    request.force_key = true;
    const Status status = rig_.encoder->submit(request);
    if (status) continue;
    EXPECT_EQ(status.error().code, ErrorCode::kWouldBlock);
    refused.push_back(std::move(request));
  }
  ASSERT_EQ(refused.size(), 1U);
  EXPECT_TRUE(static_cast<bool>(refused[0].picture));
  EXPECT_TRUE(refused[0].force_key);
  EXPECT_GT(refused[0].stamps.sequence, 0U);
  const auto taken = static_cast<std::size_t>(rig_.encoder->in_flight());
  ASSERT_TRUE(rig_.wait([&] { return rig_.outcomes.size() == taken; }));
  EXPECT_TRUE(rig_.encoder->submit(refused[0]));
  ASSERT_TRUE(rig_.wait([&] { return rig_.outcomes.size() == taken + 1; }));
}

TEST_P(EncoderContract, PicturesComeBackToThePool) {
  open();
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(rig_.encode(text));
  std::vector<PictureRef> all;
  for (PictureRef ref = rig_.pool->acquire(); ref; ref = rig_.pool->acquire()) {
    all.push_back(std::move(ref));
  }
  EXPECT_EQ(all.size(), 4U);
}

TEST_P(EncoderContract, AnotherSizeOrNoPictureIsInvalid) {
  open();
  EncodeRequest empty;
  EXPECT_EQ(rig_.encoder->submit(empty).error().code, ErrorCode::kInvalid);
  const Size usual = GetParam().usual;
  const auto other = PicturePool::create({usual.width + 2, usual.height}, 1).value();
  EncodeRequest wrong;
  wrong.picture = other->acquire();
  EXPECT_EQ(rig_.encoder->submit(wrong).error().code, ErrorCode::kInvalid);
  EXPECT_TRUE(static_cast<bool>(wrong.picture));
  EXPECT_EQ(rig_.encoder->in_flight(), 0);
}

TEST_P(EncoderContract, RateMayBeAnythingAtAnyTime) {
  open();
  constexpr std::array kRates = {EncoderRate{1, 0},    EncoderRate{0, 1},
                                 EncoderRate{0, 0},    EncoderRate{4'000'000'000U, 100'000},
                                 EncoderRate{50, 240}, EncoderRate{500'000, 1},
                                 EncoderRate{8000, 60}};
  for (const EncoderRate rate : kRates) {
    rig_.encoder->set_rate(rate);
    ASSERT_TRUE(rig_.encode(text)) << rate.bitrate_kbps << ' ' << rate.framerate;
  }
}

TEST_P(EncoderContract, DestroyedInFlightDropsThePicturesAndSaysNothing) {
  open();
  for (int round = 0; round < 5; ++round) {
    rig_.encoder.reset();
    open();
    for (int i = 0; i < 2; ++i) {
      EncodeRequest request = rig_.request(text);
      ASSERT_TRUE(rig_.encoder->submit(request));
    }
    const std::weak_ptr<PicturePool> pool = rig_.pool;
    rig_.encoder.reset();
    rig_.pool.reset();
    ASSERT_TRUE(rig_.wait([&] { return pool.expired(); }));
  }
  EXPECT_TRUE(rig_.outcomes.empty());
}

TEST_P(EncoderContract, MayBeDestroyedInsideItsOwnCompletion) {
  open();
  bool done = false;
  rig_.encoder = rig_.lender
                     ->lend(settings(),
                            [&](Result<AccessUnit>) {
                              rig_.encoder.reset();
                              done = true;
                            })
                     .value();
  EncodeRequest first = rig_.request(text);
  EncodeRequest second = rig_.request(text);
  ASSERT_TRUE(rig_.encoder->submit(first));
  ASSERT_TRUE(rig_.encoder->submit(second));
  const std::weak_ptr<PicturePool> pool = rig_.pool;
  rig_.pool.reset();
  EXPECT_TRUE(rig_.wait([&] { return done && pool.expired(); }));
}

TEST_P(EncoderContract, ACompletionMaySubmitTheNextPicture) {
  open();
  int completions = 0;
  rig_.encoder = rig_.lender
                     ->lend(settings(),
                            [&](Result<AccessUnit> unit) {
                              ASSERT_TRUE(unit);
                              rig_.encoder->recycle(std::move(*unit));
                              if (++completions == 25) return;
                              EncodeRequest next = rig_.request(text);
                              ASSERT_TRUE(rig_.encoder->submit(next));
                            })
                     .value();
  EncodeRequest first = rig_.request(text);
  ASSERT_TRUE(rig_.encoder->submit(first));
  EXPECT_TRUE(rig_.wait([&] { return completions == 25; }));
}

TEST_P(EncoderContract, ACodecLentAgainBeginsWithAKeyFrameAtTheNewRate) {
  open();
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(rig_.encode(text));
  for (int round = 0; round < 3; ++round) {
    EncoderSettings again = settings();
    again.bitrate_kbps = 3000;
    rig_.reopen(again);
    EXPECT_EQ(rig_.encoder->name(), GetParam().name);
    for (int i = 0; i < 3; ++i) {
      const auto unit = rig_.encode([&](Picture& p) { draw_text(p, round * 7 + i); });
      ASSERT_TRUE(unit) << unit.error().message();
      EXPECT_EQ(unit->key, i == 0) << i;
    }
  }
  if (GetParam().create == nullptr) return;  // a device is not kept open for the next phone
  EXPECT_EQ(rig_.lender->counters().opened.value(), 1U);
  EXPECT_EQ(rig_.lender->counters().reused.value(), 3U);
}

TEST_P(EncoderContract, WithRoomEveryTurnIsGrantedAtOnce) {
  open();
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(rig_.encoder->ask_turn(0));
    ASSERT_TRUE(rig_.encode(text));
  }
}

TEST_P(EncoderContract, TheThreadMayEndWithPicturesWaiting) {
  open();
  for (int i = 0; i < 2; ++i) {
    EncodeRequest request = rig_.request(text);
    ASSERT_TRUE(rig_.encoder->submit(request));
  }
  rig_.encoder.reset();
  rig_.thread.reset();
  const std::weak_ptr<PicturePool> pool = rig_.pool;
  rig_.pool.reset();
  EXPECT_TRUE(pool.expired());
}

TEST_P(EncoderContract, EverySizeServes) {
  constexpr std::array kSizes = {Size{64, 64},   Size{65, 67},   Size{721, 1279}, Size{720, 1281},
                                 Size{4096, 64}, Size{64, 4096}, Size{1080, 2340}};
  for (const Size size : kSizes) {
    const Status match = GetParam().match(settings(size));
    if (!match && GetParam().create == nullptr) {  // a device may be unable to; it says so
      EXPECT_EQ(match.error().code, ErrorCode::kUnsupported);
      EXPECT_THAT(match.error().operation,
                  testing::HasSubstr(std::to_string((size.height + 1) / 2 * 2)));
      continue;
    }
    ASSERT_TRUE(match) << size.width << 'x' << size.height;
    open(size);
    for (int i = 0; i < 2; ++i) {
      const auto unit = rig_.encode(text);
      ASSERT_TRUE(unit) << unit.error().message();
      EXPECT_EQ(unit->size, size);
      EXPECT_EQ(unit->key, i == 0);
    }
  }
}

TEST_P(EncoderContract, TheLargestSizeServesOrIsRefusedWithAReason) {
  const EncoderSettings largest = settings({4096, 4096});
  const Status match = GetParam().match(largest);
  if (!match) {
    EXPECT_EQ(match.error().code, ErrorCode::kUnsupported);
    EXPECT_FALSE(can_create(largest));
    return;
  }
  rig_.open(GetParam(), largest);
  EXPECT_TRUE(rig_.encode(text));
}

TEST_P(EncoderContract, BadSettingsNameTheirField) {
  const std::array<std::pair<EncoderSettings, const char*>, 7> bad = {{
      {{.size = {63, 64}}, "width"},
      {{.size = {64, 4097}}, "height"},
      {{.size = {64, 64}, .bitrate_kbps = 0}, "bitrate_kbps"},
      {{.size = {64, 64}, .framerate = 0}, "framerate"},
      {{.size = {64, 64}, .framerate = 241}, "framerate"},
      {{.size = {64, 64}, .vbv_ms = 0}, "vbv_ms"},
      {{.size = {-1, 64}}, "width"},
  }};
  for (auto [settings, field] : bad) {
    settings.codec = GetParam().codec;
    const Status match = GetParam().match(settings);
    ASSERT_FALSE(match) << field;
    EXPECT_EQ(match.error().code, ErrorCode::kInvalid);
    EXPECT_THAT(match.error().operation, testing::HasSubstr(field));
    EXPECT_FALSE(can_create(settings));
  }
}

INSTANTIATE_TEST_SUITE_P(All, EncoderContract, testing::ValuesIn(encoder_cases()),
                         [](const auto& driver) {
                           std::string name(driver.param.name);  // "model:rk3588"
                           if (driver.param.plain_pictures) name += "_plain_pictures";
                           std::ranges::replace_if(
                               name, [](char c) { return !std::isalnum(c); }, '_');
                           return name;
                         });

}  // namespace
}  // namespace rp
