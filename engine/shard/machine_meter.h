// MachineMeter: how full the machine is, apps and all: the share of all cores that was busy since
// the last look, and the memory that is left. From /proc/stat and /proc/meminfo (proc(5)), kept
// open. Thread rule: one thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "engine/base/unique_fd.h"

namespace rp {

struct MachineLoad {
  double cpu_busy = 0;                       // 0–1 of all cores; 0 at the first look
  std::uint64_t memory_available_bytes = 0;  // without swapping
};

// Jiffies of all cores since the start, of /proc/stat's first line. None: it is not as expected.
struct CpuTicks {
  std::uint64_t busy = 0;
  std::uint64_t all = 0;
};
[[nodiscard]] std::optional<CpuTicks> parse_cpu_ticks(std::string_view proc_stat);
[[nodiscard]] std::optional<std::uint64_t> parse_available_bytes(std::string_view proc_meminfo);

class MachineMeter {
 public:
  [[nodiscard]] static Result<MachineMeter> create();
  // None: the system does not say (a container that hides them).
  [[nodiscard]] std::optional<MachineLoad> look();

 private:
  UniqueFd stat_;
  UniqueFd meminfo_;
  CpuTicks before_;
};

}  // namespace rp
