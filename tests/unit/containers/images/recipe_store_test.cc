// Goal: the store says truly what is built, sees changed recipes and damaged images, and trusts
// none of its own notes blindly. Method: a state folder written by hand; building itself needs apt
// and root and is shown by the tests that start phones.
#include "containers/images/recipe_store.h"

#include <fcntl.h>
#include <sys/file.h>

#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>

#include "containers/images/manifest.h"

namespace rp {
namespace {
namespace fs = std::filesystem;
using testing::HasSubstr;

constexpr const char* kRecipe =
    "name = \"x\"\ntitle = \"X\"\npackages = [\"foot\"]\ncommand = [\"foot\"]\n";

class RecipeStoreTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string folder = testing::TempDir() + "rp-images-XXXXXX";
    ASSERT_NE(::mkdtemp(folder.data()), nullptr);
    folder_ = folder;
    fs::create_directories(folder_ / "recipes");
    write("recipes/x.toml", kRecipe);
    RecipeStoreOptions options;
    options.state_dir = folder_ / "images";
    options.recipe_dirs = {folder_ / "mine", folder_ / "recipes"};
    store_ = std::move(RecipeStore::create(options).value());
  }
  void TearDown() override { fs::remove_all(folder_); }

  void write(const fs::path& leaf, std::string_view text) const {
    fs::create_directories((folder_ / leaf).parent_path());
    std::ofstream(folder_ / leaf) << text;
  }
  // What a build leaves.
  void pretend_built(std::string_view recipe = kRecipe) const {
    const std::string hex(64, 'a');
    const fs::path image = fs::path("images") / ("sha256-" + hex);
    write(image / "rootfs/etc/a", "hello");
    fs::create_symlink("a", folder_ / image / "rootfs/etc/b");
    write(image / "manifest", make_manifest(folder_ / image / "rootfs")->text);
    write("images/x.json", "{\"recipe\":\"" + sha256_hex(recipe) + "\",\"digest\":\"sha256:" + hex +
                               "\",\"size_bytes\":5,\"built_unix_s\":1700000000}");
  }
  [[nodiscard]] fs::path rootfs() const {
    return folder_ / "images" / ("sha256-" + std::string(64, 'a')) / "rootfs";
  }

  fs::path folder_;
  std::unique_ptr<RecipeStore> store_;
};

TEST_F(RecipeStoreTest, ListsWhatThereAreRecipesFor) {
  const auto images = store_->list().value();
  ASSERT_EQ(images.size(), 1U);
  EXPECT_EQ(images[0].name, "x");
  EXPECT_EQ(images[0].title, "X");
  EXPECT_EQ(images[0].state, ImageState::kAbsent);
  EXPECT_TRUE(images[0].rootfs.empty());
  const auto missing = store_->find("y");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, ErrorCode::kNotFound);
  EXPECT_THAT(missing.error().message(), HasSubstr("there are x"));
}

TEST_F(RecipeStoreTest, AnEarlierFoldersRecipeWins) {
  write("mine/other.toml", "name = \"x\"\ntitle = \"Mine\"\npackages = []\ncommand = [\"sh\"]\n");
  EXPECT_EQ(store_->list()->size(), 1U);
  EXPECT_EQ(store_->find("x")->title, "Mine");
}

TEST_F(RecipeStoreTest, ABuiltImageIsReadyAndUsedAgain) {
  pretend_built();
  const Image image = store_->ensure("x", {}, -1).value();
  EXPECT_EQ(image.state, ImageState::kReady);
  EXPECT_EQ(image.rootfs, fs::canonical(rootfs()));
  EXPECT_EQ(image.size_bytes, 5);
  EXPECT_EQ(image.built_unix_s, 1'700'000'000);
  EXPECT_THAT(image.command, testing::ElementsAre("foot"));
}

TEST_F(RecipeStoreTest, AChangedRecipeMakesItAbsent) {
  pretend_built("another text");
  EXPECT_EQ(store_->find("x")->state, ImageState::kAbsent);
}

TEST_F(RecipeStoreTest, NotesThatAreNotOursAreNone) {
  pretend_built();
  for (const char* note : {"", "[]", "{}", "{\"recipe\":1}", "not json"}) {
    write("images/x.json", note);
    EXPECT_EQ(store_->find("x")->state, ImageState::kAbsent) << note;
  }
  write("images/x.json",
        "{\"recipe\":\"" + sha256_hex(kRecipe) +
            "\",\"digest\":\"sha256:../../../etc\",\"size_bytes\":5,\"built_unix_s\":1}");
  EXPECT_EQ(store_->find("x")->state, ImageState::kAbsent);
}

TEST_F(RecipeStoreTest, SeesAnotherProcessBuilding) {
  write("images/x.lock", "");
  const UniqueFd held(::open((folder_ / "images/x.lock").c_str(), O_RDWR | O_CLOEXEC));
  ASSERT_EQ(::flock(held.get(), LOCK_EX), 0);
  EXPECT_EQ(store_->find("x")->state, ImageState::kBuilding);
  EXPECT_EQ(store_->list()->at(0).state, ImageState::kBuilding);
}

TEST_F(RecipeStoreTest, VerifyNamesTheDamagedFile) {
  EXPECT_EQ(store_->verify("x").error().code, ErrorCode::kNotFound);
  pretend_built();
  EXPECT_TRUE(store_->verify("x"));
  std::ofstream(rootfs() / "etc/a") << "other";
  EXPECT_THAT(store_->verify("x").error().message(), HasSubstr("/etc/a is not as it was built"));
  std::ofstream(rootfs() / "etc/a") << "hello";
  EXPECT_TRUE(store_->verify("x"));
  std::ofstream(rootfs() / "etc/new") << "";
  EXPECT_THAT(store_->verify("x").error().message(), HasSubstr("/etc/new"));
  fs::remove(rootfs() / "etc/new");
  fs::remove(rootfs() / "etc/b");
  EXPECT_THAT(store_->verify("x").error().message(), HasSubstr("/etc/b"));
}

TEST_F(RecipeStoreTest, RemovesTheBuildAndKeepsTheRecipe) {
  pretend_built();
  EXPECT_TRUE(store_->remove("x"));
  EXPECT_FALSE(fs::exists(rootfs()));
  EXPECT_EQ(store_->find("x")->state, ImageState::kAbsent);
  EXPECT_TRUE(store_->remove("x"));
}

}  // namespace
}  // namespace rp
