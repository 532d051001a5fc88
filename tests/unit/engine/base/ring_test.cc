// Goal: bounded, in order, nothing lost between two threads. Method: a producer and a consumer
// thread.
#include "engine/base/ring.h"

#include <memory>
#include <thread>

#include <gtest/gtest.h>

namespace rp {
namespace {

TEST(Ring, FullRefusesAndLeavesTheValue) {
  Ring<std::unique_ptr<int>> ring(2);
  EXPECT_TRUE(ring.push(std::make_unique<int>(1)));
  EXPECT_TRUE(ring.push(std::make_unique<int>(2)));
  auto third = std::make_unique<int>(3);
  EXPECT_FALSE(ring.push(std::move(third)));
  ASSERT_NE(third,
            nullptr);  // NOLINT(bugprone-use-after-move): that it is untouched is the promise
  std::unique_ptr<int> out;
  ASSERT_TRUE(ring.pop(out));
  EXPECT_EQ(*out, 1);
}

TEST(Ring, KeepsOrderAcrossThreads) {
  constexpr int kCount = 100'000;
  Ring<int> ring(64);
  std::thread producer([&] {
    for (int i = 0; i < kCount; ++i) {
      while (!ring.push(int(i))) std::this_thread::yield();
    }
  });
  int expected = 0;
  while (expected < kCount) {
    int value = -1;
    if (!ring.pop(value)) {
      std::this_thread::yield();
      continue;
    }
    ASSERT_EQ(value, expected);
    ++expected;
  }
  producer.join();
  EXPECT_TRUE(ring.empty());
}

}  // namespace
}  // namespace rp
