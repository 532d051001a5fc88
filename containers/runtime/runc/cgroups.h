// A phone's cgroups: one directory in every hierarchy of the host, be it cgroup v1, v2 or both
// (hybrid). runc makes and fills them; here they are asked, thawed, emptied and removed, also when
// runc's own notes are gone. Thread rule: any thread.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/result.h"

namespace rp {

// The mount points of all hierarchies, from /proc/self/mountinfo.
[[nodiscard]] std::vector<std::string> cgroup_hierarchies();

class Cgroups {
 public:
  // `path` is relative to each hierarchy: "rackphone-TAG/PHONE".
  Cgroups(const std::vector<std::string>& hierarchies, std::string path);

  [[nodiscard]] bool exist() const { return !dirs().empty(); }
  // Whether this process is in them: proof that a stored pid still means our phone.
  [[nodiscard]] bool hold(pid_t pid) const;
  [[nodiscard]] bool frozen() const;
  void thaw() const;
  [[nodiscard]] std::int64_t memory_bytes() const;
  // SIGKILL to all processes in them, thawing them so that they die; waits until they have, 10 s at
  // most.
  [[nodiscard]] Status kill_all() const;
  [[nodiscard]] Status remove() const;

 private:
  [[nodiscard]] std::vector<std::string> dirs() const;
  [[nodiscard]] std::vector<pid_t> processes() const;

  std::vector<std::string> candidates_;
  std::string path_;
};

// Names of the folders below `parent` in any hierarchy, sorted, each once.
[[nodiscard]] std::vector<std::string> cgroups_below(const std::vector<std::string>& hierarchies,
                                                     const std::string& parent);
// Removes the empty parent everywhere.
void remove_cgroup_parent(const std::vector<std::string>& hierarchies, const std::string& parent);

}  // namespace rp
