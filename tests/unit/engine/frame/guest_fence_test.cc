// Goal: a fence is waited for no longer than is said, and given up where it can be seen. Method: a
// pipe in place of a sync file: ready to read is signalled.
#include "engine/frame/guest_fence.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>

#include <gtest/gtest.h>

#include "engine/base/unique_fd.h"

namespace rp {
namespace {

using std::chrono::milliseconds;

TEST(GuestFence, SignalledOrNot) {
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
  const UniqueFd fence(ends[0]);
  const UniqueFd signal(ends[1]);
  EXPECT_FALSE(wait_for_fence(fence.get(), milliseconds(0)));
  EXPECT_FALSE(wait_for_fence(fence.get(), milliseconds(1)));
  ASSERT_EQ(::write(signal.get(), "!", 1), 1);
  EXPECT_TRUE(wait_for_fence(fence.get(), milliseconds(0)));
  EXPECT_TRUE(wait_for_fence(fence.get(), milliseconds(60'000)));
}

TEST(GuestFence, AnEndInAnErrorCounts) {
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
  const UniqueFd fence(ends[0]);
  UniqueFd(ends[1]).reset();
  EXPECT_TRUE(wait_for_fence(fence.get(), milliseconds(0)));
}

TEST(GuestFence, GivingUpIsCounted) {
  Registry registry;
  const auto handle = publish_fences_given_up(registry);
  const std::uint64_t before = fences_given_up();
  give_up_fence("test");
  EXPECT_EQ(fences_given_up(), before + 1);
  EXPECT_NE(
      registry.render().find("rackphone_guest_fences_given_up_total " + std::to_string(before + 1)),
      std::string::npos);
}

}  // namespace
}  // namespace rp
