// Goal: programs of the harness get their input, leave their status, and never outlive it. Method:
// small shell programs.
#include "bench/capacity/host/load_process.h"

#include <signal.h>

#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

namespace rp {
namespace {

using std::chrono::milliseconds;

class LoadProcessTest : public testing::Test {
 protected:
  Result<LoadProcess> shell(const std::string& script) {
    return LoadProcess::start({"/bin/sh", "-c", script}, log_);
  }
  std::string log() const {
    std::ifstream file(log_);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
  }
  std::string log_ = testing::TempDir() + "/load_process_test." + std::to_string(::getpid());
  ~LoadProcessTest() override { ::unlink(log_.c_str()); }
};

TEST_F(LoadProcessTest, GetsLinesAndEndsWhenInputCloses) {
  auto process = shell("while read line; do echo \"got $line\"; done; exit 7");
  ASSERT_TRUE(process);
  ASSERT_TRUE(process->write("one\ntwo\n"));
  EXPECT_TRUE(process->running());
  // Ignores nothing, but its input's end comes first or with SIGTERM: either ends it.
  const int status = process->end(milliseconds(5'000));
  EXPECT_TRUE(status == 7 || status == 128 + SIGTERM) << status;
  EXPECT_FALSE(process->running());
}

TEST_F(LoadProcessTest, InsistsWhenAskingDoesNotHelp) {
  auto process = shell("trap '' TERM; echo ready; while :; do sleep 0.05; done");
  ASSERT_TRUE(process);
  while (log().find("ready") == std::string::npos) ::usleep(1'000);
  EXPECT_EQ(process->end(milliseconds(100)), 128 + SIGKILL);
}

TEST_F(LoadProcessTest, DoesNotOutliveItsOwner) {
  pid_t pid = 0;
  {
    auto process = shell("sleep 60");
    ASSERT_TRUE(process);
    pid = process->pid();
    LoadProcess moved = std::move(*process);
    EXPECT_EQ(moved.pid(), pid);
  }
  EXPECT_EQ(::kill(pid, 0), -1);
}

TEST_F(LoadProcessTest, AProgramThatIsNotThereEndsWith127) {
  auto process = LoadProcess::start({"/nowhere/program"}, log_);
  ASSERT_TRUE(process);
  while (process->running()) ::usleep(1'000);
  EXPECT_EQ(process->end(milliseconds(0)), 127);
}

}  // namespace
}  // namespace rp
