// One step of a capacity run: a fresh engine, so many phones and viewers, a settled while of
// measuring, and everything ended again. Thread rule: one thread; blocks.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "bench/capacity/host/bench_folder.h"
#include "bench/capacity/host/load_containers.h"
#include "bench/capacity/report/report.h"
#include "bench/capacity/run/stop.h"
#include "bench/capacity/trace/workload.h"
#include "engine/frame/geometry.h"

namespace rp {

struct StepOptions {
  const BenchFolder* folder = nullptr;   // of the run; borrowed
  LoadContainers* containers = nullptr;  // borrowed; null: phones are bare processes
  std::string engine_program;
  std::string app_program;
  std::string encoder;
  std::vector<std::string> engine_options;
  NetworkCondition network;
  Workload workload;
  std::uint64_t seed = 1;
  int phones = 1;
  Size display{720, 1280};
  std::chrono::seconds measure{30};
  double launches_per_s = 25;
  Duration display_delay = std::chrono::milliseconds(11);
};

// More of a step than its report keeps: what names the resource that binds.
struct StepFindings {
  CapacityStep step;
  std::string encoder;                // the engine's choice
  std::string network_made_by;        // "kernel", "emulator"; empty: loopback
  double busiest_thread_percent = 0;  // of one core, among the engine's
  std::string busiest_thread;
  double disk_wait_percent = 0;    // of the machine's CPU time
  double memory_used_percent = 0;  // of the machine's memory
  std::string first_failure;       // why the first viewer that ended did
};

// One line about where the run is; called about once a second.
using StepProgress = std::function<void(const std::string&)>;

// kUnavailable when engine or apps cannot be started. Stopped early, it gives what was measured so
// far; kClosed when that is nothing.
[[nodiscard]] Result<StepFindings> run_step(const StepOptions& options, StopSignal& stop,
                                            const StepProgress& progress);

}  // namespace rp
