// Goal: the composer's table says what is used and why, and Vulkan is left alone where there is no
// GPU. Method: device folders made by hand, and what the process has loaded.
#include "drivers/composers.h"

#include <filesystem>
#include <fstream>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rp {
namespace {

class ComposersTest : public testing::Test {
 protected:
  ComposersTest() {
    std::string name = testing::TempDir() + "rp-composers-XXXXXX";
    dev_ = ::mkdtemp(name.data());
  }
  ~ComposersTest() override { std::filesystem::remove_all(dev_); }
  static bool vulkan_is_loaded() {
    std::ifstream maps("/proc/self/maps");
    const std::string all{std::istreambuf_iterator<char>(maps), {}};
    return all.find("libvulkan") != std::string::npos;
  }
  std::string dev_;
};

TEST_F(ComposersTest, WithoutAGpuVulkanIsNotEvenOpened) {
  std::filesystem::create_directory(dev_ + "/dri");
  std::ofstream(dev_ + "/dri/card0") << "";
  const auto rows = match_composers(ComposerChoice::kAuto, {.device_encoder = true, .dev = dev_});
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[0].name, "vulkan");
  ASSERT_FALSE(rows[0].status);
  EXPECT_THAT(rows[0].status.error().message(), testing::HasSubstr("no GPU"));
  EXPECT_EQ(rows[1].name, "cpu");
  EXPECT_TRUE(rows[1].chosen);
  EXPECT_FALSE(vulkan_is_loaded());
}

TEST_F(ComposersTest, ForAnEncoderOnTheCpuTheCpuDraws) {
  std::filesystem::create_directory(dev_ + "/dri");
  std::ofstream(dev_ + "/dri/renderD128") << "";
  const auto rows = match_composers(ComposerChoice::kAuto, {.device_encoder = false, .dev = dev_});
  ASSERT_FALSE(rows[0].status);
  EXPECT_THAT(rows[0].status.error().message(), testing::HasSubstr("on the CPU"));
  EXPECT_TRUE(rows[1].chosen);
  EXPECT_FALSE(vulkan_is_loaded());
}

TEST_F(ComposersTest, NodesOfGpusAreKnown) {
  EXPECT_FALSE(has_gpu_node(dev_));
  EXPECT_FALSE(has_gpu_node(dev_ + "/absent"));
  for (const char* node : {"dri/renderD128", "nvidia0", "mali0"}) {
    std::filesystem::create_directory(dev_ + "/dri");
    std::ofstream(dev_ + "/" + node) << "";
    EXPECT_TRUE(has_gpu_node(dev_)) << node;
    std::filesystem::remove_all(dev_ + "/" + node);
  }
}

TEST_F(ComposersTest, TheCpuWhenAskedFor) {
  const auto rows = match_composers(ComposerChoice::kCpu, {.dev = dev_});
  EXPECT_FALSE(rows[0].status);
  EXPECT_TRUE(rows[1].chosen);
}

TEST_F(ComposersTest, OtherWordsAreRefused) {
  for (const char* text : {"", "gpu", "AUTO", "auto "}) {
    const auto choice = parse_composer_choice(text);
    ASSERT_FALSE(choice) << text;
    EXPECT_EQ(choice.error().code, ErrorCode::kInvalid);
  }
  EXPECT_EQ(parse_composer_choice("vulkan").value(), ComposerChoice::kVulkan);
}

}  // namespace
}  // namespace rp
