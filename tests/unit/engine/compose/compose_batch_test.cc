// Goal: pictures wanted in one turn of the loop go in one submission, each is told how it went, and
// who goes before that leaves nothing behind. Method: a composer that notes what it is asked.
#include "engine/compose/compose_batch.h"

#include <gtest/gtest.h>

namespace rp {
namespace {

class NotingComposer final : public Composer {
 public:
  Status compose(const Scene&, Picture&) override {
    EXPECT_TRUE(open);
    ++in_batch;
    return answer;
  }
  Status render(const Scene&, Rect, std::span<std::uint32_t>) override { return {}; }
  Status scan(const Scene&, Rect, const Row&) override { return {}; }
  void begin_batch() override {
    EXPECT_FALSE(open);
    open = true;
    in_batch = 0;
  }
  Status end_batch() override {
    open = false;
    sizes.push_back(in_batch);
    return end_answer;
  }
  bool open = false;
  int in_batch = 0;
  std::vector<int> sizes;
  Status answer;
  Status end_answer;
};

class ComposeBatchTest : public testing::Test {
 protected:
  void turn() { loop_->run_once(Duration(0)); }
  [[nodiscard]] Status compose() {
    return batch_->compose(scene_, picture_, [this](const Status& s) { sent_.push_back(s); });
  }

  FakeClock clock_;
  std::unique_ptr<EventLoop> loop_ = EventLoop::create(clock_).value();
  NotingComposer composer_;
  std::unique_ptr<ComposeBatch> batch_ = std::make_unique<ComposeBatch>(*loop_, composer_);
  Scene scene_;
  Picture picture_;
  std::vector<Status> sent_;
};

TEST_F(ComposeBatchTest, WhatIsWantedInOneTurnIsOneSubmission) {
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(compose());
  EXPECT_TRUE(sent_.empty());
  turn();
  EXPECT_EQ(sent_.size(), 3U);
  ASSERT_TRUE(compose());
  turn();
  EXPECT_EQ(composer_.sizes, (std::vector{3, 1}));
  EXPECT_EQ(batch_->batches().value(), 2U);
  EXPECT_EQ(batch_->pictures().value(), 4U);
  turn();
  EXPECT_EQ(composer_.sizes.size(), 2U) << "nothing is sent while nobody wants anything";
}

TEST_F(ComposeBatchTest, AllHearOfAFailure) {
  composer_.end_answer = fail(ErrorCode::kUnavailable, "lost");
  for (int i = 0; i < 2; ++i) ASSERT_TRUE(compose());
  turn();
  ASSERT_EQ(sent_.size(), 2U);
  for (const Status& status : sent_) EXPECT_EQ(status.error().code, ErrorCode::kUnavailable);
}

TEST_F(ComposeBatchTest, WhatWasNotTakenIsNotWaitedFor) {
  composer_.answer = fail(ErrorCode::kUnavailable, "busy");
  EXPECT_FALSE(compose());
  composer_.answer = fail(ErrorCode::kInvalid, "a layer is left out");
  EXPECT_FALSE(compose());
  turn();
  EXPECT_EQ(sent_.size(), 1U);
}

TEST_F(ComposeBatchTest, WhoHearsOfItMayWantTheNext) {
  int more = 2;
  std::function<void(const Status&)> again = [&](const Status&) {
    if (more-- > 0) {
      EXPECT_TRUE(batch_->compose(scene_, picture_, again));
    }
  };
  ASSERT_TRUE(batch_->compose(scene_, picture_, again));
  for (int i = 0; i < 5; ++i) turn();
  EXPECT_EQ(composer_.sizes, (std::vector{1, 1, 1}));
}

TEST_F(ComposeBatchTest, WhoGoesSendsItBefore) {
  ASSERT_TRUE(compose());
  batch_->flush();
  EXPECT_EQ(sent_.size(), 1U);
  ASSERT_TRUE(compose());
  batch_.reset();
  turn();
  EXPECT_EQ(composer_.sizes.size(), 1U) << "a batch that is gone is not sent by the task it left";
}

}  // namespace
}  // namespace rp
