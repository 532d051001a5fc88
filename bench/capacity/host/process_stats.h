// What processes and the machine use, read from /proc (proc(5)) and the power meters of powercap.
// Thread rule: any thread.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/clock.h"
#include "engine/base/result.h"

namespace rp {

struct ThreadUsage {
  pid_t id = 0;
  std::string name;
  Duration cpu{0};
};

struct ProcessUsage {
  std::vector<ThreadUsage> threads;  // those that are there now
  Duration cpu{0};                   // of them together
  std::uint64_t context_switches = 0;
};
[[nodiscard]] Result<ProcessUsage> read_usage(pid_t pid);

struct ProcessMemory {
  std::uint64_t rss_kib = 0;
  std::uint64_t pss_kib = 0;  // shared pages divided among those who share them
};
[[nodiscard]] Result<ProcessMemory> read_memory(pid_t pid);
// Of the text of /proc/PID/smaps_rollup.
[[nodiscard]] Result<ProcessMemory> parse_smaps_rollup(std::string_view text);

struct MachineUsage {
  std::uint64_t busy = 0;  // clock ticks of all CPUs since boot
  std::uint64_t waiting_for_disk = 0;
  std::uint64_t total = 0;
};
[[nodiscard]] Result<MachineUsage> read_machine();
// Of the text of /proc/stat.
[[nodiscard]] Result<MachineUsage> parse_stat(std::string_view text);

// The value of a line "Name:   123 kB" of /proc/meminfo, PID/status or PID/smaps_rollup.
[[nodiscard]] std::optional<std::uint64_t> find_kib(std::string_view text, std::string_view name);
// "MemTotal" or "MemAvailable" of /proc/meminfo.
[[nodiscard]] std::uint64_t machine_memory_kib(std::string_view name);

// The power meters of powercap (Linux, Documentation/power/powercap), one a CPU package.
inline constexpr const char* kPowercap = "/sys/class/powercap";
struct PackageEnergy {
  std::string zone;
  std::uint64_t energy_uj = 0;      // used so far; wraps around, in minutes to hours
  std::uint64_t max_energy_uj = 0;  // the value it wraps after
};
// Empty where no meter can be read.
[[nodiscard]] std::vector<PackageEnergy> read_package_energy(const std::string& root = kPowercap);
// What was used between two readings; nothing when there is no meter, or not the same ones. A meter
// may have wrapped once.
[[nodiscard]] std::optional<double> energy_used_uj(const std::vector<PackageEnergy>& before,
                                                   const std::vector<PackageEnergy>& after);

}  // namespace rp
