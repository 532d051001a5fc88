// `rackphone plan`: how many servers, how much traffic and storage, from capacity reports.
#include <algorithm>
#include <ostream>
#include <tuple>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "bench/capacity/plan/plan.h"
#include "tools/cli/commands.h"
#include "tools/cli/percent.h"
#include "tools/cli/table.h"

namespace rp {
namespace {

using nlohmann::ordered_json;

struct PlanArguments {
  PlanRequest request;
  std::string concurrency;
  std::string headroom = "20%";
  std::vector<std::string> servers;
};

std::string servers_range(const ServerPlan& plan) {
  if (!plan.has_confidence) return "";
  return fmt::format("{}-{}", plan.servers_low, plan.servers_high);
}

std::string range(const Interval& value, bool has_confidence, double unit, const char* name) {
  if (!has_confidence) return fmt::format("{:.4g} {}", value.best / unit, name);
  return fmt::format("{:.4g} {} ({:.4g} to {:.4g})", value.best / unit, name, value.low / unit,
                     value.high / unit);
}

std::string storage(const ServerPlan& plan) {
  constexpr double kGigabyte = 1e9;
  constexpr double kTerabyte = 1e12;
  const bool big = plan.recording_bytes->best >= kTerabyte;
  return range(*plan.recording_bytes, plan.has_confidence, big ? kTerabyte : kGigabyte,
               big ? "TB" : "GB");
}

ordered_json json_of(const Interval& value) {
  return {{"low", value.low}, {"best", value.best}, {"high", value.high}};
}

ordered_json json_of(const ServerPlan& plan) {
  ordered_json out = {{"server", plan.server},
                      {"cpu_model", plan.machine.cpu_model},
                      {"cores", plan.machine.cores},
                      {"encoder", plan.encoder.name},
                      {"modelled", plan.encoder.modelled},
                      {"concurrent_sessions", plan.concurrent_sessions},
                      {"servers", plan.servers},
                      {"servers_low", plan.servers_low},
                      {"servers_high", plan.servers_high},
                      {"confidence_percent", plan.has_confidence ? 95 : 0},
                      {"sessions_per_server", plan.sessions_per_server},
                      {"sessions_each", plan.sessions_each},
                      {"sessions_each_degraded", plan.sessions_each_degraded},
                      {"knee_sessions", json_of(plan.knee_sessions)},
                      {"binding", to_string(plan.binding.resource)},
                      {"binding_why", plan.binding.why},
                      {"out_mbps", json_of(plan.out_mbps)},
                      {"in_mbps", json_of(plan.in_mbps)},
                      {"out_mbps_per_server", json_of(plan.out_mbps_per_server)}};
  if (plan.recording_bytes) out["recording_bytes"] = json_of(*plan.recording_bytes);
  out["assumptions"] = plan.assumptions;
  out["warnings"] = plan.warnings;
  return out;
}

void print_list(std::ostream& out, const char* title, const std::vector<std::string>& sentences) {
  if (sentences.empty()) return;
  out << title << "\n";
  for (const std::string& sentence : sentences) out << "  - " << printable(sentence) << ".\n";
}

void print_plan(std::ostream& out, const PlanRequest& request, const ServerPlan& plan) {
  const bool sure = plan.has_confidence;
  const std::int64_t working = plan.servers > 0 ? plan.servers - request.spare : 0;
  out << "\n" << printable(plan.server) << "\n";
  if (plan.encoder.modelled) {
    out << "  MODEL        " << printable(plan.encoder.name) << ": "
        << printable(plan.encoder.label) << "\n";
  }
  out << fmt::format(
      "  Servers      {} ({} for the load, {} spare){}\n", plan.servers, working,
      plan.servers - working,
      sure ? fmt::format("; {} to {} at 95 % confidence", plan.servers_low, plan.servers_high)
           : "");
  out << fmt::format("  Sessions     {} at once; {} on each server, {} with {} down; room for {}\n",
                     plan.concurrent_sessions, plan.sessions_each, plan.sessions_each_degraded,
                     request.spare, plan.servers * plan.sessions_per_server);
  out << "  Binds        " << to_string(plan.binding.resource)
      << (plan.binding.why.empty() ? "" : ": " + printable(plan.binding.why)) << "\n";
  out << "  Network out  " << range(plan.out_mbps, sure, 1, "Mb/s in all") << ", "
      << range(plan.out_mbps_per_server, sure, 1, "Mb/s a server") << "\n";
  out << "  Network in   " << range(plan.in_mbps, sure, 1, "Mb/s in all") << "\n";
  if (plan.recording_bytes) out << "  Recordings   " << storage(plan) << "\n";
  print_list(out, "  Warnings", plan.warnings);
  print_list(out, "  Assumptions", plan.assumptions);
}

void print_text(CliContext& context, const PlanRequest& request,
                const std::vector<ServerPlan>& plans) {
  std::vector<TableRow> rows;
  rows.reserve(plans.size());
  for (const ServerPlan& plan : plans) {
    rows.push_back({plan.server + (plan.encoder.modelled ? " (MODEL)" : ""),
                    std::to_string(plan.servers), servers_range(plan),
                    std::to_string(plan.sessions_per_server),
                    fmt::format("{:.0f}", plan.knee_sessions.best),
                    std::string(to_string(plan.binding.resource)),
                    fmt::format("{}, {} cores", plan.machine.cpu_model, plan.machine.cores)});
  }
  print_table(context.out, context.columns,
              {"SERVER", "SERVERS", "95 %", "SESSIONS EACH", "KNEE", "BINDS", "MACHINE"}, rows);
  for (const ServerPlan& plan : plans) print_plan(context.out, request, plan);
}

Result<std::vector<ServerPlan>> make_plans(PlanArguments& arguments) {
  PlanRequest& request = arguments.request;
  RP_ASSIGN(request.concurrency_percent,
            parse_percent(arguments.concurrency, "--concurrency", 100));
  RP_ASSIGN(request.headroom_percent, parse_percent(arguments.headroom, "--headroom", 95));
  std::vector<ServerPlan> plans;
  for (const std::string& path : arguments.servers) {
    RP_ASSIGN(const CapacityReport report, read_capacity_report(path));
    RP_ASSIGN(ServerPlan plan, plan_servers(request, report, path));
    plans.push_back(std::move(plan));
  }
  // Fewest machines first.
  std::ranges::sort(plans, [](const ServerPlan& a, const ServerPlan& b) {
    return std::tie(a.servers, a.server) < std::tie(b.servers, b.server);
  });
  return plans;
}

int plan(CliContext& context, PlanArguments& arguments) {
  const auto plans = make_plans(arguments);
  if (!plans) return report(context, {Exit::kUsage, printable(plans.error().message())});
  if (!context.json) {
    print_text(context, arguments.request, *plans);
    return static_cast<int>(Exit::kOk);
  }
  ordered_json all = ordered_json::array();
  for (const ServerPlan& one : *plans) all.push_back(json_of(one));
  const ordered_json answer = {{"plans", std::move(all)}};
  context.out << answer.dump(2, ' ', false, ordered_json::error_handler_t::replace) << "\n";
  return static_cast<int>(Exit::kOk);
}

}  // namespace

void add_plan_command(CLI::App& app, CliRun& run) {
  CLI::App* command =
      app.add_subcommand("plan", "How many servers, from people and a measured server");
  command->footer(
      "Example:\n  rackphone plan --users 2000 --concurrency 10% --workload office \\\n"
      "      --server report.json --spare 1\n\n"
      "Reports come from `rackphone bench`; give --server several times to compare machines.");
  auto arguments = std::make_shared<PlanArguments>();
  PlanRequest& request = arguments->request;
  command->add_option("--users", request.users, "People who have a phone")->required();
  command
      ->add_option("--concurrency", arguments->concurrency,
                   "How many of them use it at the busiest moment, in percent")
      ->required();
  command
      ->add_option("--workload", request.workload, "What they do: a workload of `rackphone bench`")
      ->required();
  command->add_option("--server", arguments->servers, "A report of the server to plan with")
      ->required()
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  command->add_option("--spare", request.spare, "Servers that may be down at once")
      ->capture_default_str();
  command->add_option("--headroom", arguments->headroom, "Part of a server kept free, in percent")
      ->capture_default_str();
  command->add_option("--nic", request.nic_mbps, "Network card of a server, in Mb/s");
  command->add_option("--recording-hours", request.recording_hours,
                      "Hours recorded a user and day");
  command->add_option("--retention-days", request.retention_days, "Days recordings are kept");
  command->callback([&run, arguments] { run.exit = plan(run.context, *arguments); });
}

}  // namespace rp
