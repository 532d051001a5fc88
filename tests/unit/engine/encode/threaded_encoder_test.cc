// Goal: what only a codec under control can show: exact back-pressure, failures, shared threads,
// that nothing is allocated anew for a frame.
// Method: the fake encoder held up or told to fail, on a real loop and encode thread.
#include "engine/encode/threaded_encoder.h"

#include <gtest/gtest.h>

#include "drivers/fake/encoder/encoder.h"

namespace rp {
namespace {

constexpr Size kSize{64, 64};

class ThreadedEncoderTest : public testing::Test {
 protected:
  ~ThreadedEncoderTest() override { control_->let_go(); }

  std::unique_ptr<ThreadedEncoder> make(EncodeThread& thread) {
    const EncoderSettings settings{.size = kSize};
    CodecLoan loan{.codec = {"fake", create_fake_encoder(settings, control_).value()},
                   .open = {},
                   .give_back = [](OpenCodec, bool) {}};
    return std::make_unique<ThreadedEncoder>(
        thread, "fake", settings, std::move(loan),
        [this](Result<AccessUnit> unit) { outcomes_.push_back(std::move(unit)); });
  }

  EncodeRequest request(bool force_key = false) {
    EncodeRequest r;
    r.picture = pool_->acquire();
    r.stamps.sequence = ++sequence_;
    r.force_key = force_key;
    return r;
  }

  Status submit(Encoder& encoder) {
    EncodeRequest r = request();
    return encoder.submit(r);
  }

  bool wait_for(std::size_t outcomes) {
    const TimePoint deadline = clock_.now() + Duration(20'000'000);
    while (outcomes_.size() < outcomes && clock_.now() < deadline) {
      loop_->run_once(Duration(50'000));
    }
    return outcomes_.size() == outcomes;
  }

  SystemClock clock_;
  std::unique_ptr<EventLoop> loop_ = EventLoop::create(clock_).value();
  std::shared_ptr<FakeEncoderControl> control_ = std::make_shared<FakeEncoderControl>();
  std::shared_ptr<PicturePool> pool_ = PicturePool::create(kSize, 8).value();
  std::vector<Result<AccessUnit>> outcomes_;
  std::uint32_t sequence_ = 0;
};

TEST_F(ThreadedEncoderTest, HoldsTwoPicturesAndNoMore) {
  const auto thread = EncodeThread::create(*loop_).value();
  const auto encoder = make(*thread);
  control_->hold();
  EXPECT_TRUE(submit(*encoder));
  EXPECT_TRUE(submit(*encoder));
  EXPECT_EQ(submit(*encoder).error().code, ErrorCode::kWouldBlock);
  EXPECT_EQ(encoder->in_flight(), 2);
  control_->let_go();
  ASSERT_TRUE(wait_for(2));
  EXPECT_EQ(encoder->in_flight(), 0);
  EXPECT_TRUE(submit(*encoder));
  ASSERT_TRUE(wait_for(3));
}

TEST_F(ThreadedEncoderTest, ABusyThreadCallsWhoseTurnItIsWhenItHasRoom) {
  const auto thread = EncodeThread::create(*loop_, {.depth = 2}).value();
  const auto a = make(*thread);
  const auto b = make(*thread);
  const auto c = make(*thread);
  control_->hold();
  ASSERT_TRUE(submit(*a));
  ASSERT_TRUE(submit(*a));
  std::vector<char> turns;
  b->set_on_turn([&] {
    turns.push_back('b');
    EXPECT_TRUE(b->ask_turn(0));
    EXPECT_TRUE(submit(*b));
  });
  c->set_on_turn([&] { turns.push_back('c'); });  // lets it pass
  EXPECT_FALSE(c->ask_turn(0));
  EXPECT_FALSE(b->ask_turn(0));
  EXPECT_FALSE(b->ask_turn(7));  // comes first now
  EXPECT_EQ(thread->queue_length().value(), 4);
  control_->let_go();
  ASSERT_TRUE(wait_for(3));
  EXPECT_EQ(turns, (std::vector{'b', 'c'}));
  EXPECT_EQ(outcomes_[2]->stamps.sequence, 3U);
  EXPECT_TRUE(c->ask_turn(0));
  EXPECT_EQ(thread->queue_length().value(), 0);
  EXPECT_EQ(thread->waits().count(), 3U);
}

TEST_F(ThreadedEncoderTest, AnEncoderThatGoesWhileItWaitsIsNotCalled) {
  const auto thread = EncodeThread::create(*loop_, {.depth = 1}).value();
  const auto a = make(*thread);
  auto b = make(*thread);
  auto c = make(*thread);
  control_->hold();
  ASSERT_TRUE(submit(*a));
  b->set_on_turn([] { ADD_FAILURE() << "it is gone"; });
  EXPECT_FALSE(b->ask_turn(0));
  ASSERT_TRUE(submit(*c));  // waits with its picture
  b.reset();
  const std::weak_ptr<PicturePool> pool = pool_;
  c.reset();
  control_->let_go();
  ASSERT_TRUE(wait_for(1));
  pool_.reset();
  EXPECT_TRUE(pool.expired());
}

TEST_F(ThreadedEncoderTest, AfterAFailureTheNextPictureIsAKeyFrame) {
  const auto thread = EncodeThread::create(*loop_).value();
  const auto encoder = make(*thread);
  ASSERT_TRUE(submit(*encoder));
  ASSERT_TRUE(wait_for(1));
  control_->fail_next();
  ASSERT_TRUE(submit(*encoder));
  ASSERT_TRUE(wait_for(2));
  ASSERT_TRUE(submit(*encoder));
  ASSERT_TRUE(wait_for(3));
  ASSERT_TRUE(submit(*encoder));
  ASSERT_TRUE(wait_for(4));
  EXPECT_TRUE(outcomes_[0]->key);
  ASSERT_FALSE(outcomes_[1]);
  EXPECT_EQ(outcomes_[1].error().code, ErrorCode::kInternal);
  EXPECT_TRUE(outcomes_[2]->key);
  EXPECT_FALSE(outcomes_[3]->key);
}

TEST_F(ThreadedEncoderTest, RatesReachTheCodecWithTheNextPicture) {
  const auto thread = EncodeThread::create(*loop_).value();
  const auto encoder = make(*thread);
  encoder->set_rate({.bitrate_kbps = 1234, .framerate = 0});
  encoder->set_rate({.bitrate_kbps = 0, .framerate = 24});
  EXPECT_EQ(control_->rate().bitrate_kbps, 8000U);
  ASSERT_TRUE(submit(*encoder));
  ASSERT_TRUE(wait_for(1));
  EXPECT_EQ(control_->rate().bitrate_kbps, 1234U);
  EXPECT_EQ(control_->rate().framerate, 24U);
}

TEST_F(ThreadedEncoderTest, AccessUnitsSayWhatWasEncoded) {
  const auto thread = EncodeThread::create(*loop_).value();
  const auto encoder = make(*thread);
  EncodeRequest r = request();
  r.picture->y[0] = 99;
  const std::uint32_t checksum = picture_checksum(*r.picture);
  ASSERT_TRUE(encoder->submit(r));
  ASSERT_TRUE(wait_for(1));
  const auto said = parse_fake_access_unit(outcomes_[0]->bytes);
  ASSERT_TRUE(said);
  EXPECT_EQ(said->checksum, checksum);
  EXPECT_EQ(said->sequence, 1U);
  EXPECT_EQ(said->size, kSize);
  EXPECT_TRUE(said->key);
  EXPECT_FALSE(parse_fake_access_unit(std::span(outcomes_[0]->bytes).first(23)));
}

TEST_F(ThreadedEncoderTest, RecycledMemoryIsUsedAgain) {
  const auto thread = EncodeThread::create(*loop_).value();
  const auto encoder = make(*thread);
  ASSERT_TRUE(submit(*encoder));
  ASSERT_TRUE(wait_for(1));
  const std::uint8_t* memory = outcomes_[0]->bytes.data();
  encoder->recycle(std::move(*outcomes_[0]));
  ASSERT_TRUE(submit(*encoder));
  ASSERT_TRUE(wait_for(2));
  EXPECT_EQ(outcomes_[1]->bytes.data(), memory);
}

TEST_F(ThreadedEncoderTest, PicturesOfADeadEncoderAreNotEncoded) {
  const auto thread = EncodeThread::create(*loop_).value();
  auto dead = make(*thread);
  control_->hold();
  ASSERT_TRUE(submit(*dead));
  ASSERT_TRUE(submit(*dead));
  dead.reset();
  control_->let_go();
  const auto living = make(*thread);
  ASSERT_TRUE(submit(*living));
  ASSERT_TRUE(wait_for(1));
  EXPECT_EQ(outcomes_[0]->stamps.sequence, 3U);
}

}  // namespace
}  // namespace rp
