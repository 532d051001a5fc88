#include "bench/capacity/report/compare.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>

#include <fmt/format.h>

namespace rp {
namespace {

// How one figure of a step is read and judged.
struct Figure {
  std::string_view name;
  // Nothing when the step has no such measurement.
  std::optional<double> (*of)(const CapacityStep&);
  double noise_floor;  // in the figure's unit: a smaller difference never counts
  bool more_is_better = false;
};

std::optional<double> p95(const Quantiles& q) {
  return q.count > 0 ? std::optional(q.p95) : std::nullopt;
}

std::optional<double> per_frame(const CapacityStep& s, double value) {
  return s.frames_delivered > 0 ? std::optional(value) : std::nullopt;
}

using Step = const CapacityStep&;
constexpr std::array kFigures = {
    Figure{"phones_served", [](Step s) { return std::optional<double>(s.phones_served); }, 0.5,
           true},
    Figure{"launch_p95_ms", [](Step s) { return p95(s.launch_ms); }, 20},
    Figure{"input_to_photon_p95_ms", [](Step s) { return p95(s.input_to_photon_ms); }, 2},
    Figure{"frame_interval_p95_ms", [](Step s) { return p95(s.frame_interval_ms); }, 2},
    Figure{"commit_to_received_p95_ms", [](Step s) { return p95(s.commit_to_received_ms); }, 1},
    Figure{"frame_p95_bytes", [](Step s) { return p95(s.frame_bytes); }, 200},
    Figure{"dropped_percent", [](Step s) { return std::optional(dropped_percent(s)); }, 0.5},
    Figure{"engine_cpu_percent", [](Step s) { return std::optional(s.engine_cpu_percent); }, 1},
    Figure{"engine_cpu_ms_per_frame",
           [](Step s) { return per_frame(s, s.engine_cpu_ms_per_frame); }, 0.05},
    Figure{"engine_pss_kib_per_session",
           [](Step s) { return std::optional(s.engine_memory.pss_kib_per_session); }, 128},
    Figure{"phone_pss_kib_per_session",
           [](Step s) { return std::optional(s.app_memory.pss_kib_per_session); }, 256},
    Figure{"context_switches_per_s", [](Step s) { return std::optional(s.context_switches_per_s); },
           50},
    Figure{"out_kbps_per_session",
           [](Step s) { return std::optional(s.traffic.out_kbps_per_session); }, 2},
};

Verdict judge(double before, double after, double noise_floor, bool more_is_better,
              double tolerance_percent) {
  const double allowed = std::max(noise_floor, std::abs(before) * tolerance_percent / 100);
  const double loss = more_is_better ? before - after : after - before;
  if (loss > allowed) return Verdict::kWorse;
  return loss < -allowed ? Verdict::kBetter : Verdict::kSame;
}

// Mean over the steps of one count that have the figure.
std::optional<double> mean(const std::vector<const CapacityStep*>& steps, const Figure& figure) {
  double sum = 0;
  int count = 0;
  for (const CapacityStep* step : steps) {
    const auto value = figure.of(*step);
    if (!value) continue;
    sum += *value;
    ++count;
  }
  return count > 0 ? std::optional(sum / count) : std::nullopt;
}

using StepsByPhones = std::map<int, std::vector<const CapacityStep*>>;
StepsByPhones by_phones(const CapacityReport& report) {
  StepsByPhones steps;
  for (const CapacityStep& step : report.steps) steps[step.phones_asked].push_back(&step);
  return steps;
}

std::string describe(const CapacityReport& r) {
  return fmt::format("{}, {} phones of {}x{} at {} Hz, encoder {}, network {} kb/s {} ms {} % loss",
                     r.workload.name, r.workload.phone_kind, r.workload.width_px,
                     r.workload.height_px, r.workload.refresh_hz, r.encoder.name,
                     r.network.rate_kbps, r.network.delay_ms, r.network.loss_percent);
}

bool same_bounds(const QualityBounds& a, const QualityBounds& b) {
  return a.input_to_photon_p95_ms == b.input_to_photon_p95_ms &&
         a.frame_interval_p95_ms == b.frame_interval_p95_ms &&
         a.dropped_percent == b.dropped_percent && a.launch_p95_ms == b.launch_p95_ms &&
         a.memory_percent == b.memory_percent;
}

void compare_knees(const CapacityReport& before, const CapacityReport& after,
                   double tolerance_percent, ReportComparison& out) {
  if (!same_bounds(before.bounds, after.bounds)) {
    out.notes.emplace_back("the quality bounds differ, so the knees are not compared");
    return;
  }
  if (!before.knee_phones || !after.knee_phones) {
    out.notes.emplace_back("a report has no knee, so the knees are not compared");
    return;
  }
  const double old_knee = *before.knee_phones;
  const double new_knee = *after.knee_phones;
  out.figures.push_back({0, "knee_phones", old_knee, new_knee,
                         judge(old_knee, new_knee, 1, true, tolerance_percent)});
}

void note_differences(const CapacityReport& a, const CapacityReport& b, ReportComparison& out) {
  if (a.machine.cpu_model != b.machine.cpu_model || a.machine.cores != b.machine.cores) {
    out.notes.push_back(fmt::format("the machines differ: {} with {} cores, {} with {} cores",
                                    a.machine.cpu_model, a.machine.cores, b.machine.cpu_model,
                                    b.machine.cores));
  }
  if (a.seed != b.seed) {
    out.notes.push_back(fmt::format("the seeds differ: {} and {}", a.seed, b.seed));
  }
  if (a.network.made_by != b.network.made_by) {
    out.notes.push_back(fmt::format("the links were made differently: by {}, by {}",
                                    a.network.made_by.value_or("nobody"),
                                    b.network.made_by.value_or("nobody")));
  }
  if (!a.complete) out.notes.emplace_back("the old report's run was stopped early");
  if (!b.complete) out.notes.emplace_back("the new report's run was stopped early");
  if (a.encoder.modelled) {
    out.notes.push_back("both reports are of a modelled encoder: " + a.encoder.label);
  }
}

}  // namespace

std::string_view to_string(Verdict verdict) {
  switch (verdict) {
    case Verdict::kSame:
      return "same";
    case Verdict::kBetter:
      return "better";
    case Verdict::kWorse:
      return "worse";
  }
  return "same";
}

std::optional<double> FigureChange::ratio() const {
  return before > 0 ? std::optional(after / before) : std::nullopt;
}

bool ReportComparison::regressed() const {
  return std::ranges::any_of(
      figures, [](const FigureChange& change) { return change.verdict == Verdict::kWorse; });
}

Result<ReportComparison> compare_reports(const CapacityReport& before, const CapacityReport& after,
                                         double tolerance_percent) {
  if (describe(before) != describe(after)) {
    return fail(ErrorCode::kInvalid,
                fmt::format("the reports did not measure the same thing: the old one {}; the new "
                            "one {}",
                            describe(before), describe(after)));
  }
  ReportComparison out;
  note_differences(before, after, out);
  compare_knees(before, after, tolerance_percent, out);
  const StepsByPhones old_steps = by_phones(before);
  const StepsByPhones new_steps = by_phones(after);
  for (const auto& [phones, old_ones] : old_steps) {
    const auto found = new_steps.find(phones);
    if (found == new_steps.end()) continue;
    for (const Figure& figure : kFigures) {
      const auto was = mean(old_ones, figure);
      const auto is = mean(found->second, figure);
      if (!was || !is) continue;
      out.figures.push_back(
          {phones, figure.name, *was, *is,
           judge(*was, *is, figure.noise_floor, figure.more_is_better, tolerance_percent)});
    }
  }
  if (out.figures.empty()) {
    return fail(ErrorCode::kInvalid,
                "the reports share no figure: measure at least one same number of phones");
  }
  return out;
}

}  // namespace rp
