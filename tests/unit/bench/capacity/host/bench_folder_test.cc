// Goal: what killed runs left is cleared, and nothing else: not what a run that goes on holds, not
// what only looks like it. Method: folders in a TMPDIR of the test's own.
#include "bench/capacity/host/bench_folder.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

namespace rp {
namespace {

namespace fs = std::filesystem;

class BenchFolderTest : public testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/rp-bench-folder-XXXXXX";
    ASSERT_NE(::mkdtemp(name), nullptr);
    tmp_ = name;
    ASSERT_EQ(::setenv("TMPDIR", name, 1), 0);
  }
  void TearDown() override {
    ::unsetenv("TMPDIR");
    fs::remove_all(tmp_);
  }
  std::string leftover(const std::string& name, mode_t mode = 0711) const {
    const std::string path = tmp_ + "/" + name;
    EXPECT_EQ(::mkdir(path.c_str(), mode), 0);
    EXPECT_EQ(::chmod(path.c_str(), mode), 0);
    fs::create_directories(path + "/step/phones");
    std::ofstream(path + "/step/engine.log") << "old";
    return path;
  }

  std::string tmp_;
};

TEST_F(BenchFolderTest, GoesWithItsRun) {
  std::string path;
  {
    const auto folder = BenchFolder::create();
    ASSERT_TRUE(folder);
    path = (*folder)->path();
    fs::create_directories(path + "/step");
    ASSERT_TRUE((*folder)->note_namespace("rpb1"));
    EXPECT_TRUE(path.starts_with(tmp_));
  }
  EXPECT_FALSE(fs::exists(path));
}

TEST_F(BenchFolderTest, LeftoversAreCleared) {
  const std::string one = leftover("rackphone-bench-AAAAAA");
  const std::string two = leftover("rackphone-bench-BBBBBB");
  EXPECT_EQ(clear_bench_leftovers(), 2);
  EXPECT_FALSE(fs::exists(one));
  EXPECT_FALSE(fs::exists(two));
  EXPECT_EQ(clear_bench_leftovers(), 0);
}

TEST_F(BenchFolderTest, ARunThatGoesOnIsLeftAlone) {
  const auto folder = BenchFolder::create();
  ASSERT_TRUE(folder);
  EXPECT_EQ(clear_bench_leftovers(), 0);
  EXPECT_TRUE(fs::exists((*folder)->path() + "/lock"));
}

TEST_F(BenchFolderTest, WhatOnlyLooksLikeOneIsLeftAlone) {
  const std::string open = leftover("rackphone-bench-open", 0777);
  const std::string other = leftover("rackphone-other");
  fs::create_directory_symlink(other, tmp_ + "/rackphone-bench-link");
  std::ofstream(tmp_ + "/rackphone-bench-file") << "text";
  EXPECT_EQ(clear_bench_leftovers(), 0);
  EXPECT_TRUE(fs::exists(open + "/step/engine.log"));
  EXPECT_TRUE(fs::exists(other + "/step/engine.log"));
}

TEST_F(BenchFolderTest, ANameThatIsNoNamespaceOfOursIsNotDeleted) {
  const std::string path = leftover("rackphone-bench-CCCCCC");
  std::ofstream(path + "/netns") << "../somebody\n";
  EXPECT_EQ(clear_bench_leftovers(), 1);
}

}  // namespace
}  // namespace rp
