#include "bench/capacity/trace/workload.h"

#include <string>

namespace rp {
namespace {

constexpr std::array<std::string_view, kActivities> kNames = {
    "idle", "reading", "typing", "messaging", "video", "switching", "camera"};

constexpr Workload alone(Activity activity, double mean_dwell_s) {
  const auto index = static_cast<std::size_t>(activity);
  Workload workload{kNames[index], {}};
  workload.mix[index] = {1.0, mean_dwell_s};
  return workload;
}

constexpr std::array<Workload, 8> kWorkloads = {{
    {"office",
     {{{0.70, 60}, {0.15, 60}, {0.05, 30}, {0.05, 45}, {0.03, 60}, {0.01, 10}, {0.01, 20}}}},
    alone(Activity::kIdle, 60),
    alone(Activity::kReading, 60),
    alone(Activity::kTyping, 30),
    alone(Activity::kMessaging, 45),
    alone(Activity::kVideo, 60),
    alone(Activity::kSwitching, 10),
    alone(Activity::kCamera, 20),
}};

}  // namespace

std::string_view to_string(Activity activity) { return kNames[static_cast<std::size_t>(activity)]; }

std::span<const Workload> workloads() { return kWorkloads; }

Result<Workload> find_workload(std::string_view name) {
  std::string known;
  for (const Workload& workload : kWorkloads) {
    if (workload.name == name) return workload;
    known += (known.empty() ? "" : ", ") + std::string(workload.name);
  }
  return fail(ErrorCode::kNotFound,
              "there is no workload '" + std::string(name) + "'; there are " + known);
}

}  // namespace rp
