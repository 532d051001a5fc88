#include "engine/base/harden.h"

#include <dirent.h>
#include <grp.h>
#include <pwd.h>
#include <sys/capability.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <csignal>
#include <memory>
#include <optional>

#include "engine/base/system_call_filter.h"

namespace rp {

namespace {

struct Identity {
  uid_t uid = 0;
  gid_t gid = 0;
  std::vector<gid_t> groups;
};

Result<Identity> look_up(const HardenOptions& options) {
  std::vector<char> buffer(16'384);
  passwd entry{};
  passwd* found = nullptr;
  ::getpwnam_r(options.user.c_str(), &entry, buffer.data(), buffer.size(), &found);
  if (found == nullptr) return fail(ErrorCode::kNotFound, "there is no user " + options.user);
  Identity identity{entry.pw_uid, entry.pw_gid, {}};
  if (identity.uid == 0) return fail(ErrorCode::kInvalid, "the user to become must not be root");
  for (const std::string& name : options.groups) {
    group group_entry{};
    group* group_found = nullptr;
    ::getgrnam_r(name.c_str(), &group_entry, buffer.data(), buffer.size(), &group_found);
    if (group_found == nullptr) return fail(ErrorCode::kNotFound, "there is no group " + name);
    identity.groups.push_back(group_entry.gr_gid);
  }
  return identity;
}

Status check_single_thread() {
  DIR* tasks = ::opendir("/proc/self/task");
  if (tasks == nullptr) return fail_errno("count the process's threads");
  int threads = 0;
  while (const dirent* entry = ::readdir(tasks)) threads += entry->d_name[0] != '.' ? 1 : 0;
  ::closedir(tasks);
  if (threads != 1)
    return fail(ErrorCode::kExists, "harden() must come before any thread is started");
  return {};
}

// Needs CAP_SETPCAP, so it comes first; without it there is nothing to shrink that execve could
// use, because no_new_privs is set as well.
void drop_bounding_set() {
  for (cap_value_t cap = 0; cap_max_bits() > cap; ++cap) {
    if (CAP_IS_SUPPORTED(cap)) ::cap_drop_bound(cap);
  }
}

Status drop_capabilities() {
  ::cap_reset_ambient();
  const std::unique_ptr<_cap_struct, int (*)(void*)> empty(::cap_init(), &::cap_free);
  if (empty == nullptr || ::cap_set_proc(empty.get()) != 0) return fail_errno("drop capabilities");
  return {};
}

Status become(const Identity& identity) {
  if (::setgroups(identity.groups.size(), identity.groups.data()) != 0 ||
      ::setresgid(identity.gid, identity.gid, identity.gid) != 0 ||
      ::setresuid(identity.uid, identity.uid, identity.uid) != 0) {
    return fail_errno("become an unprivileged user");
  }
  // If root could be had back, nothing above was worth anything.
  if (::setresuid(0, 0, 0) == 0)
    return fail(ErrorCode::kInternal, "the change of user did not hold");
  return {};
}

// A parent that died before the call sends no signal any more.
Status follow_parent(pid_t parent) {
  if (::prctl(PR_SET_PDEATHSIG, SIGTERM) != 0) return fail_errno("end with the parent");
  if (::getppid() != parent) return fail(ErrorCode::kUnavailable, "the parent has ended already");
  return {};
}

}  // namespace

Status harden(const HardenOptions& options) {
  const pid_t parent = ::getppid();
  RP_TRY(check_single_thread());
  std::optional<Identity> identity;
  if (!options.user.empty() && ::geteuid() == 0) {
    RP_ASSIGN(identity, look_up(options));
  }
  drop_bounding_set();
  if (identity) RP_TRY(become(*identity));
  RP_TRY(drop_capabilities());
  if (options.end_with_parent) RP_TRY(follow_parent(parent));
  // Not dumpable: another process of the same user can neither read our memory nor our descriptors.
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) {
    return fail_errno("give up gaining privileges");
  }
  if (!options.filter_system_calls) return {};
  return install_system_call_filter({.device_ioctls = options.device_ioctls,
                                     .ioctls = options.ioctls,
                                     .executable_memory = options.executable_memory,
                                     .kernel_tls = options.kernel_tls});
}

}  // namespace rp
