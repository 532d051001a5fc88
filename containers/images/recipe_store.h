// RecipeStore: the ImageStore that builds from recipe files. Under its state folder:
//
//   NAME.lock              flock(2): held while NAME is built or removed
//   NAME.json              which build is current: recipe's hash, digest, size, time
//   sha256-HEX/rootfs/     a build; content-addressed over the recipe and every package's version
//   sha256-HEX/manifest    one line a file, what verify() compares with
//   building-NAME/         a build in the making; leftovers of a crash are removed by the next
//   build
//
// Thread rule: as ImageStore; also safe against other processes on the same folder.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "containers/images/image_store.h"
#include "containers/images/recipe.h"
#include "engine/base/unique_fd.h"

namespace rp {

struct RecipeStoreOptions {
  std::string state_dir = "/var/lib/rackphone/images";
  std::vector<std::string>
      recipe_dirs;  // *.toml in them; an earlier folder's recipe of a name wins
};

class RecipeStore final : public ImageStore {
 public:
  // Makes the state folder; reads no recipe yet.
  [[nodiscard]] static Result<std::unique_ptr<RecipeStore>> create(RecipeStoreOptions options);

  [[nodiscard]] Result<std::vector<Image>> list() override;
  [[nodiscard]] Result<Image> find(std::string_view name) override;
  [[nodiscard]] Result<Image> ensure(std::string_view name, const ImageProgressCallback& progress,
                                     int cancel_fd) override;
  [[nodiscard]] Status remove(std::string_view name) override;
  [[nodiscard]] Status verify(std::string_view name) override;

 private:
  explicit RecipeStore(RecipeStoreOptions options) : options_(std::move(options)) {}
  [[nodiscard]] Result<std::vector<Recipe>> recipes() const;
  [[nodiscard]] Result<Recipe> recipe(std::string_view name) const;
  [[nodiscard]] std::string path(std::string_view leaf) const;
  // The image as the state folder has it; not kReady when its recipe has changed since.
  [[nodiscard]] Image current(const Recipe& recipe) const;
  [[nodiscard]] bool is_building(const std::string& name) const;
  [[nodiscard]] Result<UniqueFd> lock(const std::string& name, int cancel_fd) const;
  [[nodiscard]] Status build(const Recipe& recipe, const ImageProgressCallback& progress,
                             int cancel_fd) const;

  RecipeStoreOptions options_;
};

}  // namespace rp
