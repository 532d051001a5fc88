// Goal: codecs are lent, come back, are kept within bounds and closed on the encode thread. Method:
// a driver around the fake encoder that notes on which thread it is opened and closed, on a real
// loop and encode thread.
#include "engine/encode/encoder_pool.h"

#include <array>
#include <atomic>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "drivers/fake/encoder/encoder.h"

namespace rp {
namespace {

constexpr EncoderSettings kSmall{.size = {64, 64}};
constexpr EncoderSettings kTall{.size = {64, 128}};

std::atomic<int> g_open = 0;
std::atomic<bool> g_fail_to_open = false;
std::atomic<bool> g_on_shard = false;  // opened or closed there: wrong
std::thread::id g_shard;

class Counted final : public BlockingEncoder {
 public:
  explicit Counted(std::unique_ptr<BlockingEncoder> inner) : inner_(std::move(inner)) {
    ++g_open;
    note();
  }
  ~Counted() override {
    --g_open;
    note();
  }
  Status encode(const Picture& picture, bool force_key, AccessUnit& out) override {
    return inner_->encode(picture, force_key, out);
  }
  Status set_rate(EncoderRate rate) override { return inner_->set_rate(rate); }

 private:
  static void note() {
    if (std::this_thread::get_id() == g_shard) g_on_shard = true;
  }
  std::unique_ptr<BlockingEncoder> inner_;
};

Result<std::unique_ptr<BlockingEncoder>> open_counted(const EncoderSettings& settings) {
  if (g_fail_to_open) return fail(ErrorCode::kExhausted, "device is busy");
  RP_ASSIGN(auto fake, create_fake_encoder(settings, nullptr));
  return std::make_unique<Counted>(std::move(fake));
}

// A device with one instance.
class OneInstance final : public Encoder {
 public:
  OneInstance() { taken = true; }
  ~OneInstance() override { taken = false; }
  Status submit(EncodeRequest&) override { return fail(ErrorCode::kUnsupported, "submit"); }
  bool ask_turn(std::uint32_t) override { return true; }
  void set_on_turn(std::function<void()>) override {}
  void set_rate(EncoderRate) override {}
  void recycle(AccessUnit) override {}
  int in_flight() const override { return 0; }
  std::string_view name() const override { return "device"; }

  static inline bool taken = false;
};

Result<std::unique_ptr<Encoder>> open_instance(EventLoop&, const EncoderSettings&,
                                               Encoder::Completion) {
  if (OneInstance::taken) return fail(ErrorCode::kExhausted, "the device has one instance");
  return std::make_unique<OneInstance>();
}

class EncoderPoolTest : public testing::Test {
 protected:
  EncoderPoolTest() {
    g_shard = std::this_thread::get_id();
    g_on_shard = false;
    g_fail_to_open = false;
  }
  ~EncoderPoolTest() override {
    encoders_.reset();
    thread_.reset();
    EXPECT_EQ(g_open, 0);
  }

  void make_pool(std::size_t max_codecs, std::size_t max_idle,
                 Duration idle_life = std::chrono::hours(1)) {
    encoders_ = std::make_unique<EncoderPool>(
        *thread_, EncoderPoolOptions{.drivers = table_,
                                     .max_bytes = max_codecs * codec_bytes({64, 64}),
                                     .max_idle_bytes = max_idle * codec_bytes({64, 64}),
                                     .idle_life = idle_life});
  }

  std::unique_ptr<Encoder> lend(const EncoderSettings& settings = kSmall) {
    return encoders_
        ->lend(settings, [this](Result<AccessUnit> unit) { outcomes_.push_back(std::move(unit)); })
        .value();
  }

  // What one picture comes to; opens the codec if need be.
  Result<AccessUnit> encode(Encoder& encoder, Size size = {64, 64}) {
    EncodeRequest request;
    request.picture = PicturePool::create(size, 1).value()->acquire();
    EXPECT_TRUE(encoder.submit(request));
    if (!wait([&] { return !outcomes_.empty(); })) return fail(ErrorCode::kTimeout, "encode");
    Result<AccessUnit> outcome = std::move(outcomes_.back());
    outcomes_.clear();
    return outcome;
  }

  bool wait(const std::function<bool()>& done) {
    const TimePoint deadline = clock_.now() + Duration(20'000'000);
    while (!done() && clock_.now() < deadline) loop_->run_once(Duration(20'000));
    return done();
  }

  SystemClock clock_;
  std::array<EncoderDriver, 1> table_ = {
      EncoderDriver{"counted", [](const EncoderSettings&) { return Status{}; }, open_counted}};
  std::unique_ptr<EventLoop> loop_ = EventLoop::create(clock_).value();
  std::unique_ptr<EncodeThread> thread_ = EncodeThread::create(*loop_).value();
  std::unique_ptr<EncoderPool> encoders_;
  std::vector<Result<AccessUnit>> outcomes_;
};

TEST_F(EncoderPoolTest, LendsTheSameCodecAgainAndBeginsWithAKeyFrame) {
  make_pool(8, 8);
  for (int i = 0; i < 3; ++i) {
    const auto encoder = lend();
    EXPECT_EQ(encoders_->counters().lent.value(), 1);
    EXPECT_EQ(encoder->name(), "counted");
    EXPECT_TRUE(encode(*encoder)->key);
    EXPECT_FALSE(encode(*encoder)->key);
  }
  const EncoderPoolCounters& counters = encoders_->counters();
  EXPECT_EQ(counters.opened.value(), 1U);
  EXPECT_EQ(counters.reused.value(), 2U);
  EXPECT_EQ(counters.loans.value(), 3U);
  EXPECT_EQ(counters.lent.value(), 0);
  EXPECT_EQ(counters.idle.value(), 1);
  EXPECT_FALSE(g_on_shard);
}

TEST_F(EncoderPoolTest, OtherSettingsGetAnotherCodec) {
  make_pool(8, 8);
  EXPECT_TRUE(encode(*lend(), {64, 64}));
  EXPECT_TRUE(encode(*lend(kTall), {64, 128}));
  EncoderSettings fine = kSmall;
  fine.quality_first = true;
  EXPECT_TRUE(encode(*lend(fine)));
  EXPECT_EQ(encoders_->counters().reused.value(), 0U);
  EXPECT_EQ(encoders_->counters().idle.value(), 3);
}

TEST_F(EncoderPoolTest, NothingIsOpenedForWhoDrawsNothing) {
  make_pool(8, 8);
  lend();
  EXPECT_EQ(encoders_->counters().opened.value(), 0U);
  EXPECT_EQ(encoders_->counters().idle.value(), 0);
  EXPECT_EQ(encoders_->counters().lent.value(), 0);
}

TEST_F(EncoderPoolTest, TheOldestIdleCodecsAreClosedOnTheEncodeThread) {
  make_pool(8, 2);
  {
    std::vector<std::unique_ptr<Encoder>> all;
    for (int i = 0; i < 4; ++i) {
      all.push_back(lend());
      EXPECT_TRUE(encode(*all.back()));
    }
    EXPECT_EQ(g_open, 4);
  }
  EXPECT_EQ(encoders_->counters().idle.value(), 2);
  EXPECT_TRUE(wait([] { return g_open == 2; }));
  EXPECT_FALSE(g_on_shard);
}

TEST_F(EncoderPoolTest, WhatIsIdleForTooLongIsClosed) {
  make_pool(8, 8, std::chrono::milliseconds(20));
  {
    const auto a = lend();
    const auto b = lend();
    EXPECT_TRUE(encode(*a));
    EXPECT_TRUE(encode(*b));
  }
  EXPECT_TRUE(wait([] { return g_open == 0; }));
  EXPECT_EQ(encoders_->counters().idle.value(), 0);
  EXPECT_EQ(encoders_->counters().bytes.value(), 0);
  EXPECT_FALSE(g_on_shard);
}

TEST_F(EncoderPoolTest, AllLentIsSaidAndIdleOnesMakeRoom) {
  make_pool(3, 3);
  std::vector<std::unique_ptr<Encoder>> all;
  for (int i = 0; i < 3; ++i) {
    all.push_back(lend());
    EXPECT_TRUE(encode(*all.back()));
  }
  const auto refused = encoders_->lend(kSmall, [](Result<AccessUnit>) {});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kExhausted);
  EXPECT_THAT(refused.error().message(), testing::HasSubstr("memory for encoders"));
  EXPECT_EQ(encoders_->counters().refused.value(), 1U);
  all.clear();
  EXPECT_EQ(encoders_->counters().idle.value(), 3);
  const auto other = lend(kTall);  // closes an idle one
  EXPECT_TRUE(encode(*other, {64, 128}));
  EXPECT_LT(encoders_->counters().idle.value(), 3);
}

TEST_F(EncoderPoolTest, ACodecThatCannotBeOpenedIsToldToTheCompletionAndTriedAgain) {
  make_pool(8, 8);
  g_fail_to_open = true;
  const auto encoder = lend();
  const auto failed = encode(*encoder);
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code, ErrorCode::kUnsupported);
  EXPECT_THAT(failed.error().message(), testing::HasSubstr("device is busy"));
  g_fail_to_open = false;
  EXPECT_TRUE(encode(*encoder)->key);
}

TEST_F(EncoderPoolTest, ThePoolMayGoBeforeItsEncoders) {
  make_pool(8, 8);
  auto encoder = lend();
  EXPECT_TRUE(encode(*encoder));
  encoders_.reset();
  EXPECT_TRUE(encode(*encoder));
  encoder.reset();
}

TEST_F(EncoderPoolTest, ADeviceGoesBeforeCodecsWhileItHasAnInstance) {
  const std::array<EncoderDriver, 2> both = {
      EncoderDriver{"device", [](const EncoderSettings&) -> Status { return {}; }, nullptr,
                    open_instance},
      table_[0]};
  const auto pool_of = [&](std::string preferred) {
    encoders_ = std::make_unique<EncoderPool>(
        *thread_, EncoderPoolOptions{.drivers = both, .preferred = std::move(preferred)});
  };
  pool_of("");
  auto first = lend();
  EXPECT_EQ(first->name(), "device");
  EXPECT_EQ(lend()->name(), "counted");
  first.reset();
  EXPECT_EQ(lend()->name(), "device");

  pool_of("counted");
  EXPECT_EQ(lend()->name(), "counted");
  pool_of("device");
  first = lend();
  const auto refused = encoders_->lend(kSmall, [](Result<AccessUnit>) {});
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message(), testing::HasSubstr("the device has one instance"));
}

TEST_F(EncoderPoolTest, SettingsNobodyServesAreRefusedAtOnce) {
  make_pool(8, 8);
  EXPECT_EQ(encoders_->lend({.size = {1, 1}}, [](Result<AccessUnit>) {}).error().code,
            ErrorCode::kInvalid);
}

}  // namespace
}  // namespace rp
