// Goal: callbacks come once, in time, and never after their watch or timer is gone.
// Method: a FakeClock moved by hand and pipes; only post() is tested across threads.
#include "engine/base/event_loop.h"

#include <fcntl.h>
#include <sys/epoll.h>

#include <optional>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace rp {
namespace {

using std::chrono::milliseconds;

class EventLoopTest : public testing::Test {
 protected:
  void SetUp() override {
    int ends[2];
    ASSERT_EQ(::pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
    reader_ = UniqueFd(ends[0]);
    writer_ = UniqueFd(ends[1]);
  }
  void turn() { loop_->run_once(Duration(0)); }
  void write_byte() { ASSERT_EQ(::write(writer_.get(), "x", 1), 1); }

  FakeClock clock_;
  std::unique_ptr<EventLoop> loop_ = *EventLoop::create(clock_);
  UniqueFd reader_;
  UniqueFd writer_;
};

TEST_F(EventLoopTest, TimerFiresOnceWhenDue) {
  int fired = 0;
  auto timer = loop_->timer([&] { ++fired; });
  timer.arm_after(milliseconds(10));
  turn();
  EXPECT_EQ(fired, 0);
  clock_.advance(milliseconds(10));
  turn();
  turn();
  EXPECT_EQ(fired, 1);
  EXPECT_FALSE(timer.armed());
}

TEST_F(EventLoopTest, RearmingMovesTheDeadline) {
  int fired = 0;
  auto timer = loop_->timer([&] { ++fired; });
  timer.arm_after(milliseconds(10));
  timer.arm_after(milliseconds(30));
  clock_.advance(milliseconds(20));
  turn();
  EXPECT_EQ(fired, 0);
  clock_.advance(milliseconds(10));
  turn();
  EXPECT_EQ(fired, 1);
}

TEST_F(EventLoopTest, TimersFireInOrderOfDeadline) {
  std::vector<int> order;
  auto late = loop_->timer([&] { order.push_back(2); });
  auto early = loop_->timer([&] { order.push_back(1); });
  late.arm_after(milliseconds(5));
  early.arm_after(milliseconds(1));
  clock_.advance(milliseconds(6));
  turn();
  EXPECT_EQ(order, (std::vector<int>{1, 2}));
}

TEST_F(EventLoopTest, TimerDestroyedByAnEarlierOneDoesNotFire) {
  int fired = 0;
  std::optional<EventLoop::Timer> victim(loop_->timer([&] { ++fired; }));
  auto killer = loop_->timer([&] { victim.reset(); });
  killer.arm_after(milliseconds(1));
  victim->arm_after(milliseconds(2));
  clock_.advance(milliseconds(3));
  turn();
  EXPECT_EQ(fired, 0);
}

TEST_F(EventLoopTest, TimerThatRearmsItselfForNowWaitsForTheNextTurn) {
  int fired = 0;
  EventLoop::Timer timer = loop_->timer([&] {
    if (++fired < 3) timer.arm_after(Duration(0));
  });
  timer.arm_after(Duration(0));
  turn();
  EXPECT_EQ(fired, 1);
  turn();
  turn();
  turn();
  EXPECT_EQ(fired, 3);
}

TEST_F(EventLoopTest, WatchReportsReadinessUntilReset) {
  int seen = 0;
  auto watch = *loop_->watch(reader_.get(), EPOLLIN, [&](std::uint32_t) { ++seen; });
  turn();
  EXPECT_EQ(seen, 0);
  write_byte();
  turn();
  EXPECT_EQ(seen, 1);
  watch.reset();
  turn();
  EXPECT_EQ(seen, 1);
}

TEST_F(EventLoopTest, WatchMayDestroyItselfInItsCallback) {
  std::optional<EventLoop::Watch> watch;
  int seen = 0;
  watch = *loop_->watch(reader_.get(), EPOLLIN, [&](std::uint32_t) {
    watch.reset();
    ++seen;
  });
  write_byte();
  turn();
  turn();
  EXPECT_EQ(seen, 1);
}

TEST_F(EventLoopTest, SetEventsChangesWhatIsReported) {
  std::uint32_t events = 0;
  auto watch = *loop_->watch(writer_.get(), 0, [&](std::uint32_t e) { events |= e; });
  turn();
  EXPECT_EQ(events, 0U);
  watch.set_events(EPOLLOUT);
  turn();
  EXPECT_EQ(events, static_cast<std::uint32_t>(EPOLLOUT));
}

TEST_F(EventLoopTest, WatchOfABadDescriptorIsAnError) {
  const auto watch = loop_->watch(-1, EPOLLIN, [](std::uint32_t) {});
  ASSERT_FALSE(watch);
  EXPECT_EQ(watch.error().code, ErrorCode::kInvalid);
}

TEST_F(EventLoopTest, PostRunsOnTheNextTurnOnly) {
  int runs = 0;
  loop_->post([&] {
    ++runs;
    loop_->post([&] { ++runs; });
  });
  EXPECT_EQ(runs, 0);
  turn();
  EXPECT_EQ(runs, 1);
  turn();
  EXPECT_EQ(runs, 2);
}

TEST_F(EventLoopTest, PostAndStopWorkFromOtherThreads) {
  constexpr int kPosts = 1000;
  int runs = 0;
  std::thread poster([&] {
    for (int i = 0; i < kPosts; ++i) loop_->post([&] { ++runs; });
    loop_->stop();
  });
  loop_->run();
  poster.join();
  EXPECT_EQ(runs, kPosts);
}

}  // namespace
}  // namespace rp
