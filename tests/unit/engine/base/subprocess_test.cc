// Goal: run_command() gives back status and bounded output, keeps its deadline, and says what is
// wrong. Method: the system's own small programs.
#include "engine/base/subprocess.h"

#include <fcntl.h>
#include <unistd.h>

#include <gmock/gmock.h>

namespace rp {
namespace {
using namespace std::chrono_literals;
using testing::HasSubstr;

TEST(SubprocessTest, GivesBackWhatTheProgramWrote) {
  const auto result =
      run_command({.argv = {"sh", "-c", "cat; echo oops >&2; exit 3"}, .input = "hello"});
  ASSERT_TRUE(result) << result.error().message();
  EXPECT_EQ(result->exit_status, 3);
  EXPECT_EQ(result->out, "hello");
  EXPECT_EQ(result->err, "oops\n");
}

TEST(SubprocessTest, PassesArgumentsAsTheyAre) {
  const auto out = run_checked({"printf", "%s", "$(id) ; a'b\"c"});
  ASSERT_TRUE(out);
  EXPECT_EQ(*out, "$(id) ; a'b\"c");
}

TEST(SubprocessTest, SaysWhichProgramIsMissing) {
  const auto out = run_checked({"no-such-program-here"});
  ASSERT_FALSE(out);
  EXPECT_EQ(out.error().code, ErrorCode::kNotFound);
  EXPECT_EQ(out.error().message(), "the program no-such-program-here is not installed");
}

TEST(SubprocessTest, QuotesTheLastLineOfAFailure) {
  const auto out = run_checked({"sh", "-c", "echo one >&2; echo the reason >&2; exit 1"});
  ASSERT_FALSE(out);
  EXPECT_THAT(out.error().message(), HasSubstr("the reason"));
}

TEST(SubprocessTest, TellsOfASignal) {
  EXPECT_EQ(run_command({.argv = {"sh", "-c", "kill -TERM $$"}})->exit_status, 128 + 15);
}

TEST(SubprocessTest, KillsAtTheDeadlineWithChildren) {
  const auto begin = std::chrono::steady_clock::now();
  const auto result = run_command({.argv = {"sh", "-c", "sleep 60 & sleep 60"}, .deadline = 100ms});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::kTimeout);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 10s);
}

TEST(SubprocessTest, KillsWhenCancelled) {
  int ends[2] = {-1, -1};
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  const UniqueFd read_end(ends[0]);
  const UniqueFd write_end(ends[1]);
  ASSERT_EQ(::write(write_end.get(), "x", 1), 1);
  const auto result = run_command({.argv = {"sleep", "60"}, .cancel_fd = read_end.get()});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::kUnavailable);
}

TEST(SubprocessTest, DoesNotWaitForAChildThatKeepsTheOutputOpen) {
  const auto begin = std::chrono::steady_clock::now();
  const auto result = run_command({.argv = {"sh", "-c", "sleep 20 & echo $!"}});
  ASSERT_TRUE(result);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 10s);
  ASSERT_TRUE(run_checked({"kill", result->out.substr(0, result->out.size() - 1)}));
}

TEST(SubprocessTest, BoundsTheOutput) {
  const auto result =
      run_command({.argv = {"sh", "-c", "head -c 300000 /dev/zero"}, .max_output_bytes = 1000});
  ASSERT_TRUE(result);
  EXPECT_EQ(result->exit_status, 0);
  EXPECT_EQ(result->out.size(), 1000U);
}

TEST(SubprocessTest, HandsOutLinesOfTheErrorStream) {
  std::vector<std::string> lines;
  CommandOptions options{.argv = {"sh", "-c", "printf 'a\\r\\nb b\\nno end' >&2"}};
  options.on_error_line = [&](std::string_view line) { lines.emplace_back(line); };
  ASSERT_TRUE(run_command(options));
  EXPECT_THAT(lines, testing::ElementsAre("a", "b b"));
}

TEST(SubprocessTest, SetsVariablesAndKeepsADescriptor) {
  int fds[2];
  ASSERT_EQ(::pipe2(fds, O_CLOEXEC), 0);
  const UniqueFd read_end(fds[0]);
  const UniqueFd write_end(fds[1]);
  const auto result = run_command({.argv = {"sh", "-c", "echo $RP_TEST >&3"},
                                   .environment = {{"RP_TEST", "value"}},
                                   .keep_fd = write_end.get()});
  ASSERT_TRUE(result);
  char text[16] = {};
  EXPECT_EQ(::read(read_end.get(), text, sizeof text), 6);
  EXPECT_STREQ(text, "value\n");
}

}  // namespace
}  // namespace rp
