#include "bench/capacity/run/judge.h"

#include <algorithm>

#include <fmt/core.h>

namespace rp {
namespace {

// Shares at which a resource counts as used up. CPU below 100 % on average is full at times, which
// is when frames wait.
constexpr double kFullCpu_percent = 85;
constexpr double kFullThread_percent = 85;
constexpr double kFullMemory_percent = 92;
constexpr double kFullDisk_percent = 20;
constexpr double kFullLink_percent = 85;

}  // namespace

double others_cpu_percent(const CapacityStep& step, int cores) {
  const double ours = step.engine_cpu_percent + step.app_cpu_percent + step.viewer_cpu_percent;
  return std::max(0.0, step.machine_cpu_percent * cores - ours);
}

QualityBounds default_bounds() {
  QualityBounds bounds;
  bounds.input_to_photon_p95_ms = 100;
  bounds.frame_interval_p95_ms = 50;
  bounds.memory_percent = 95;
  return bounds;
}

std::optional<BrokenBound> judge(const QualityBounds& bounds, const StepFindings& findings) {
  const CapacityStep& step = findings.step;
  if (step.phones_served < step.phones_asked) {
    return BrokenBound{"served", static_cast<double>(step.phones_asked),
                       static_cast<double>(step.phones_served)};
  }
  const auto over = [](const char* name, const std::optional<double>& limit,
                       double value) -> std::optional<BrokenBound> {
    if (!limit || value <= *limit) return std::nullopt;
    return BrokenBound{name, *limit, value};
  };
  if (auto broken = over("input_to_photon_p95_ms", bounds.input_to_photon_p95_ms,
                         step.input_to_photon_ms.p95))
    return broken;
  if (auto broken =
          over("frame_interval_p95_ms", bounds.frame_interval_p95_ms, step.frame_interval_ms.p95))
    return broken;
  if (auto broken = over("dropped_percent", bounds.dropped_percent, dropped_percent(step)))
    return broken;
  if (auto broken = over("launch_p95_ms", bounds.launch_p95_ms, step.launch_ms.p95)) return broken;
  return over("memory_percent", bounds.memory_percent, findings.memory_used_percent);
}

namespace {

Binding used_up(const StepFindings& findings, const NetworkCondition& network, int cores) {
  const CapacityStep& step = findings.step;
  if (findings.memory_used_percent >= kFullMemory_percent) {
    return {CapacityResource::kMemory, fmt::format("{:.0f} % of the machine's memory is in use",
                                                   findings.memory_used_percent)};
  }
  const double carried =
      network.rate_kbps > 0 ? 100 * step.traffic.out_kbps_per_session / network.rate_kbps : 0;
  if (carried >= kFullLink_percent) {
    return {CapacityResource::kNetwork,
            fmt::format("each session carries {:.0f} of its {:.0f} kb/s",
                        step.traffic.out_kbps_per_session, network.rate_kbps)};
  }
  if (step.machine_cpu_percent >= kFullCpu_percent) {
    return {
        CapacityResource::kCpu,
        fmt::format("{} cores are {:.0f} % busy: engine {:.0f} %, apps {:.0f} %, viewers "
                    "{:.0f} %, others {:.0f} % of one core",
                    cores, step.machine_cpu_percent, step.engine_cpu_percent, step.app_cpu_percent,
                    step.viewer_cpu_percent, others_cpu_percent(step, cores))};
  }
  if (findings.busiest_thread_percent >= kFullThread_percent) {
    const bool encoder = findings.busiest_thread.find("encode") != std::string::npos;
    return {encoder ? CapacityResource::kEncoder : CapacityResource::kCpu,
            fmt::format("the engine's thread {} uses {:.0f} % of a core, while the machine is "
                        "{:.0f} % busy",
                        findings.busiest_thread, findings.busiest_thread_percent,
                        step.machine_cpu_percent)};
  }
  if (findings.disk_wait_percent >= kFullDisk_percent) {
    return {CapacityResource::kDisk, fmt::format("the CPUs wait {:.0f} % of the time for disks",
                                                 findings.disk_wait_percent)};
  }
  return {CapacityResource::kUnknown,
          fmt::format("nothing is used up: CPU {:.0f} %, busiest engine thread {} {:.0f} %, memory "
                      "{:.0f} %",
                      step.machine_cpu_percent, findings.busiest_thread,
                      findings.busiest_thread_percent, findings.memory_used_percent)};
}

}  // namespace

Binding find_binding(const StepFindings& findings, const NetworkCondition& network, int cores) {
  Binding found = used_up(findings, network, cores);
  if (!findings.first_failure.empty())
    found.why += "; the first viewer that was turned away or lost: " + findings.first_failure;
  return found;
}

}  // namespace rp
