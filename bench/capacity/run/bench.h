// A whole capacity run: `rackphone bench`. A fixed number of phones is one step; a ramp is many, to
// the knee. docs/capacity.md says what is simulated and what is measured. Thread rule: one thread,
// the process's first; blocks.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "bench/capacity/report/report.h"
#include "bench/capacity/run/judge.h"
#include "bench/capacity/run/step.h"
#include "bench/capacity/run/stop.h"

namespace rp {

enum class PhonesAs {
  kBest,        // containers where they can be made, bare processes otherwise, which is said
  kContainers,  // or an error
  kProcesses,
};

struct BenchOptions {
  std::string workload = "office";
  int phones = 10;  // of a ramp: where it starts
  int most_phones = 2000;
  PhonesAs phones_as = PhonesAs::kBest;
  std::chrono::seconds measure{30};
  std::uint64_t seed = 1;
  bool ramp = false;
  std::string encoder;
  NetworkCondition network;
  double launches_per_s = 0;  // 0: 25, of containers 4
  QualityBounds bounds = default_bounds();
  Duration display_delay = std::chrono::milliseconds(11);
  std::string engine_program;  // empty: beside this program
  std::string app_program;
  std::vector<std::string> engine_options;
  std::string command_line;
};

struct BenchEvents {
  StepProgress progress;                           // where it is, about once a second
  std::function<void(const CapacityStep&)> step;   // each step as it is done
  std::function<void(const std::string&)> notice;  // what a person should know: a sentence
};

// The report, of a stopped run marked as not complete. An error when not one step was measured.
[[nodiscard]] Result<CapacityReport> run_bench(const BenchOptions& options, StopSignal& stop,
                                               const BenchEvents& events);

}  // namespace rp
