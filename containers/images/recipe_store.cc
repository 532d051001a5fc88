#include "containers/images/recipe_store.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>

#include <nlohmann/json.hpp>

#include "containers/images/manifest.h"
#include "containers/images/root_builder.h"
#include "engine/base/log.h"
#include "engine/base/subprocess.h"

namespace rp {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

std::string read_all(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

Status write_all(const std::string& path, const std::string& text) {
  const std::string temporary = path + ".new";
  {
    std::ofstream file(temporary, std::ios::binary | std::ios::trunc);
    file << text << std::flush;
    if (!file) return fail(ErrorCode::kExhausted, "cannot write " + path + ": is the disk full?");
  }
  if (::rename(temporary.c_str(), path.c_str()) != 0) return fail_errno("write " + path);
  return {};
}

Status remove_tree(const std::string& path) {
  std::error_code error;
  fs::remove_all(path, error);
  return error ? Status(fail_errno(error.value(), "remove " + path)) : Status();
}

std::string folder_of(std::string digest) {
  std::ranges::replace(digest, ':', '-');
  return digest;
}

bool is_digest(const std::string& text) {
  return text.size() == 71 && text.starts_with("sha256:") &&
         text.find_first_not_of("0123456789abcdef", 7) == std::string::npos;
}

}  // namespace

std::string_view to_string(ImageState state) {
  switch (state) {
    case ImageState::kAbsent:
      return "absent";
    case ImageState::kBuilding:
      return "building";
    case ImageState::kReady:
      return "ready";
  }
  return "absent";
}

Result<std::unique_ptr<RecipeStore>> RecipeStore::create(RecipeStoreOptions options) {
  std::error_code error;
  fs::create_directories(options.state_dir, error);
  if (error) return fail_errno(error.value(), "make " + options.state_dir);
  options.state_dir = fs::canonical(options.state_dir, error);
  if (error) return fail_errno(error.value(), "resolve " + options.state_dir);
  return std::unique_ptr<RecipeStore>(new RecipeStore(std::move(options)));
}

std::string RecipeStore::path(std::string_view leaf) const {
  return options_.state_dir + "/" + std::string(leaf);
}

Result<std::vector<Recipe>> RecipeStore::recipes() const {
  std::vector<Recipe> found;
  std::set<std::string> names;
  for (const auto& dir : options_.recipe_dirs) {
    std::vector<std::string> files;
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(dir, error))
      if (entry.path().extension() == ".toml") files.push_back(entry.path());
    std::ranges::sort(files);
    for (const auto& file : files) {
      RP_ASSIGN(auto recipe, read_recipe(file));
      if (names.insert(recipe.name).second) found.push_back(std::move(recipe));
    }
  }
  std::ranges::sort(found, {}, &Recipe::name);
  return found;
}

Result<Recipe> RecipeStore::recipe(std::string_view name) const {
  RP_ASSIGN(auto all, recipes());
  std::string known;
  for (auto& recipe : all) {
    if (recipe.name == name) return std::move(recipe);
    known += (known.empty() ? "" : ", ") + recipe.name;
  }
  return fail(ErrorCode::kNotFound, "there is no image \"" + std::string(name.substr(0, 40)) +
                                        "\": there are " + (known.empty() ? "none" : known));
}

Image RecipeStore::current(const Recipe& recipe) const {
  Image image;
  image.name = recipe.name;
  image.title = recipe.title;
  image.command = recipe.command;
  image.environment = recipe.environment;
  image.user = recipe.user;
  image.own_scale_120 = recipe.own_scale_120;
  const json note = json::parse(read_all(path(recipe.name + ".json")), nullptr, false);
  if (!note.is_object()) return image;
  try {
    const std::string digest = note.at("digest");
    const std::string rootfs = path(folder_of(digest) + "/rootfs");
    if (note.at("recipe") != sha256_hex(recipe.text) || !is_digest(digest) ||
        !fs::is_directory(rootfs))
      return image;
    image.size_bytes = note.at("size_bytes");
    image.built_unix_s = note.at("built_unix_s");
    image.digest = digest;
    image.rootfs = rootfs;
    image.state = ImageState::kReady;
  } catch (const std::exception&) {
    // A note that is not as we write them is none: the image is built anew.
    image.state = ImageState::kAbsent;
  }
  return image;
}

bool RecipeStore::is_building(const std::string& name) const {
  const UniqueFd fd(::open(path(name + ".lock").c_str(), O_RDWR | O_CLOEXEC));
  return fd && ::flock(fd.get(), LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
}

Result<UniqueFd> RecipeStore::lock(const std::string& name, int cancel_fd) const {
  UniqueFd fd(::open(path(name + ".lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!fd) return fail_errno("open " + path(name + ".lock"));
  // Whoever holds it may build for minutes, and one can be told to give up meanwhile.
  while (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EINTR && errno != EWOULDBLOCK) return fail_errno("lock " + path(name + ".lock"));
    pollfd cancel = {cancel_fd, POLLIN, 0};
    if (::poll(&cancel, 1, 50) > 0)
      return fail(ErrorCode::kUnavailable, "the wait for image " + name + " was cancelled");
  }
  return fd;
}

Result<std::vector<Image>> RecipeStore::list() {
  RP_ASSIGN(const auto all, recipes());
  std::vector<Image> images;
  for (const auto& recipe : all) {
    Image image = current(recipe);
    if (image.state == ImageState::kAbsent && is_building(recipe.name))
      image.state = ImageState::kBuilding;
    images.push_back(std::move(image));
  }
  return images;
}

Result<Image> RecipeStore::find(std::string_view name) {
  RP_ASSIGN(const Recipe wanted, recipe(name));
  Image image = current(wanted);
  if (image.state == ImageState::kAbsent && is_building(wanted.name))
    image.state = ImageState::kBuilding;
  return image;
}

Status RecipeStore::build(const Recipe& recipe, const ImageProgressCallback& callback,
                          int cancel_fd) const {
  BuildProgress progress(recipe.name, callback);
  const std::string building = path("building-" + recipe.name);
  RP_TRY(remove_tree(building));
  if (::mkdir(building.c_str(), 0700) != 0) return fail_errno("make " + building);
  if (const Status built = build_root(recipe, building + "/rootfs", progress, cancel_fd); !built) {
    if (const Status removed = remove_tree(building); !removed)
      log_warning("image.leftover", {{"folder", building}, {"error", removed.error()}});
    return built;
  }
  progress.stage("check", 96, "writing down what is in the image");
  RP_ASSIGN(const std::string packages,
            run_checked({"dpkg-query", "--admindir=" + building + "/rootfs/var/lib/dpkg",
                         "--showformat=${Package} ${Version} ${Architecture}\n", "--show"}));
  const std::string digest = "sha256:" + sha256_hex(recipe.text + "\n" + packages);
  RP_ASSIGN(const Manifest manifest, make_manifest(building + "/rootfs"));
  RP_TRY(write_all(building + "/packages", packages));
  RP_TRY(write_all(building + "/manifest", manifest.text));
  const std::string target = path(folder_of(digest));
  // The same recipe and packages again: what is there may be damaged, what was just built is not.
  RP_TRY(remove_tree(target));
  if (::rename(building.c_str(), target.c_str()) != 0) return fail_errno("keep " + target);
  const auto now = std::chrono::duration_cast<std::chrono::seconds>(
      std::chrono::system_clock::now().time_since_epoch());
  const json note = {{"recipe", sha256_hex(recipe.text)},
                     {"digest", digest},
                     {"size_bytes", manifest.size_bytes},
                     {"built_unix_s", now.count()}};
  RP_TRY(write_all(path(recipe.name + ".json"), note.dump(1) + "\n"));
  progress.stage("ready", 100, digest);
  return {};
}

Result<Image> RecipeStore::ensure(std::string_view name, const ImageProgressCallback& progress,
                                  int cancel_fd) {
  RP_ASSIGN(const Recipe wanted, recipe(name));
  Image image = current(wanted);
  if (image.state == ImageState::kReady) return image;
  RP_ASSIGN(const UniqueFd held, lock(wanted.name, cancel_fd));
  // Whoever held the lock before may have built it.
  image = current(wanted);
  if (image.state != ImageState::kReady) {
    RP_TRY(build(wanted, progress, cancel_fd));
    image = current(wanted);
  }
  if (image.state == ImageState::kReady) return image;
  return fail(ErrorCode::kInternal, "image " + wanted.name + " vanished while it was built");
}

Status RecipeStore::remove(std::string_view name) {
  RP_ASSIGN(const Recipe wanted, recipe(name));
  RP_ASSIGN(const UniqueFd held, lock(wanted.name, -1));
  const Image image = current(wanted);
  const std::string note = path(wanted.name + ".json");
  if (::unlink(note.c_str()) != 0 && errno != ENOENT) return fail_errno("remove " + note);
  RP_TRY(remove_tree(path("building-" + wanted.name)));
  return image.digest.empty() ? Status() : remove_tree(path(folder_of(image.digest)));
}

Status RecipeStore::verify(std::string_view name) {
  RP_ASSIGN(const Recipe wanted, recipe(name));
  const Image image = current(wanted);
  if (image.state != ImageState::kReady)
    return fail(ErrorCode::kNotFound, "image " + wanted.name + " is not built");
  RP_ASSIGN(const Manifest found, make_manifest(image.rootfs));
  const std::string differs =
      first_difference(read_all(path(folder_of(image.digest) + "/manifest")), found.text);
  if (differs.empty()) return {};
  return fail(ErrorCode::kInvalid,
              "image " + wanted.name + " is damaged: " + differs +
                  " is not as it was built; remove the image and build it again");
}

}  // namespace rp
