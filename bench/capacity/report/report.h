// The report of a capacity run (`rackphone bench`): what was run, on what, and what every step of
// the ramp measured. Plain structs, and JSON both ways. A report file is outside input: reading it
// is strict (every member wanted, none unknown, numbers in range) and bounded, and an error names
// the member by its path ("steps[3].launch_ms.p95"). docs/planning.md describes the format.
// Thread rule: plain values and functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/result.h"

namespace rp {

// Raised by one whenever a reader of the old one would misread the new one.
inline constexpr int kCapacitySchemaVersion = 1;
inline constexpr std::size_t kMaxReportBytes = 4 << 20;
inline constexpr std::size_t kMaxReportSteps = 512;
inline constexpr std::size_t kMaxReportStages = 32;
inline constexpr std::size_t kMaxReportTextBytes = 4096;
inline constexpr int kMaxReportPhones = 1'000'000;

// Of `count` samples; all zero when there were none. p50 ≤ p95 ≤ p99 ≤ max.
struct Quantiles {
  std::uint64_t count = 0;
  double p50 = 0;
  double p95 = 0;
  double p99 = 0;
  double max = 0;
};

struct MachineFacts {
  std::string cpu_model;
  int cores = 1;  // logical CPUs the run could use
  double memory_mib = 0;
  std::string kernel;
};

// A bound that is absent is not held. Each is checked against every step.
struct QualityBounds {
  std::optional<double> input_to_photon_p95_ms;
  std::optional<double> frame_interval_p95_ms;
  std::optional<double> dropped_percent;  // of frames_delivered + frames_dropped
  std::optional<double> launch_p95_ms;
  std::optional<double> memory_percent;  // of the machine's
};

// Zeros: the machine's own loopback, nothing added.
struct NetworkCondition {
  double rate_kbps = 0;  // 0: unlimited
  double delay_ms = 0;   // one way
  double loss_percent = 0;
  // Who made them: "kernel" (htb, netem) or "emulator" (the harness's own link); nothing: loopback,
  // or a report that does not say.
  std::optional<std::string> made_by = {};
};

struct EncoderFacts {
  std::string name;       // "x264"; of a model "model:rk3588"
  bool modelled = false;  // true exactly when the name begins with "model:"
  std::string label;      // of a model: what it stands for, for people; else empty
};

// What was asked of the phones.
struct WorkloadFacts {
  std::string name;        // "office"
  std::string phone_kind;  // "container" or "process"
  std::int32_t width_px = 0;
  std::int32_t height_px = 0;
  std::int32_t refresh_hz = 0;
};

struct StageCpu {
  std::string stage;        // "compose", "encode", …
  double ms_per_frame = 0;  // CPU time a delivered frame
};

// Of all processes of one kind (the engine, or all phones' programs).
struct MemoryFigures {
  double rss_mib = 0;
  double pss_mib = 0;
  double rss_kib_per_session = 0;
  double pss_kib_per_session = 0;
};

struct TrafficFigures {
  double out_kbps = 0;  // server to viewers
  double in_kbps = 0;   // viewers to server
  double out_kbps_per_session = 0;
  double in_kbps_per_session = 0;
};

// The first bound that did not hold. `bound` is the name of a member of QualityBounds, or "served".
struct BrokenBound {
  std::string bound;
  double limit = 0;
  double value = 0;
};

// One count of phones, held for `seconds`. CPU is in percent of one core, but for the machine's.
struct CapacityStep {
  int phones_asked = 0;
  int phones_served = 0;
  double seconds = 0;
  Quantiles launch_ms;
  Quantiles input_to_photon_ms;
  Quantiles frame_interval_ms;
  Quantiles commit_to_received_ms;
  Quantiles frame_bytes;
  std::uint64_t frames_delivered = 0;
  std::uint64_t frames_dropped = 0;
  double engine_cpu_percent = 0;
  double engine_cpu_ms_per_frame = 0;
  std::vector<StageCpu> stages;  // of the engine; may be empty
  double app_cpu_percent = 0;    // the phones' own programs
  double viewer_cpu_percent = 0;
  double machine_cpu_percent = 0;  // 0 to 100, of all its cores: these and the rest
  MemoryFigures engine_memory;
  MemoryFigures app_memory;
  // Of phones in containers: what the kernel charges to each one's cgroup.
  std::optional<Quantiles> phone_cgroup_kib;
  double context_switches_per_s = 0;  // of the engine
  TrafficFigures traffic;
  std::optional<double> watts;
  std::optional<BrokenBound> broken;  // nothing: every bound held
};

enum class CapacityResource { kCpu, kEncoder, kMemory, kNetwork, kDisk, kUnknown };
// "cpu", "encoder", "memory", "network", "disk", "unknown".
[[nodiscard]] std::string_view to_string(CapacityResource resource);

struct Binding {
  CapacityResource resource = CapacityResource::kUnknown;
  std::string why;  // a sentence with the figures behind it
};

struct CapacityReport {
  std::string tool_version;
  std::string time;  // UTC, "2026-11-21T07:31:23Z"
  MachineFacts machine;
  std::string command_line;
  WorkloadFacts workload;
  std::uint64_t seed = 0;
  QualityBounds bounds;
  NetworkCondition network;
  EncoderFacts encoder;
  std::vector<CapacityStep> steps;  // in the order they were run
  std::optional<int> knee_phones;   // most phones at which every bound held; absent: none broke
  std::optional<Binding> binding;   // what keeps the knee where it is
  bool complete = true;             // false: stopped before the ramp was done
};

// Dropped among all frames of the step, 0 when there were none.
[[nodiscard]] double dropped_percent(const CapacityStep& step);

// Of one's own report; text that is not UTF-8 is written as U+FFFD. Ends with a line break.
[[nodiscard]] std::string to_json(const CapacityReport& report);

// kInvalid naming the member at fault, kUnsupported for another schema version, kExhausted for
// more than kMaxReportBytes.
[[nodiscard]] Result<CapacityReport> parse_capacity_report(std::string_view json);

// From and to a file. Writing goes beside it and renames, so that no half report is ever seen, and
// refuses with kInternal what could not be read again (a figure that is not a number).
[[nodiscard]] Result<CapacityReport> read_capacity_report(const std::string& path);
[[nodiscard]] Status write_capacity_report(const CapacityReport& report, const std::string& path);

}  // namespace rp
