// Builds a root file system from a recipe with mmdebstrap, from the host's own apt sources and
// suite. Thread rule: any thread; blocks for minutes. Needs root.
#pragma once

#include <string>
#include <string_view>

#include "containers/images/image_store.h"
#include "containers/images/recipe.h"
#include "engine/base/result.h"

namespace rp {

// The host's own distribution as apt knows it.
struct AptSources {
  std::string suite;  // "bookworm"
  std::string lines;  // sources.list(5), one-line style
};
// From `apt-get indextargets` (its lines of ORIGIN|CODENAME|REPO_URI|RELEASE|COMPONENT) and
// os-release: the suites of the host's own distribution and release, and no third party's.
[[nodiscard]] Result<AptSources> pick_sources(std::string_view index_targets,
                                              std::string_view os_release);

// Turns mmdebstrap's output into progress that never goes back.
class BuildProgress {
 public:
  BuildProgress(std::string image, const ImageProgressCallback& callback);
  void line(std::string_view text);
  void stage(std::string_view stage, int percent, std::string_view detail);

 private:
  ImageProgress now_;
  const ImageProgressCallback& callback_;
  int stage_end_percent_ = 5;
  int stage_begin_percent_ = 0;
  int stage_steps_ = 0;
  int packages_ = 0;  // how many will be installed; 0 until apt has said
};

// Builds into `target`, which must not exist. Errors say what to do. Given up when `cancel_fd`
// (-1: none) becomes readable.
[[nodiscard]] Status build_root(const Recipe& recipe, const std::string& target,
                                BuildProgress& progress, int cancel_fd);
// What went wrong, from the last lines mmdebstrap wrote.
[[nodiscard]] Error explain_build_failure(const Recipe& recipe, std::string_view output);

}  // namespace rp
