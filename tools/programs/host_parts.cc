#include "tools/programs/host_parts.h"

#include <unistd.h>

#include <filesystem>

#include "containers/images/recipe_store.h"
#include "containers/runtime/runc/runc_runtime.h"

namespace rp {

namespace {

namespace fs = std::filesystem;

// The host's own recipes win; then those of an installation, then those of the tree this was built
// in.
std::vector<std::string> recipe_dirs() {
  std::error_code error;
  const fs::path own = fs::read_symlink("/proc/self/exe", error).parent_path();
  std::vector<std::string> found;
  for (const fs::path& place :
       {fs::path("/etc/rackphone/recipes"), own / "../share/rackphone/recipes",
        own / "../../../containers/images/recipes"})
    if (fs::is_directory(place, error)) found.push_back(fs::canonical(place, error).string());
  return found;
}

Result<std::unique_ptr<Runtime>> make_runtime(const Layout& layout) {
  RuncOptions options;
  options.run_dir = layout.containers_dir();
  RP_ASSIGN(std::unique_ptr<Runtime> runtime, RuncRuntime::create(options));
  return runtime;
}

Result<std::unique_ptr<ImageStore>> make_images(const Layout& layout) {
  RP_ASSIGN(std::unique_ptr<ImageStore> images,
            RecipeStore::create({layout.images_dir(), recipe_dirs()}));
  return images;
}

}  // namespace

CliParts host_parts() { return {make_runtime, make_images}; }

}  // namespace rp
