// ImageStore: the root file systems phones start from. A recipe (TOML) names packages of the host's
// own distribution, files and the session command; ensure() builds it once and keeps it under the
// digest of what went in. Building is atomic and safe against other processes on the same store.
// Thread rule: any thread; ensure(), verify() and remove() block (a build takes minutes).
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/base/result.h"

namespace rp {

enum class ImageState { kAbsent, kBuilding, kReady };
// "absent", "building", "ready".
std::string_view to_string(ImageState state);

// What a phone needs to start from an image; `rootfs` and `digest` are empty unless kReady.
struct Image {
  std::string name;
  std::string title;
  ImageState state = ImageState::kAbsent;
  std::string digest;  // "sha256:" and 64 hex digits, over the recipe and every package's version
  std::string rootfs;  // absolute path
  std::int64_t size_bytes = 0;
  std::int64_t built_unix_s = 0;
  std::vector<std::string> command;
  std::vector<std::pair<std::string, std::string>> environment;
  std::uint32_t user = 1000;
  std::int32_t own_scale_120 = 0;  // as Recipe has it
};

struct ImageProgress {
  std::string image;
  std::string stage;   // "download", "unpack", "configure", "pack", …: a short word for people
  int percent = 0;     // of the whole build, never goes back
  std::string detail;  // one line, at most 200 bytes
};
using ImageProgressCallback = std::function<void(const ImageProgress&)>;

class ImageStore {
 public:
  virtual ~ImageStore() = default;

  // Every image there is a recipe for, by name.
  [[nodiscard]] virtual Result<std::vector<Image>> list() = 0;
  // kNotFound names the recipes there are.
  [[nodiscard]] virtual Result<Image> find(std::string_view name) = 0;
  // The image, built if it is absent. `progress` may be empty; it is called from this thread. When
  // another process or thread builds the same image, waits for that. Errors are sentences that say
  // what to do: no network for apt, disk full, no root. When `cancel_fd` (borrowed; -1: none)
  // becomes readable, a build is given up with an error, and nothing of it stays.
  [[nodiscard]] virtual Result<Image> ensure(std::string_view name,
                                             const ImageProgressCallback& progress,
                                             int cancel_fd) = 0;
  // Deletes the built image; the recipe stays. Absent: nothing. The caller makes sure that no phone
  // uses it.
  [[nodiscard]] virtual Status remove(std::string_view name) = 0;
  // Compares the built image with what was written down when it was built; kInvalid names the first
  // file that differs.
  [[nodiscard]] virtual Status verify(std::string_view name) = 0;
};

}  // namespace rp
