#include "bench/capacity/host/process_stats.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>

#include <fmt/core.h>

namespace rp {
namespace {

namespace fs = std::filesystem;

std::optional<std::string> read_text(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return std::nullopt;
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::uint64_t number_after(std::string_view text, std::string_view name) {
  const std::size_t at = text.find(name);
  if (at == std::string_view::npos) return 0;
  text.remove_prefix(at + name.size());
  text.remove_prefix(std::min(text.find_first_not_of(" \t:"), text.size()));
  std::uint64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

}  // namespace

Result<ProcessUsage> read_usage(pid_t pid) {
  ProcessUsage usage;
  std::error_code error;
  for (const auto& task : fs::directory_iterator(fmt::format("/proc/{}/task", pid), error)) {
    // schedstat counts nanoseconds on the CPU, stat only clock ticks.
    const auto schedstat = read_text(task.path() / "schedstat");
    const auto status = read_text(task.path() / "status");
    const auto name = read_text(task.path() / "comm");
    if (!schedstat || !status || !name) continue;  // it ended meanwhile
    ThreadUsage thread;
    thread.id = static_cast<pid_t>(number_after(task.path().filename().string(), ""));
    thread.name = name->substr(0, name->find('\n'));
    thread.cpu = Duration(static_cast<std::int64_t>(number_after(*schedstat, "") / 1'000));
    usage.cpu += thread.cpu;
    usage.context_switches += number_after(*status, "\nvoluntary_ctxt_switches") +
                              number_after(*status, "nonvoluntary_ctxt_switches");
    usage.threads.push_back(std::move(thread));
  }
  if (error || usage.threads.empty())
    return fail(ErrorCode::kNotFound, fmt::format("read the usage of process {}", pid));
  return usage;
}

std::optional<std::uint64_t> find_kib(std::string_view text, std::string_view name) {
  std::size_t line = 0;
  while (line < text.size()) {
    const std::size_t end = std::min(text.find('\n', line), text.size());
    const std::string_view row = text.substr(line, end - line);
    if (row.starts_with(name) && row.size() > name.size() && row[name.size()] == ':')
      return number_after(row, name);
    line = end + 1;
  }
  return std::nullopt;
}

Result<ProcessMemory> parse_smaps_rollup(std::string_view text) {
  const auto rss = find_kib(text, "Rss");
  const auto pss = find_kib(text, "Pss");
  if (!rss || !pss) return fail(ErrorCode::kInvalid, "smaps_rollup has no Rss or Pss");
  return ProcessMemory{*rss, *pss};
}

Result<ProcessMemory> read_memory(pid_t pid) {
  const auto text = read_text(fmt::format("/proc/{}/smaps_rollup", pid));
  if (!text) return fail(ErrorCode::kNotFound, fmt::format("read the memory of process {}", pid));
  return parse_smaps_rollup(*text);
}

Result<MachineUsage> parse_stat(std::string_view text) {
  if (!text.starts_with("cpu ")) return fail(ErrorCode::kInvalid, "/proc/stat has no line cpu");
  // user nice system idle iowait irq softirq steal; guest times are inside user's.
  std::istringstream words(std::string(text.substr(4, text.find('\n') - 4)));
  const std::vector<std::uint64_t> ticks{std::istream_iterator<std::uint64_t>(words), {}};
  if (ticks.size() < 8) return fail(ErrorCode::kInvalid, "/proc/stat's line cpu is short");
  MachineUsage usage;
  for (std::size_t i = 0; i < 8; ++i) usage.total += ticks[i];
  usage.waiting_for_disk = ticks[4];
  usage.busy = usage.total - ticks[3] - ticks[4];
  return usage;
}

Result<MachineUsage> read_machine() {
  const auto text = read_text("/proc/stat");
  if (!text) return fail_errno("read /proc/stat");
  return parse_stat(*text);
}

std::uint64_t machine_memory_kib(std::string_view name) {
  const auto text = read_text("/proc/meminfo");
  return text ? find_kib(*text, name).value_or(0) : 0;
}

std::vector<PackageEnergy> read_package_energy(const std::string& root) {
  std::vector<PackageEnergy> zones;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(root, error)) {
    // intel-rapl:0 is a package (AMD's, too), intel-rapl:0:0 a part of it, intel-rapl-mmio:0 the
    // same package seen another way.
    const std::string name = entry.path().filename().string();
    if (!name.starts_with("intel-rapl:") || name.find(':', 11) != std::string::npos) continue;
    // "psys" is the whole platform, its packages included.
    if (read_text(entry.path() / "name").value_or("").starts_with("psys")) continue;
    const auto energy = read_text(entry.path() / "energy_uj");
    const auto most = read_text(entry.path() / "max_energy_range_uj");
    if (!energy || energy->empty()) continue;
    zones.push_back({name, number_after(*energy, ""), most ? number_after(*most, "") : 0});
  }
  std::ranges::sort(zones, {}, &PackageEnergy::zone);
  return zones;
}

std::optional<double> energy_used_uj(const std::vector<PackageEnergy>& before,
                                     const std::vector<PackageEnergy>& after) {
  if (before.empty() || before.size() != after.size()) return std::nullopt;
  double used = 0;
  for (std::size_t i = 0; i < before.size(); ++i) {
    if (before[i].zone != after[i].zone) return std::nullopt;
    used += static_cast<double>(after[i].energy_uj) - static_cast<double>(before[i].energy_uj);
    if (after[i].energy_uj < before[i].energy_uj) {
      if (after[i].max_energy_uj < before[i].energy_uj) return std::nullopt;
      used += static_cast<double>(after[i].max_energy_uj);
    }
  }
  return used;
}

}  // namespace rp
