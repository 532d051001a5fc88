// A phone's root file system: overlayfs over the shared image (lower) and the phone's own files
// (upper), both seen through id-mapped mounts (mount_setattr(2)). On disk files keep the image's
// ids (root is 0); inside, the phone's user namespace sees the same ids; and on the host every
// phone has its own range. Needs Linux 5.19 and a file system that can be id-mapped under rootfs
// and data_dir (ext4, xfs, btrfs). Thread rule: any thread, one phone from one thread at a time.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/base/result.h"

namespace rp {

// Ids a phone has; its host range is [first_id, first_id + kIdsPerPhone).
inline constexpr std::uint32_t kIdsPerPhone = 65'536;

struct RootMount {
  std::string rootfs;     // the image's
  std::string data_dir;   // upper/ and work/ are made in it
  std::string phone_dir;  // rootfs/ in it becomes the mount point
  std::uint32_t first_id = 0;
};

[[nodiscard]] Status mount_phone_root(const RootMount& options);
// Every mount point at or below `dir`, deepest first.
[[nodiscard]] std::vector<std::string> mounts_below(const std::string& dir);
// Unmounts all of them; busy ones vanish with their last user.
[[nodiscard]] Status unmount_below(const std::string& dir);

}  // namespace rp
