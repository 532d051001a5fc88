// Goal: what one process drew, another maps pixel for pixel; a file that is not whole is refused.
// Method: small assets through a temporary file, whole, cut and with sizes that do not fit.
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include "bench/capacity/app/assets.h"

namespace rp {
namespace {

class AssetFile : public testing::Test {
 protected:
  void SetUp() override {
    auto drawn = LoadAssets::draw({90, 120});
    ASSERT_TRUE(drawn);
    drawn_ = std::move(*drawn);
    ASSERT_TRUE(drawn_.write(path_));
  }
  ~AssetFile() override { ::unlink(path_.c_str()); }
  void overwrite(std::streamoff at, std::int32_t value) const {
    std::fstream file(path_, std::ios::binary | std::ios::in | std::ios::out);
    file.seekp(at);
    file.write(reinterpret_cast<const char*>(&value), sizeof value);
  }

  std::string path_ = testing::TempDir() + "/asset_file_test." + std::to_string(::getpid());
  LoadAssets drawn_;
};

TEST_F(AssetFile, IsMappedAsItWasDrawn) {
  const auto mapped = LoadAssets::map(path_);
  ASSERT_TRUE(mapped);
  for (const auto& [a, b] : {std::pair{&drawn_.page, &mapped->page},
                             {&drawn_.glyphs, &mapped->glyphs},
                             {&drawn_.film, &mapped->film},
                             {&drawn_.grain, &mapped->grain}}) {
    EXPECT_EQ(a->size, b->size);
    EXPECT_TRUE(std::ranges::equal(a->pixels, b->pixels));
  }
}

TEST_F(AssetFile, APartOfItIsRefused) {
  const auto bytes = std::filesystem::file_size(path_);
  for (const auto size : {bytes - 1, std::uintmax_t{41}, std::uintmax_t{40}, std::uintmax_t{0}}) {
    std::filesystem::resize_file(path_, size);
    EXPECT_FALSE(LoadAssets::map(path_)) << size;
  }
  EXPECT_FALSE(LoadAssets::map(path_ + ".none"));
}

TEST_F(AssetFile, SizesThatDoNotFitAreRefused) {
  for (const std::int32_t width : {0, -1, 1 << 30}) {
    overwrite(8, width);
    EXPECT_FALSE(LoadAssets::map(path_)) << width;
  }
}

}  // namespace
}  // namespace rp
