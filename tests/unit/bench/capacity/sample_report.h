// A report with every member set to a value of its own, for the tests of its readers.
#pragma once

#include "bench/capacity/report/report.h"

namespace rp {

inline CapacityStep sample_step(int phones) {
  const double n = phones;
  CapacityStep step;
  step.phones_asked = phones;
  step.phones_served = phones;
  step.seconds = 60;
  step.launch_ms = {static_cast<std::uint64_t>(phones), 210, 320, 380, 400};
  step.input_to_photon_ms = {5000, 18, 30 + n / 10, 60 + n / 10, 100 + n / 10};
  step.frame_interval_ms = {60'000, 33.3, 35.1, 40.5, 66.7};
  step.commit_to_received_ms = {60'000, 4, 8, 12, 31};
  step.frame_bytes = {60'000, 900, 4000, 16'000, 48'000};
  step.frames_delivered = 60'000;
  step.frames_dropped = 600;
  step.engine_cpu_percent = n * 0.4;
  step.engine_cpu_ms_per_frame = 0.75;
  step.stages = {{"compose", 0.25}, {"encode", 0.5}};
  step.app_cpu_percent = n * 0.1;
  step.viewer_cpu_percent = n * 0.05;
  step.machine_cpu_percent = n * 0.3;
  step.engine_memory = {100 + n, 90 + n, 1024, 1000};
  step.app_memory = {n * 8, n * 2, 8192, 2048};
  step.context_switches_per_s = n * 30;
  step.traffic = {n * 100, n * 4, 100, 4};
  return step;
}

inline CapacityReport sample_report() {
  CapacityReport report;
  report.tool_version = "0.1.0";
  report.time = "2026-11-21T07:31:23Z";
  report.machine = {"Example CPU @ 2 GHz", 2, 24'576, "Linux 6.1.0"};
  report.command_line = "rackphone bench --workload office";
  report.workload = {"office", "process", 720, 1280, 30};
  report.seed = 7;
  report.bounds = {100, 50, 5, 5000, 90};
  report.network = {10'000, 20, 0.5, "kernel"};
  report.encoder = {"x264", false, ""};
  for (const int phones : {50, 100, 200, 250}) report.steps.push_back(sample_step(phones));
  report.steps[1].watts = 41.5;
  report.steps[2].phone_cgroup_kib = Quantiles{200, 8400, 8600, 8700, 30'000};
  report.steps[3].broken = BrokenBound{"input_to_photon_p95_ms", 100, 130};
  report.knee_phones = 200;
  report.binding = Binding{CapacityResource::kCpu, "195 % of 200 % of CPU in use"};
  return report;
}

}  // namespace rp
