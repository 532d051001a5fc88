// Goal: a device that fails, cannot be opened or hangs costs its own pictures and nothing else:
// they are told, it is given up within its bounds, and nobody waits for it.
// Method: a scripted codec on the encoder's real thread; waits are on conditions, the silence by
// the encoder's own bound.
#include "drivers/avcodec/worker_encoder.h"

#include <atomic>
#include <chrono>
#include <functional>
#include <semaphore>

#include <gtest/gtest.h>

#include "engine/frame/picture.h"

namespace rp::avcodec {
namespace {

constexpr Size kSize{64, 64};

// What the codecs of one test do and have seen; outlives them.
struct Script {
  std::atomic<int> failing = 0;  // so many pictures fail
  std::atomic<bool> no_open = false;
  std::atomic<bool> hang = false;
  std::binary_semaphore go{0};  // ends the hanging
  std::atomic<int> opened = 0;
  std::atomic<int> closed = 0;
  std::atomic<std::uint32_t> bitrate_kbps = 0;
};

class ScriptedCodec final : public BlockingEncoder {
 public:
  explicit ScriptedCodec(std::shared_ptr<Script> script) : script_(std::move(script)) {
    ++script_->opened;
  }
  ScriptedCodec(const ScriptedCodec&) = delete;
  ScriptedCodec& operator=(const ScriptedCodec&) = delete;
  ~ScriptedCodec() override { ++script_->closed; }
  Status encode(const Picture&, bool force_key, AccessUnit& out) override {
    if (script_->hang) script_->go.acquire();
    if (script_->failing > 0) {
      --script_->failing;
      return fail(ErrorCode::kUnavailable, "scripted");
    }
    out.bytes.push_back(1);
    out.key = force_key;
    return {};
  }
  Status set_rate(EncoderRate rate) override {
    script_->bitrate_kbps = rate.bitrate_kbps;
    return {};
  }

 private:
  std::shared_ptr<Script> script_;
};

class AvcodecWorker : public testing::Test {
 protected:
  void SetUp() override { open(); }
  void open() {
    encoder_ = WorkerEncoder::create(
                   {.loop = *loop_,
                    .name = "scripted",
                    .memory = plain_memory(),
                    .open = [script = script_]() -> Result<std::unique_ptr<BlockingEncoder>> {
                      if (script->no_open) return fail(ErrorCode::kUnavailable, "no instance");
                      return std::make_unique<ScriptedCodec>(script);
                    },
                    .given_up = [this](const Error& why) { given_up_.push_back(why); }},
                   {.size = kSize},
                   [this](Result<AccessUnit> unit) { outcomes_.push_back(std::move(unit)); })
                   .value();
  }
  Status submit() {
    EncodeRequest request;
    request.picture = pool_->acquire();
    return encoder_->submit(request);
  }
  bool until(const std::function<bool()>& done) {
    const TimePoint deadline = clock_.now() + std::chrono::seconds(20);
    while (!done()) {
      if (clock_.now() > deadline) return false;
      loop_->run_once(std::chrono::milliseconds(10));
    }
    return true;
  }
  // Submits one picture and waits for its outcome.
  Result<AccessUnit> encode() {
    outcomes_.clear();
    RP_TRY(submit());
    EXPECT_TRUE(until([&] { return !outcomes_.empty(); }));
    return std::move(outcomes_.front());
  }

  SystemClock clock_;
  std::unique_ptr<EventLoop> loop_ = EventLoop::create(clock_).value();
  std::shared_ptr<PicturePool> pool_ = PicturePool::create(kSize, 4).value();
  std::shared_ptr<Script> script_ = std::make_shared<Script>();
  std::vector<Result<AccessUnit>> outcomes_;
  std::vector<Error> given_up_;
  std::unique_ptr<Encoder> encoder_;
};

TEST_F(AvcodecWorker, AfterALostPictureTheCodecBeginsAnewWithAKeyFrame) {
  EXPECT_TRUE(encode()->key);
  EXPECT_FALSE(encode()->key);
  script_->failing = 1;
  EXPECT_EQ(encode().error().operation, "scripted");
  EXPECT_TRUE(encode()->key);
  EXPECT_EQ(script_->opened, 2);
  EXPECT_TRUE(given_up_.empty());
}

TEST_F(AvcodecWorker, SeveralFailuresInARowEndIt) {
  script_->failing = 100;
  for (int i = 0; i < WorkerEncoder::kMostFailures; ++i) EXPECT_FALSE(encode());
  ASSERT_EQ(given_up_.size(), 1U);
  EXPECT_EQ(encode().error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(script_->opened, WorkerEncoder::kMostFailures);
}

TEST_F(AvcodecWorker, ACodecThatCannotBeOpenedEndsItAtOnce) {
  script_->no_open = true;
  EXPECT_EQ(encode().error().operation, "no instance");
  EXPECT_EQ(given_up_.size(), 1U);
  EXPECT_FALSE(submit());
}

TEST_F(AvcodecWorker, ADeviceThatHangsIsGivenUpAndLeftBehind) {
  script_->hang = true;
  ASSERT_TRUE(submit());
  ASSERT_TRUE(submit());
  ASSERT_TRUE(until([&] { return outcomes_.size() == 2; }));
  for (const auto& outcome : outcomes_) EXPECT_EQ(outcome.error().code, ErrorCode::kTimeout);
  ASSERT_EQ(given_up_.size(), 1U);
  EXPECT_FALSE(submit());
  encoder_.reset();  // returns, though the codec does not
  const std::weak_ptr<PicturePool> pool = pool_;
  pool_.reset();
  EXPECT_FALSE(pool.expired()) << "the codec may still read the picture";
  // Once it answers, the next encoder of the shard takes the pictures back.
  pool_ = PicturePool::create(kSize, 4).value();
  script_->hang = false;
  script_->go.release();
  ASSERT_TRUE(until([&] { return script_->closed == 1; }));
  ASSERT_TRUE(until([&] {
    open();
    return pool.expired();
  }));
  EXPECT_TRUE(encode());
}

TEST_F(AvcodecWorker, TheNewestRateComesWithTheNextPicture) {
  ASSERT_TRUE(encode());
  encoder_->set_rate({.bitrate_kbps = 100, .framerate = 0});
  encoder_->set_rate({.bitrate_kbps = 200, .framerate = 30});
  ASSERT_TRUE(encode());
  EXPECT_EQ(script_->bitrate_kbps, 200U);
}

}  // namespace
}  // namespace rp::avcodec
