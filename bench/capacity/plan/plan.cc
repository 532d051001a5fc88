#include "bench/capacity/plan/plan.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

namespace rp {
namespace {

constexpr std::int64_t kMaxUsers = 1'000'000'000;
constexpr int kMaxSpare = 1000;
constexpr double kMaxHeadroom_percent = 95;
constexpr double kMaxRetention_days = 36'500;
constexpr double kHoursADay = 24;
constexpr double kShortStep_s = 30;
constexpr double kOthers_percent = 10;  // of the machine, for the system's own work
// Products of decimal fractions miss whole numbers by less than this.
constexpr double kRoundingSlack = 1e-9;

std::int64_t floor_of(double value) {
  return static_cast<std::int64_t>(std::floor(value + kRoundingSlack));
}
std::int64_t ceil_of(double value) {
  return static_cast<std::int64_t>(std::ceil(value - kRoundingSlack));
}
std::int64_t divide_up(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }

Status in_range(const char* option, double value, double min, double max) {
  if (value >= min && value <= max) return {};
  return fail(ErrorCode::kInvalid, fmt::format("{} must be {:g} to {:g}", option, min, max));
}

std::int64_t concurrent_sessions(const PlanRequest& request) {
  return ceil_of(static_cast<double>(request.users) * request.concurrency_percent / 100);
}

Status check_request(const PlanRequest& r) {
  RP_TRY(in_range("--users", static_cast<double>(r.users), 0, kMaxUsers));
  RP_TRY(in_range("--concurrency", r.concurrency_percent, 0, 100));
  RP_TRY(in_range("--spare", r.spare, 0, kMaxSpare));
  RP_TRY(in_range("--headroom", r.headroom_percent, 0, kMaxHeadroom_percent));
  if (r.nic_mbps) RP_TRY(in_range("--nic", *r.nic_mbps, 1, 1e7));
  RP_TRY(in_range("--recording-hours", r.recording_hours, 0, kHoursADay));
  RP_TRY(in_range("--retention-days", r.retention_days, 0, kMaxRetention_days));
  const double recorded = static_cast<double>(r.users) * r.recording_hours;
  const double possible = static_cast<double>(concurrent_sessions(r)) * kHoursADay;
  if (recorded > possible) {
    return fail(
        ErrorCode::kInvalid,
        fmt::format("--recording-hours {:g} for {} users is {:g} hours a day, but {} "
                    "sessions at once are at most {:g}",
                    r.recording_hours, r.users, recorded, concurrent_sessions(r), possible));
  }
  return {};
}

Status check_workload(const PlanRequest& request, const CapacityReport& report,
                      const std::string& server) {
  if (request.workload == report.workload.name) return {};
  return fail(ErrorCode::kInvalid,
              fmt::format("{} measured workload \"{}\", not \"{}\": run `rackphone bench "
                          "--workload {}` on that machine, or plan with --workload {}",
                          server, report.workload.name, request.workload, request.workload,
                          report.workload.name));
}

struct Knee {
  int phones = 0;
  std::optional<int> broke_at;  // fewest phones above it with which a bound broke
};

// The report's own knee; without one, the most phones that held, which is less than a server can
// do.
Result<Knee> find_knee(const CapacityReport& report, ServerPlan& plan) {
  int most_held = 0;
  for (const CapacityStep& step : report.steps) {
    if (!step.broken) most_held = std::max(most_held, step.phones_served);
  }
  Knee knee{report.knee_phones.value_or(most_held), {}};
  if (knee.phones == 0 || steps_near(report, knee.phones).empty()) {
    return fail(ErrorCode::kInvalid,
                fmt::format("{} has no step near its knee that held every bound, so it says "
                            "nothing of what a server carries: run `rackphone bench` with fewer "
                            "phones or wider bounds",
                            plan.server));
  }
  for (const CapacityStep& step : report.steps) {
    if (!step.broken) continue;
    const int phones = step.phones_asked;
    if (phones > knee.phones) knee.broke_at = std::min(knee.broke_at.value_or(phones), phones);
    if (phones <= knee.phones) {
      plan.warnings.push_back(
          fmt::format("a bound broke with {} phones although {} held: the machine was not quiet",
                      phones, knee.phones));
    }
  }
  if (!report.knee_phones) {
    plan.warnings.push_back(fmt::format(
        "the report has no knee: {} phones are the most that held, a server may carry more",
        knee.phones));
  } else if (knee.phones > most_held) {
    plan.warnings.push_back(
        fmt::format("extrapolated: the knee, {} phones, lies beyond the {} that a step held",
                    knee.phones, most_held));
  }
  return knee;
}

// What one session takes of the resource that binds; of CPU when it is none we have a figure for.
double cost_of_session(const CapacityStep& step, CapacityResource resource) {
  const double served = step.phones_served;
  switch (resource) {
    case CapacityResource::kMemory:
      return (step.engine_memory.pss_mib + step.app_memory.pss_mib) / served;
    case CapacityResource::kNetwork:
      return step.traffic.out_kbps / served;
    case CapacityResource::kEncoder:
      return step.seconds > 0 ? static_cast<double>(step.frames_delivered) / step.seconds / served
                              : 0;
    case CapacityResource::kCpu:
    case CapacityResource::kDisk:
    case CapacityResource::kUnknown:
      return (step.engine_cpu_percent + step.app_cpu_percent) / served;
  }
  return 0;
}

using Steps = std::vector<const CapacityStep*>;
template <class F>
std::vector<double> each(const Steps& steps, F figure) {
  std::vector<double> values;
  for (const CapacityStep* step : steps) values.push_back(figure(*step));
  return values;
}

// A server on which a session costs r more than the mean carries 1 / (1 + r) of the knee. The upper
// end never reaches a count that broke a bound.
void set_knee_interval(const Knee& knee, const Steps& near, ServerPlan& plan) {
  const auto spread = relative_spread(
      each(near, [&](const CapacityStep& s) { return cost_of_session(s, plan.binding.resource); }));
  const double best = knee.phones;
  plan.knee_sessions = {best, best, best};
  plan.has_confidence = spread.has_value();
  if (!spread) {
    plan.warnings.push_back(
        fmt::format("no confidence bounds: {} steps near the knee held, three are needed; run "
                    "`rackphone bench` with a finer ramp",
                    near.size()));
    return;
  }
  const double ceiling = knee.broke_at ? static_cast<double>(*knee.broke_at - 1) : INFINITY;
  const double high = *spread < 1 ? best / (1 - *spread) : INFINITY;
  plan.knee_sessions.low = best / (1 + *spread);
  plan.knee_sessions.high = std::max(best, std::min(high, ceiling));
  if (std::isinf(plan.knee_sessions.high)) plan.knee_sessions.high = best;
}

Result<std::int64_t> servers_for(std::int64_t sessions, double carried, const PlanRequest& request,
                                 const std::string& server) {
  if (sessions == 0) return 0;
  const std::int64_t each = floor_of(carried);
  if (each == 0) {
    return fail(ErrorCode::kInvalid,
                fmt::format("a server like {} carries less than one session with {:g} % headroom",
                            server, request.headroom_percent));
  }
  return divide_up(sessions, each) + request.spare;
}

// Fills in servers and sessions; the knee's interval is set.
Status set_servers(const PlanRequest& request, double out_kbps_each, ServerPlan& plan) {
  const double free = 1 - request.headroom_percent / 100;
  double nic_sessions = INFINITY;
  if (request.nic_mbps && out_kbps_each > 0) {
    nic_sessions = *request.nic_mbps * 1000 / out_kbps_each;
  }
  if (nic_sessions < plan.knee_sessions.best) {
    plan.binding = {CapacityResource::kNetwork,
                    fmt::format("a card of {:g} Mb/s carries {:.0f} sessions of {:.0f} kb/s",
                                *request.nic_mbps, std::floor(nic_sessions), out_kbps_each)};
  }
  const auto carried = [&](double knee) { return std::min(knee, nic_sessions) * free; };
  const std::int64_t sessions = plan.concurrent_sessions;
  RP_ASSIGN(plan.servers,
            servers_for(sessions, carried(plan.knee_sessions.best), request, plan.server));
  RP_ASSIGN(plan.servers_low,
            servers_for(sessions, carried(plan.knee_sessions.high), request, plan.server));
  RP_ASSIGN(plan.servers_high,
            servers_for(sessions, carried(plan.knee_sessions.low), request, plan.server));
  plan.sessions_per_server = floor_of(carried(plan.knee_sessions.best));
  if (sessions == 0) return {};
  plan.sessions_each = divide_up(sessions, plan.servers);
  plan.sessions_each_degraded = divide_up(sessions, plan.servers - request.spare);
  return {};
}

// What one session sends and receives near the knee.
struct Rates {
  Interval out_kbps;
  Interval in_kbps;
};

Rates session_rates(const Steps& near) {
  return {mean_with_spread(each(
              near, [](const CapacityStep& s) { return s.traffic.out_kbps / s.phones_served; })),
          mean_with_spread(each(
              near, [](const CapacityStep& s) { return s.traffic.in_kbps / s.phones_served; }))};
}

void set_traffic(const PlanRequest& request, const Rates& rates, ServerPlan& plan) {
  constexpr double kMbpsPerKbps = 1e-3;
  const auto sessions = static_cast<double>(plan.concurrent_sessions);
  plan.out_mbps = rates.out_kbps * (sessions * kMbpsPerKbps);
  plan.in_mbps = rates.in_kbps * (sessions * kMbpsPerKbps);
  plan.out_mbps_per_server =
      rates.out_kbps * (static_cast<double>(plan.sessions_each_degraded) * kMbpsPerKbps);
  if (request.recording_hours <= 0 || request.retention_days <= 0) return;
  constexpr double kBytesPerKilobitHour = 1000.0 / 8 * 3600;
  plan.recording_bytes =
      rates.out_kbps * (static_cast<double>(request.users) * request.recording_hours *
                        request.retention_days * kBytesPerKilobitHour);
}

std::string count_of(std::int64_t count, const char* thing) {
  return fmt::format("{} {}{}", count, thing, count == 1 ? "" : "s");
}

// Short steps and a machine that did something else meanwhile make figures that do not repeat.
void warn_of_steps(const CapacityReport& report, const Steps& near, ServerPlan& plan) {
  double shortest_s = kShortStep_s;
  double others_percent = 0;
  for (const CapacityStep* step : near) {
    shortest_s = std::min(shortest_s, step->seconds);
    const double own = step->engine_cpu_percent + step->app_cpu_percent + step->viewer_cpu_percent;
    others_percent =
        std::max(others_percent, step->machine_cpu_percent - own / report.machine.cores);
  }
  if (shortest_s < kShortStep_s) {
    plan.warnings.push_back(fmt::format(
        "steps near the knee were measured for {:.0f} s only: run `rackphone bench` with --for 60s "
        "or more",
        shortest_s));
  }
  if (others_percent > kOthers_percent) {
    plan.warnings.push_back(fmt::format(
        "other programs took up to {:.0f} % of the machine's CPU, so a quiet one carries more",
        others_percent));
  }
}

void warn(const PlanRequest& request, const CapacityReport& report, ServerPlan& plan) {
  auto& warnings = plan.warnings;
  if (report.encoder.modelled) {
    warnings.push_back(
        fmt::format("MODEL, not measured: the report was taken with a modelled encoder ({}, {}); "
                    "its pictures are placeholders, so traffic and storage are too low",
                    report.encoder.name, report.encoder.label));
  }
  if (!report.complete) {
    warnings.emplace_back("the benchmark was stopped early, so the knee may not be exact");
  }
  if (plan.concurrent_sessions == 0) return;
  int fewest = kMaxReportPhones;
  for (const CapacityStep& step : report.steps) fewest = std::min(fewest, step.phones_served);
  if (plan.sessions_each_degraded < fewest) {
    warnings.push_back(fmt::format(
        "extrapolated: a server will carry {} sessions, fewer than the {} of the smallest step",
        plan.sessions_each_degraded, fewest));
  }
  if (static_cast<double>(plan.sessions_each_degraded) > plan.knee_sessions.low) {
    warnings.push_back(fmt::format(
        "with {} down each carries {} sessions, above the {:.0f} of the knee's lower end: take {} "
        "servers or more headroom",
        count_of(request.spare, "server"), plan.sessions_each_degraded, plan.knee_sessions.low,
        plan.servers_high));
  }
}

std::string words(const QualityBounds& bounds) {
  std::string text;
  const auto add = [&](const std::optional<double>& limit, const char* form) {
    if (!limit) return;
    text += text.empty() ? "" : ", ";
    text += fmt::format(fmt::runtime(form), *limit);
  };
  add(bounds.input_to_photon_p95_ms, "input to photon p95 {:g} ms");
  add(bounds.frame_interval_p95_ms, "frame interval p95 {:g} ms");
  add(bounds.dropped_percent, "frames dropped {:g} %");
  add(bounds.launch_p95_ms, "launch p95 {:g} ms");
  add(bounds.memory_percent, "memory {:g} %");
  return text.empty() ? "none" : text;
}

void assume(const PlanRequest& request, const CapacityReport& report, const Steps& near,
            ServerPlan& plan) {
  auto& list = plan.assumptions;
  list.push_back(fmt::format("{} users, at most {:g} % of them at once: {} sessions", request.users,
                             request.concurrency_percent, plan.concurrent_sessions));
  list.push_back(fmt::format(
      "every session is like workload \"{}\" on phones of {}x{} at {} Hz; they were measured as {}",
      report.workload.name, report.workload.width_px, report.workload.height_px,
      report.workload.refresh_hz,
      report.workload.phone_kind == "process"
          ? "bare processes, so a container's own memory and CPU come on top"
          : report.workload.phone_kind + "s"));
  list.push_back(fmt::format("every server is like the one measured: {}, {} cores, {:.0f} MiB",
                             report.machine.cpu_model, report.machine.cores,
                             report.machine.memory_mib));
  list.push_back("a server is full when one of these breaks: " + words(report.bounds));
  list.push_back(
      fmt::format("{:g} % of what a server could carry stays free", request.headroom_percent));
  list.push_back(
      fmt::format("every session is carried with {} down; sessions spread evenly over the servers "
                  "that are up",
                  count_of(request.spare, "server")));
  double viewers = 0;
  for (const CapacityStep* step : near) viewers = std::max(viewers, step->viewer_cpu_percent);
  if (viewers > 0) {
    list.push_back(
        fmt::format("the test's viewers ran on the server and took up to {:.0f} % of a "
                    "core; in use that is free",
                    viewers));
  }
  list.push_back("traffic is the stream at the rate measured near the knee, in kb/s of 1,000 bits");
  if (!request.nic_mbps) list.emplace_back("the network card carries that (--nic checks it)");
  if (plan.recording_bytes) {
    list.push_back(
        fmt::format("recordings keep the stream as sent: {:g} hours a user and day, "
                    "{:g} days",
                    request.recording_hours, request.retention_days));
  }
  if (plan.has_confidence) {
    list.push_back(fmt::format(
        "confidence: 95 % prediction interval (Student's t) of the cost of a session over the {} "
        "steps that held with at least half the knee's phones",
        near.size()));
  }
}

}  // namespace

Result<ServerPlan> plan_servers(const PlanRequest& request, const CapacityReport& report,
                                const std::string& server) {
  RP_TRY(check_request(request));
  RP_TRY(check_workload(request, report, server));
  ServerPlan plan;
  plan.server = server;
  plan.machine = report.machine;
  plan.encoder = report.encoder;
  plan.binding = report.binding.value_or(Binding{});
  plan.concurrent_sessions = concurrent_sessions(request);
  RP_ASSIGN(const Knee knee, find_knee(report, plan));
  const Steps near = steps_near(report, knee.phones);
  set_knee_interval(knee, near, plan);
  const Rates rates = session_rates(near);
  RP_TRY(set_servers(request, rates.out_kbps.best, plan));
  set_traffic(request, rates, plan);
  warn(request, report, plan);
  warn_of_steps(report, near, plan);
  assume(request, report, near, plan);
  return plan;
}

}  // namespace rp
