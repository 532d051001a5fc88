// Goal: errors name their cause in words. Method: known errno values through the public functions.
#include "engine/base/result.h"

#include <sys/mman.h>

#include <cerrno>

#include <gtest/gtest.h>

#include "engine/base/unique_fd.h"

namespace rp {
namespace {

Result<int> half(int value) {
  if (value % 2 != 0) return fail(ErrorCode::kInvalid, "value is odd");
  return value / 2;
}

Result<int> quarter(int value) {
  RP_ASSIGN(const int first, half(value));
  return half(first);
}

TEST(Result, ErrnoBecomesCodeAndSentence) {
  const Status status = fail_errno(EADDRINUSE, "bind port 8443");
  EXPECT_EQ(status.error().code, ErrorCode::kExists);
  EXPECT_EQ(status.error().message(), "bind port 8443: Address already in use");
}

TEST(Result, AssignForwardsTheError) {
  EXPECT_EQ(*quarter(8), 2);
  EXPECT_EQ(quarter(6).error().message(), "value is odd");
}

TEST(UniqueFd, MemoryFileHasItsSizeSealed) {
  auto fd = create_memory_file("test", 4096);
  ASSERT_TRUE(fd);
  EXPECT_NE(::ftruncate(fd->get(), 1), 0);
  auto copy = fd->duplicate();
  ASSERT_TRUE(copy);
  EXPECT_NE(copy->get(), fd->get());
}

TEST(UniqueFd, MoveLeavesNothingBehind) {
  auto fd = create_memory_file("test", 1);
  ASSERT_TRUE(fd);
  const int raw = fd->get();
  const UniqueFd moved = std::move(*fd);
  EXPECT_EQ(moved.get(), raw);
  EXPECT_FALSE(*fd);
}

}  // namespace
}  // namespace rp
