// Goal: recipes are read strictly, and what is wrong with one is said by file, line and field.
// Method: one good recipe, spoilt in one place at a time; and every recipe we ship.
#include "containers/images/recipe.h"

#include <filesystem>

#include <gmock/gmock.h>

namespace rp {
namespace {
using testing::HasSubstr;

constexpr const char* kGood = R"(
name = "x"
title = "An image"
packages = ["foot", "libstdc++6"]
command = ["foot", "-e", "sh"]
user = 1001
size_mib = 10
[environment]
HOME = "/home/phone"
[[file]]
path = "/etc/a"
content = "text"
mode = "0755"
owner = 1001
)";

TEST(RecipeTest, ReadsEveryField) {
  const auto recipe = parse_recipe(kGood, "x.toml");
  ASSERT_TRUE(recipe) << recipe.error().message();
  EXPECT_EQ(recipe->name, "x");
  EXPECT_EQ(recipe->title, "An image");
  EXPECT_THAT(recipe->packages, testing::ElementsAre("foot", "libstdc++6"));
  EXPECT_THAT(recipe->command, testing::ElementsAre("foot", "-e", "sh"));
  EXPECT_THAT(recipe->environment, testing::ElementsAre(testing::Pair("HOME", "/home/phone")));
  EXPECT_EQ(recipe->user, 1001U);
  EXPECT_EQ(recipe->size_mib, 10);
  ASSERT_EQ(recipe->files.size(), 1U);
  EXPECT_EQ(recipe->files[0].path, "/etc/a");
  EXPECT_EQ(recipe->files[0].content, "text");
  EXPECT_EQ(recipe->files[0].mode, 0755U);
  EXPECT_EQ(recipe->files[0].owner, 1001U);
  EXPECT_EQ(recipe->text, kGood);
}

TEST(RecipeTest, NamesWhatIsWrong) {
  struct Case {
    std::string from;
    std::string to;
    std::string says;
  };
  const Case cases[] = {
      {"name = \"x\"", "", "name is missing"},
      {"name = \"x\"", "name = 3", "name must be a string"},
      {"name = \"x\"", "name = \"../x\"", "name must be 1 to 40"},
      {"\"foot\", \"libstdc++6\"", "\"--hook=rm\"", "packages has a bad name"},
      {"\"foot\", \"libstdc++6\"", "1", "packages must be a list of strings"},
      {"[\"foot\", \"-e\", \"sh\"]", "[]", "command must name a program"},
      {"user = 1001", "user = -1", "user must be a number"},
      {"HOME = \"/home/phone\"", "HOME = 1", "environment must be a table of strings"},
      {"/etc/a", "/etc/../../a", "file 1: path must be"},
      {"/etc/a", "etc/a", "file 1: path must be"},
      {"\"0755\"", "\"rwx\"", "file 1: mode must be"},
      {"owner = 1001", "owner = 1001\nowner_name = \"x\"", "file 1: owner_name is not a field"},
      {"size_mib = 10", "sizemib = 10", "sizemib is not a field"},
      {"[[file]]", "[file]", "file must be a list of tables"},
      {"size_mib = 10", "size_mib = ", "x.toml: line 7"},
  };
  for (const auto& [from, to, says] : cases) {
    std::string text = kGood;
    text.replace(text.find(from), from.size(), to);
    const auto recipe = parse_recipe(text, "x.toml");
    ASSERT_FALSE(recipe) << to;
    EXPECT_EQ(recipe.error().code, ErrorCode::kInvalid);
    EXPECT_THAT(recipe.error().message(), HasSubstr(says));
    EXPECT_THAT(recipe.error().message(), HasSubstr("x.toml"));
  }
}

TEST(RecipeTest, BoundsItsSizeAndMissesNoFile) {
  EXPECT_FALSE(parse_recipe(std::string(300'000, '#'), "big.toml"));
  EXPECT_EQ(read_recipe("/nowhere/x.toml").error().code, ErrorCode::kNotFound);
}

TEST(RecipeTest, OurOwnRecipesAreGood) {
  int count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(RP_RECIPES_DIR)) {
    const auto recipe = read_recipe(entry.path());
    ASSERT_TRUE(recipe) << recipe.error().message();
    EXPECT_EQ(recipe->name, entry.path().stem());
    EXPECT_GT(recipe->size_mib, 0);
    ++count;
  }
  EXPECT_GE(count, 2);
}

}  // namespace
}  // namespace rp
