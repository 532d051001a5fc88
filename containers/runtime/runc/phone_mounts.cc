#include "containers/runtime/runc/phone_mounts.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "engine/base/unique_fd.h"

namespace rp {
namespace {

Status write_map(pid_t pid, const char* file, std::uint32_t first_id) {
  const std::string path = "/proc/" + std::to_string(pid) + "/" + file;
  const UniqueFd fd(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  // The host's root, in whose name overlayfs makes its work files, needs an id on disk too: the
  // first one that no phone has.
  const std::string ids = std::to_string(kIdsPerPhone);
  const std::string text = "0 " + std::to_string(first_id) + " " + ids + "\n" + ids + " 0 1\n";
  if (!fd || ::write(fd.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()))
    return fail_errno("write " + path);
  return {};
}

Result<UniqueFd> map_namespace_of(pid_t pid, std::uint32_t first_id) {
  RP_TRY(write_map(pid, "uid_map", first_id));
  RP_TRY(write_map(pid, "gid_map", first_id));
  const std::string path = "/proc/" + std::to_string(pid) + "/ns/user";
  UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return fail_errno("open " + path);
  return fd;
}

// A user namespace with the phone's mapping. It is born with a child that only waits to be killed.
// The child is made by the bare system call and makes nothing but system calls itself, which is
// safe in a process with threads.
Result<UniqueFd> make_id_map(std::uint32_t first_id) {
  const auto child = static_cast<pid_t>(::syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0));
  if (child == 0) {
    ::syscall(SYS_prctl, PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    for (;;) ::syscall(SYS_ppoll, nullptr, 0, nullptr, nullptr, 0);
  }
  if (child < 0)
    return fail_errno("make a user namespace, which phones need (is user.max_user_namespaces 0?)");
  Result<UniqueFd> result = map_namespace_of(child, first_id);
  ::kill(child, SIGKILL);
  while (::waitpid(child, nullptr, 0) < 0 && errno == EINTR) {
  }
  return result;
}

// Clones the mount `source` lies on, as seen through the id map, to `target`.
Status mount_id_mapped(const std::string& source, const std::string& target, int id_map) {
  const UniqueFd tree(::open_tree(AT_FDCWD, source.c_str(), OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC));
  if (!tree) return fail_errno("open_tree " + source);
  mount_attr attributes = {};
  attributes.attr_set = MOUNT_ATTR_IDMAP;
  attributes.userns_fd = static_cast<std::uint64_t>(id_map);
  if (::mount_setattr(tree.get(), "", AT_EMPTY_PATH, &attributes, sizeof attributes) != 0)
    return fail(ErrorCode::kUnsupported,
                "the file system of " + source +
                    " cannot be id-mapped: keep the state directory on ext4, xfs or btrfs");
  if (::move_mount(tree.get(), "", AT_FDCWD, target.c_str(), MOVE_MOUNT_F_EMPTY_PATH) != 0)
    return fail_errno("mount at " + target);
  return {};
}

Status make_folder(const std::string& path, mode_t mode) {
  if (::mkdir(path.c_str(), mode) != 0 && errno != EEXIST) return fail_errno("make " + path);
  if (::chmod(path.c_str(), mode) != 0) return fail_errno("chmod " + path);
  return {};
}

// mountinfo writes space, tab, newline and backslash as three octal digits (proc(5)).
std::string unescape(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 3 < text.size()) {
      out.push_back(
          static_cast<char>(std::strtol(std::string(text.substr(i + 1, 3)).c_str(), nullptr, 8)));
      i += 3;
    } else {
      out.push_back(text[i]);
    }
  }
  return out;
}

}  // namespace

Status mount_phone_root(const RootMount& options) {
  std::error_code error;
  std::filesystem::create_directories(options.data_dir, error);
  if (error) return fail_errno(error.value(), "make data_dir " + options.data_dir);
  RP_TRY(make_folder(options.data_dir, 0700));
  RP_TRY(make_folder(options.data_dir + "/upper", 0755));
  RP_TRY(make_folder(options.data_dir + "/work", 0700));
  const std::string layers = options.phone_dir + "/layers";
  const std::string target = options.phone_dir + "/rootfs";
  for (const auto& folder : {layers, layers + "/base", layers + "/data"})
    RP_TRY(make_folder(folder, 0700));
  RP_TRY(make_folder(target, 0711));
  RP_ASSIGN(const UniqueFd id_map, make_id_map(options.first_id));
  RP_TRY(mount_id_mapped(options.rootfs, layers + "/base", id_map.get()));
  RP_TRY(mount_id_mapped(options.data_dir, layers + "/data", id_map.get()));
  const std::string layer_options = "lowerdir=" + layers + "/base,upperdir=" + layers +
                                    "/data/upper,workdir=" + layers + "/data/work";
  if (::mount("overlay", target.c_str(), "overlay", MS_NOSUID | MS_NODEV, layer_options.c_str()) !=
      0)
    return fail_errno("mount an overlay of " + options.rootfs + " and " + options.data_dir);
  // The overlay holds its layers itself; nobody needs to see them.
  return unmount_below(layers);
}

std::vector<std::string> mounts_below(const std::string& dir) {
  std::vector<std::string> found;
  std::ifstream mountinfo("/proc/self/mountinfo");
  for (std::string line; std::getline(mountinfo, line);) {
    std::istringstream fields(line);
    std::string skipped;
    std::string point;
    fields >> skipped >> skipped >> skipped >> skipped >> point;
    point = unescape(point);
    if (point == dir || point.starts_with(dir + "/")) found.push_back(point);
  }
  std::ranges::reverse(found);
  return found;
}

Status unmount_below(const std::string& dir) {
  for (const auto& point : mounts_below(dir)) {
    if (::umount2(point.c_str(), MNT_DETACH | UMOUNT_NOFOLLOW) != 0 && errno != EINVAL &&
        errno != ENOENT)
      return fail_errno("unmount " + point);
  }
  return {};
}

}  // namespace rp
