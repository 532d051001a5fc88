// A recipe: what an image is made of, in TOML. Fields: name, title, packages, command, environment,
// user (uid and gid of the account "phone"), own_scale_120, size_mib (what a build takes on disk),
// and [[file]] tables with path, content, mode and owner. Unknown fields are errors, so that a slip
// of the pen is seen. Thread rule: plain values, pure functions.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/base/result.h"

namespace rp {

struct RecipeFile {
  std::string path;  // absolute, without "..", written after the packages
  std::string content;
  mode_t mode = 0644;
  std::uint32_t owner = 0;  // uid and gid; folders made on the way below /home have it too
};

struct Recipe {
  std::string name;
  std::string title;
  std::vector<std::string> packages;
  std::vector<std::string> command;
  std::vector<std::pair<std::string, std::string>> environment;
  std::uint32_t user = 1000;
  // × 120: the scale the session draws with whatever its display says (a nested compositor that
  // knows no scale of its parent); 0: apps follow the display.
  std::int32_t own_scale_120 = 0;
  std::int64_t size_mib = 0;
  std::vector<RecipeFile> files;
  std::string text;  // the recipe as it was read; part of the image's digest
};

// kInvalid names file (`source`), line and field.
[[nodiscard]] Result<Recipe> parse_recipe(std::string_view text, const std::string& source);
[[nodiscard]] Result<Recipe> read_recipe(const std::string& path);

}  // namespace rp
