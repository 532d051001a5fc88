#include "bench/capacity/report/html.h"

#include <algorithm>
#include <vector>

#include <fmt/format.h>

#include "bench/capacity/report/plot.h"

namespace rp {
namespace {

constexpr const char* kHead = R"(<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="color-scheme" content="light dark">
<title>Rackphone capacity report</title>
<style>
:root { --ground: #ffffff; --ink: #1c2126; --soft: #5a6570; --rule: #d5dadf; --panel: #f4f6f8;
  --s0: #0b5fb0; --s1: #b04a00; --s2: #1a7a3c; --s3: #7a3fb0; --limit: #b3261e; }
@media (prefers-color-scheme: dark) {
  :root { --ground: #14181c; --ink: #e6eaee; --soft: #a2adb8; --rule: #39424b; --panel: #1d2329;
    --s0: #6cb2ff; --s1: #ffab6b; --s2: #77d797; --s3: #c8a2ff; --limit: #ff8a80; } }
body { margin: 0 auto; max-width: 70rem; padding: 1rem; background: var(--ground);
  color: var(--ink); font: 1rem/1.5 system-ui, sans-serif; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.2rem; margin-top: 2rem; }
.warning { border-left: .3rem solid var(--limit); background: var(--panel); padding: .5rem 1rem; }
.plots { display: grid; gap: 1.5rem; grid-template-columns: repeat(auto-fit, minmax(19rem, 1fr)); }
figure { margin: 0; } figcaption { color: var(--soft); font-size: .9rem; }
svg { width: 100%; height: auto; font-size: 13px; } svg text { fill: var(--ink); }
.grid { stroke: var(--rule); } .axis { stroke: var(--soft); }
.limit { stroke: var(--limit); stroke-dasharray: 6 4; }
.knee { stroke: var(--soft); stroke-dasharray: 2 3; }
polyline { fill: none; stroke-width: 2; }
.s0 { --own: var(--s0); } .s1 { --own: var(--s1); } .s2 { --own: var(--s2); } .s3 { --own: var(--s3); }
.s0, .s1, .s2, .s3 { stroke: var(--own); } .name { stroke: none; } svg text.name { fill: var(--own); }
.s1 polyline { stroke-dasharray: 7 3; } .s2 polyline { stroke-dasharray: 2 3; }
.s3 polyline { stroke-dasharray: 9 3 2 3; }
circle.full { fill: var(--own); } circle.hollow { fill: var(--ground); stroke-width: 2; }
.scroll { overflow-x: auto; } .scroll:focus-visible { outline: 2px solid var(--s0); }
table { border-collapse: collapse; font-size: .9rem; font-variant-numeric: tabular-nums; }
caption { text-align: left; font-weight: 600; padding: .5rem 0; }
th, td { padding: .3rem .6rem; border-bottom: 1px solid var(--rule); text-align: right; }
thead th { vertical-align: bottom; color: var(--soft); } td.words { text-align: left; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .2rem 1rem; }
dt { color: var(--soft); } dd { margin: 0; overflow-wrap: anywhere; }
@media (max-width: 30rem) { dl { grid-template-columns: 1fr; } dd { margin-bottom: .5rem; } }
</style>
</head>
<body>
<main>
)";

std::string paragraph(const char* style, const std::string& words) {
  return fmt::format("<p class=\"{}\">{}</p>\n", style, html_escaped(words));
}

std::string number(double value, int digits) { return fmt::format("{:.{}f}", value, digits); }

std::string measured(const Quantiles& quantiles, double value, int digits) {
  return quantiles.count > 0 ? number(value, digits) : "–";
}

// "input to photon p95 was 130 ms, limit 100 ms": units come last in a bound's name.
std::string broken_words(const BrokenBound& broken) {
  std::string name = broken.bound;
  std::string unit;
  if (name.ends_with("_ms")) {
    name.resize(name.size() - 3);
    unit = " ms";
  } else if (name.ends_with("_percent")) {
    name.resize(name.size() - 8);
    unit = " %";
  }
  std::ranges::replace(name, '_', ' ');
  return fmt::format("{} was {:.4g}{}, limit {:g}{}", name, broken.value, unit, broken.limit, unit);
}

// ---- Tables

struct Column {
  const char* head;
  std::string (*cell)(const CapacityStep&);
  bool words = false;
};

using Step = const CapacityStep&;

std::string table(const char* caption, const std::vector<Column>& columns,
                  const std::vector<CapacityStep>& steps) {
  std::string out = fmt::format(
      "<div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-label=\"{}\">\n"
      "<table><caption>{}</caption>\n<thead><tr><th scope=\"col\">Phones</th>",
      caption, caption);
  for (const Column& column : columns) {
    out += fmt::format("<th scope=\"col\">{}</th>", column.head);
  }
  out += "</tr></thead>\n<tbody>\n";
  for (Step step : steps) {
    out += fmt::format("<tr><th scope=\"row\">{}</th>", step.phones_asked);
    for (const Column& column : columns) {
      out += fmt::format("<td{}>{}</td>", column.words ? " class=\"words\"" : "",
                         html_escaped(column.cell(step)));
    }
    out += "</tr>\n";
  }
  return out + "</tbody></table></div>\n";
}

std::string latency_table(const CapacityReport& report) {
  return table(
      "What viewers saw, by number of phones",
      {{"Served", [](Step s) { return std::to_string(s.phones_served); }},
       {"Seconds", [](Step s) { return number(s.seconds, 0); }},
       {"Launch p95, ms", [](Step s) { return measured(s.launch_ms, s.launch_ms.p95, 0); }},
       {"Input to photon p50, ms",
        [](Step s) { return measured(s.input_to_photon_ms, s.input_to_photon_ms.p50, 1); }},
       {"p95, ms",
        [](Step s) { return measured(s.input_to_photon_ms, s.input_to_photon_ms.p95, 1); }},
       {"p99, ms",
        [](Step s) { return measured(s.input_to_photon_ms, s.input_to_photon_ms.p99, 1); }},
       {"Frame interval p95, ms",
        [](Step s) { return measured(s.frame_interval_ms, s.frame_interval_ms.p95, 1); }},
       {"Commit to received p95, ms",
        [](Step s) { return measured(s.commit_to_received_ms, s.commit_to_received_ms.p95, 1); }},
       {"Frames", [](Step s) { return std::to_string(s.frames_delivered); }},
       {"Dropped, %", [](Step s) { return number(dropped_percent(s), 2); }},
       {"Bound broken", [](Step s) { return s.broken ? broken_words(*s.broken) : "none"; }, true}},
      report.steps);
}

std::string cpu_table(const CapacityReport& report) {
  return table(
      "CPU, in percent of one core, by number of phones",
      {{"Engine", [](Step s) { return number(s.engine_cpu_percent, 1); }},
       {"Engine ms a frame", [](Step s) { return number(s.engine_cpu_ms_per_frame, 3); }},
       {"Phones' programs", [](Step s) { return number(s.app_cpu_percent, 1); }},
       {"Viewers", [](Step s) { return number(s.viewer_cpu_percent, 1); }},
       {"Machine, % of all cores", [](Step s) { return number(s.machine_cpu_percent, 1); }},
       {"Context switches a second", [](Step s) { return number(s.context_switches_per_s, 0); }},
       {"Watts", [](Step s) { return s.watts ? number(*s.watts, 1) : std::string("–"); }},
       {"Engine ms a frame by stage",
        [](Step s) {
          std::string words;
          for (const StageCpu& stage : s.stages) {
            words += fmt::format("{}{} {:.3f}", words.empty() ? "" : ", ", stage.stage,
                                 stage.ms_per_frame);
          }
          return words;
        },
        true}},
      report.steps);
}

std::string memory_table(const CapacityReport& report) {
  return table(
      "Memory and network, by number of phones",
      {{"Engine PSS, MiB", [](Step s) { return number(s.engine_memory.pss_mib, 1); }},
       {"Engine RSS, MiB", [](Step s) { return number(s.engine_memory.rss_mib, 1); }},
       {"Engine PSS, KiB a session",
        [](Step s) { return number(s.engine_memory.pss_kib_per_session, 0); }},
       {"Phones PSS, MiB", [](Step s) { return number(s.app_memory.pss_mib, 1); }},
       {"Phones PSS, KiB a session",
        [](Step s) { return number(s.app_memory.pss_kib_per_session, 0); }},
       {"A phone's cgroup p50, KiB",
        [](Step s) {
          return s.phone_cgroup_kib ? measured(*s.phone_cgroup_kib, s.phone_cgroup_kib->p50, 0)
                                    : std::string("–");
        }},
       {"Out, kb/s", [](Step s) { return number(s.traffic.out_kbps, 0); }},
       {"Out, kb/s a session", [](Step s) { return number(s.traffic.out_kbps_per_session, 1); }},
       {"In, kb/s", [](Step s) { return number(s.traffic.in_kbps, 0); }},
       {"In, kb/s a session", [](Step s) { return number(s.traffic.in_kbps_per_session, 1); }},
       {"Bytes a frame p50", [](Step s) { return measured(s.frame_bytes, s.frame_bytes.p50, 0); }},
       {"p95", [](Step s) { return measured(s.frame_bytes, s.frame_bytes.p95, 0); }}},
      report.steps);
}

// ---- Plots

PlotSeries series(const CapacityReport& report, const char* label, double (*value)(Step)) {
  PlotSeries out{label, {}};
  for (Step step : report.steps) {
    out.points.push_back(
        {static_cast<double>(step.phones_asked), value(step), step.broken.has_value()});
  }
  return out;
}

PlotSeries latency_series(const CapacityReport& report, const char* label,
                          double (*value)(const Quantiles&)) {
  PlotSeries out{label, {}};
  for (Step step : report.steps) {
    if (step.input_to_photon_ms.count == 0) continue;
    out.points.push_back({static_cast<double>(step.phones_asked), value(step.input_to_photon_ms),
                          step.broken.has_value()});
  }
  return out;
}

// "p95 goes from 35 with 50 phones to 55 with 250."
std::string in_words(const std::vector<PlotSeries>& all, const char* unit) {
  std::string out;
  for (const PlotSeries& one : all) {
    if (one.points.empty()) continue;
    const auto [first, last] = std::ranges::minmax_element(one.points, {}, &PlotPoint::x);
    out += fmt::format("{} goes from {:.1f} {} with {:.0f} phones to {:.1f} {} with {:.0f}. ",
                       one.label, first->y, unit, first->x, last->y, unit, last->x);
  }
  return out + "The tables below have every figure.";
}

std::string figure(const CapacityReport& report, const char* id, const char* title,
                   const char* unit, std::vector<PlotSeries> all, std::optional<double> limit) {
  Plot plot{.id = id,
            .title = title,
            .description = in_words(all, unit),
            .x_label = "phones",
            .y_label = unit,
            .series = std::move(all),
            .limit = limit,
            .knee = {}};
  if (report.knee_phones) plot.knee = *report.knee_phones;
  return fmt::format("<figure>{}<figcaption>{}</figcaption></figure>\n", svg_of(plot), title);
}

std::string plots(const CapacityReport& report) {
  // In the unit of the others.
  PlotSeries machine = series(report, "machine", [](Step s) { return s.machine_cpu_percent; });
  for (PlotPoint& point : machine.points) point.y *= report.machine.cores;
  std::string out = "<div class=\"plots\">\n";
  out += figure(report, "latency", "Input to photon over number of phones", "ms",
                {latency_series(report, "p95", [](const Quantiles& q) { return q.p95; }),
                 latency_series(report, "p50", [](const Quantiles& q) { return q.p50; })},
                report.bounds.input_to_photon_p95_ms);
  out += figure(report, "cpu", "CPU over number of phones", "% of a core",
                {series(report, "engine", [](Step s) { return s.engine_cpu_percent; }),
                 series(report, "phones", [](Step s) { return s.app_cpu_percent; }),
                 series(report, "viewers", [](Step s) { return s.viewer_cpu_percent; }), machine},
                100.0 * report.machine.cores);
  out += figure(report, "memory", "Memory over number of phones", "MiB",
                {series(report, "engine", [](Step s) { return s.engine_memory.pss_mib; }),
                 series(report, "phones", [](Step s) { return s.app_memory.pss_mib; })},
                {});
  return out + "</div>\n<p>A ring marks a step in which a bound broke.</p>\n";
}

// ---- What was run

std::string bounds_words(const QualityBounds& bounds) {
  std::string out;
  const auto add = [&out](const char* name, const std::optional<double>& limit, const char* unit) {
    if (!limit) return;
    out += fmt::format("{}{} {:g} {}", out.empty() ? "" : ", ", name, *limit, unit);
  };
  add("input to photon p95", bounds.input_to_photon_p95_ms, "ms");
  add("frame interval p95", bounds.frame_interval_p95_ms, "ms");
  add("dropped frames", bounds.dropped_percent, "%");
  add("launch p95", bounds.launch_p95_ms, "ms");
  add("memory", bounds.memory_percent, "%");
  return out.empty() ? "none" : out;
}

std::string facts(const CapacityReport& r) {
  const std::string network =
      fmt::format("{}, {:g} ms delay, {:g} % loss{}",
                  r.network.rate_kbps > 0 ? fmt::format("{:g} kb/s", r.network.rate_kbps)
                                          : std::string("no rate limit"),
                  r.network.delay_ms, r.network.loss_percent,
                  r.network.made_by ? ", made by the " + *r.network.made_by : std::string());
  const std::vector<std::pair<const char*, std::string>> rows = {
      {"Time", r.time},
      {"Machine", fmt::format("{}, {} cores, {:.0f} MiB", r.machine.cpu_model, r.machine.cores,
                              r.machine.memory_mib)},
      {"Kernel", r.machine.kernel},
      {"Rackphone", r.tool_version},
      {"Command", r.command_line},
      {"Workload", fmt::format("{}, seed {}; phones of {}x{} at {} Hz, run as {}", r.workload.name,
                               r.seed, r.workload.width_px, r.workload.height_px,
                               r.workload.refresh_hz, r.workload.phone_kind)},
      {"Encoder", r.encoder.modelled
                      ? fmt::format("{} (a model: {})", r.encoder.name, r.encoder.label)
                      : r.encoder.name},
      {"Network", network},
      {"Quality bounds", bounds_words(r.bounds)}};
  std::string out = "<dl>\n";
  for (const auto& [name, value] : rows) {
    out += fmt::format("<dt>{}</dt><dd>{}</dd>\n", name, html_escaped(value));
  }
  return out + "</dl>\n";
}

const CapacityStep* first_broken(const CapacityReport& report) {
  const CapacityStep* first = nullptr;
  for (Step step : report.steps) {
    if (!step.broken || (report.knee_phones && step.phones_asked <= *report.knee_phones)) continue;
    if (first == nullptr || step.phones_asked < first->phones_asked) first = &step;
  }
  return first;
}

}  // namespace

std::string summary_of(const CapacityReport& report) {
  std::string out;
  int most_held = 0;
  for (Step step : report.steps) {
    if (!step.broken) most_held = std::max(most_held, step.phones_served);
  }
  if (report.knee_phones) {
    out = fmt::format("The knee is at {} phones: the most at which every quality bound held.",
                      *report.knee_phones);
  } else if (most_held > 0) {
    out =
        fmt::format("No knee was found: every quality bound held with up to {} phones.", most_held);
  } else {
    out = "No step held every quality bound.";
  }
  if (const CapacityStep* step = first_broken(report)) {
    out += fmt::format(" With {} phones {}.", step->phones_asked, broken_words(*step->broken));
  }
  if (report.binding) {
    out += fmt::format(" What binds: {}", to_string(report.binding->resource));
    out += report.binding->why.empty() ? "." : fmt::format(" ({}).", report.binding->why);
  }
  return out;
}

std::string to_html(const CapacityReport& report) {
  std::string out = kHead;
  out += fmt::format("<h1>Capacity of one server: workload {}</h1>\n",
                     html_escaped(report.workload.name));
  if (report.encoder.modelled) {
    out += paragraph("warning", "Model, not a measurement of an encoder: " + report.encoder.name +
                                    " stands for " + report.encoder.label +
                                    ". Its pictures are placeholders, so bytes are too low.");
  }
  if (!report.complete) {
    out += paragraph("warning", "The run was stopped early; this is what was done until then.");
  }
  out += paragraph("summary", summary_of(report));
  out += "<h2>Plots</h2>\n" + plots(report);
  out += "<h2>Steps</h2>\n" + latency_table(report) + cpu_table(report) + memory_table(report);
  out += "<h2>What was run</h2>\n" + facts(report);
  return out + "</main>\n</body>\n</html>\n";
}

}  // namespace rp
