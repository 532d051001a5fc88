#include "engine/shard/machine_meter.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <charconv>

namespace rp {
namespace {

// Leaves `text` behind the number; none when there is none.
std::optional<std::uint64_t> take_number(std::string_view& text) {
  text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc()) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return value;
}

template <std::size_t Size>
std::string_view read_start(const UniqueFd& fd, std::array<char, Size>& buffer) {
  const ssize_t got = ::pread(fd.get(), buffer.data(), buffer.size(), 0);
  return {buffer.data(), got > 0 ? static_cast<std::size_t>(got) : 0};
}

}  // namespace

// "cpu  user nice system idle iowait irq softirq steal guest guest_nice"; guests are in user and
// nice already.
std::optional<CpuTicks> parse_cpu_ticks(std::string_view text) {
  if (!text.starts_with("cpu ")) return std::nullopt;
  text.remove_prefix(4);
  CpuTicks ticks;
  for (int field = 0; field < 8; ++field) {
    const auto value = take_number(text);
    if (!value) return std::nullopt;
    ticks.all += *value;
    if (field != 3 && field != 4) ticks.busy += *value;
  }
  return ticks;
}

std::optional<std::uint64_t> parse_available_bytes(std::string_view text) {
  constexpr std::string_view kName = "MemAvailable:";
  const auto at = text.find(kName);
  if (at == std::string_view::npos) return std::nullopt;
  text.remove_prefix(at + kName.size());
  const auto kib = take_number(text);
  if (!kib || !text.starts_with(" kB")) return std::nullopt;
  return *kib * 1024;
}

Result<MachineMeter> MachineMeter::create() {
  MachineMeter meter;
  meter.stat_ = UniqueFd(::open("/proc/stat", O_RDONLY | O_CLOEXEC));
  if (!meter.stat_) return fail_errno("open /proc/stat");
  meter.meminfo_ = UniqueFd(::open("/proc/meminfo", O_RDONLY | O_CLOEXEC));
  if (!meter.meminfo_) return fail_errno("open /proc/meminfo");
  return meter;
}

std::optional<MachineLoad> MachineMeter::look() {
  std::array<char, 1024> buffer;
  const auto ticks = parse_cpu_ticks(read_start(stat_, buffer));
  const auto available = parse_available_bytes(read_start(meminfo_, buffer));
  if (!ticks || !available) return std::nullopt;
  MachineLoad load;
  load.memory_available_bytes = *available;
  if (before_.all != 0 && ticks->all > before_.all && ticks->busy >= before_.busy) {
    load.cpu_busy = static_cast<double>(ticks->busy - before_.busy) /
                    static_cast<double>(ticks->all - before_.all);
  }
  before_ = *ticks;
  return load;
}

}  // namespace rp
