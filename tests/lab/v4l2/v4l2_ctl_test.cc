// Goal: what our discovery says of this machine's video devices is what v4l-utils says of them.
// Method: the real kernel's devices; v4l2-ctl's words for each node beside ours.
#include <algorithm>
#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "drivers/v4l2/discovery.h"
#include "engine/base/subprocess.h"

namespace rp::v4l2 {
namespace {

std::string ctl(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "v4l2-ctl");
  const auto said = run_checked(std::move(arguments));
  EXPECT_TRUE(said) << said.error().message();
  return said ? *said : std::string();
}

class V4l2Ctl : public testing::Test {
 protected:
  void SetUp() override {
    if (find_program("v4l2-ctl").empty()) GTEST_SKIP() << "no v4l2-ctl: apt-get install v4l-utils";
    found_ = find_encoders("/dev", open_device);
    ASSERT_FALSE(found_.empty());
  }
  std::vector<EncoderNode> found_;
};

TEST_F(V4l2Ctl, ListsEachEncoderUnderItsName) {
  const std::string devices = ctl({"--list-devices"});
  for (const EncoderNode& node : found_) {
    EXPECT_THAT(devices, testing::HasSubstr(node.path)) << devices;
    const std::string all = ctl({"-d", node.path, "--all"});
    EXPECT_THAT(all, testing::HasSubstr("Driver name      : " + node.driver));
    EXPECT_THAT(all, testing::HasSubstr("Card type        : " + node.card));
    EXPECT_THAT(all, testing::HasSubstr("Memory-to-Memory"));
  }
}

// An encoder is what takes pixels and gives a coded format; v4l2-ctl marks those "compressed".
TEST_F(V4l2Ctl, AgreesOnWhichNodesEncode) {
  int nodes = 0;
  for (const auto& entry : std::filesystem::directory_iterator("/dev")) {
    const std::string path = entry.path().string();
    if (!path.starts_with("/dev/video")) continue;
    ++nodes;
    const std::string out = ctl({"-d", path, "--list-formats-out"});
    const std::string coded = ctl({"-d", path, "--list-formats"});
    const bool encodes = coded.find("'FWHT' (FWHT, compressed)") != std::string::npos &&
                         out.find("compressed") == std::string::npos;
    const bool ours = std::ranges::find(found_, path, &EncoderNode::path) != found_.end();
    EXPECT_EQ(encodes, ours) << path << "\n" << out << coded;
  }
  EXPECT_GT(nodes, static_cast<int>(found_.size())) << "a decoder is there, too";
}

TEST_F(V4l2Ctl, AgreesOnTheSizes) {
  for (const EncoderNode& node : found_) {
    const std::string sizes = ctl({"-d", node.path, "--list-framesizes", "FWHT"});
    const SizeRange& range = node.formats.front().sizes;
    const auto text = [](Size size) {
      return std::to_string(size.width) + "x" + std::to_string(size.height);
    };
    EXPECT_THAT(sizes, testing::HasSubstr("Stepwise " + text(range.min) + " - " + text(range.max)));
  }
}

}  // namespace
}  // namespace rp::v4l2
