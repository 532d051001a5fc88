#include <charconv>
#include <fstream>
#include <map>
#include <memory>
#include <ostream>
#include <thread>

#include <CLI/CLI.hpp>
#include <fmt/core.h>

#include "bench/capacity/host/load_network.h"
#include "bench/capacity/report/html.h"
#include "bench/capacity/run/bench.h"
#include "bench/capacity/run/judge.h"
#include "tools/cli/commands.h"

namespace rp {
namespace {

struct BenchCommand {
  BenchOptions options;
  std::string network;
  std::string seconds = "30s";
  std::string json_path;
  std::string html_path;
  double display_delay_ms = 11;
  bool clean = false;
};

std::string quantile_text(const Quantiles& q) {
  if (q.count == 0) return "none";
  return fmt::format("{:.1f} / {:.1f} / {:.1f}", q.p50, q.p95, q.p99);
}

void print_step(std::ostream& out, const CapacityStep& step) {
  out << fmt::format(
      "{} phones, {} served, {:.0f} s: {}\n", step.phones_asked, step.phones_served, step.seconds,
      step.broken ? fmt::format("{} is {:.1f}, the bound is {:.1f}", step.broken->bound,
                                step.broken->value, step.broken->limit)
                  : "every bound holds");
  out << "                         p50 / p95 / p99\n";
  out << "  launch, ms             " << quantile_text(step.launch_ms) << "\n";
  out << "  input to photon, ms    " << quantile_text(step.input_to_photon_ms) << "\n";
  out << "  frame interval, ms     " << quantile_text(step.frame_interval_ms) << "\n";
  out << "  commit to viewer, ms   " << quantile_text(step.commit_to_received_ms) << "\n";
  out << "  bytes a frame          " << quantile_text(step.frame_bytes) << "\n";
  out << fmt::format("  frames                 {} delivered, {} after others were dropped\n",
                     step.frames_delivered, step.frames_dropped);
  out << fmt::format(
      "  CPU, % of one core     engine {:.1f}, apps {:.1f}, viewers {:.1f}, others {:.1f}; machine "
      "{:.0f} % busy\n",
      step.engine_cpu_percent, step.app_cpu_percent, step.viewer_cpu_percent,
      others_cpu_percent(step, static_cast<int>(std::thread::hardware_concurrency())),
      step.machine_cpu_percent);
  out << fmt::format("  engine a frame         {:.3f} ms", step.engine_cpu_ms_per_frame);
  for (const StageCpu& stage : step.stages)
    out << fmt::format(", {} {:.3f}", stage.stage, stage.ms_per_frame);
  out << fmt::format("\n  engine memory          {:.0f} MiB, {:.0f} KiB a session (PSS)\n",
                     step.engine_memory.pss_mib, step.engine_memory.pss_kib_per_session);
  if (step.phone_cgroup_kib) {
    out << fmt::format(
        "  a phone's memory       {:.0f} KiB PSS; its cgroup, KiB, p50 / p95 / p99: {}\n",
        step.app_memory.pss_kib_per_session, quantile_text(*step.phone_cgroup_kib));
  }
  out << fmt::format("  traffic                {:.0f} kb/s out, {:.0f} kb/s in\n",
                     step.traffic.out_kbps, step.traffic.in_kbps);
}

class ProgressLine {
 public:
  ProgressLine(std::ostream& out, bool over_itself) : out_(out), over_itself_(over_itself) {}
  void say(const std::string& text) {
    if (over_itself_) {
      out_ << "\r\x1b[K" << text << std::flush;
    } else if (const std::string kind = text.substr(0, text.find_first_of("0123456789"));
               kind != kind_) {
      // Lines of a log: each stage once.
      kind_ = kind;
      out_ << text << std::endl;
    }
  }
  void clear() {
    if (over_itself_) out_ << "\r\x1b[K" << std::flush;
    kind_.clear();
  }

 private:
  std::ostream& out_;
  bool over_itself_;
  std::string kind_;
};

std::string command_line(const BenchCommand& command) {
  const BenchOptions& o = command.options;
  std::string text = fmt::format("rackphone bench --workload {} --phones {} --for {} --seed {}",
                                 o.workload, o.phones, command.seconds, o.seed);
  if (o.phones_as != PhonesAs::kBest)
    text += fmt::format(" --phones-as {}",
                        o.phones_as == PhonesAs::kContainers ? "containers" : "processes");
  if (o.ramp) text += " --ramp";
  if (!command.network.empty()) text += " --network " + command.network;
  if (!o.encoder.empty()) text += " --encoder " + o.encoder;
  for (const std::string& option : o.engine_options) text += " --engine-option " + option;
  return text;
}

Status write_files(const CapacityReport& report, const BenchCommand& command) {
  if (!command.json_path.empty()) RP_TRY(write_capacity_report(report, command.json_path));
  if (command.html_path.empty()) return {};
  std::ofstream file(command.html_path, std::ios::binary);
  file << to_html(report);
  file.close();
  if (!file) return fail_errno("write " + command.html_path);
  return {};
}

int clean(CliContext& context) {
  const auto cleared = clear_bench_leftovers();
  if (!cleared) return report(context, cli_error(cleared.error()));
  context.out << fmt::format("{} killed run(s) had left something; nothing of them is left now\n",
                             *cleared);
  return static_cast<int>(Exit::kOk);
}

// "input_to_photon_p95_ms=80"
Status set_bound(QualityBounds& bounds, std::string_view text) {
  const std::string name(text.substr(0, text.find('=')));
  const std::map<std::string, std::optional<double>*> known = {
      {"input_to_photon_p95_ms", &bounds.input_to_photon_p95_ms},
      {"frame_interval_p95_ms", &bounds.frame_interval_p95_ms},
      {"dropped_percent", &bounds.dropped_percent},
      {"launch_p95_ms", &bounds.launch_p95_ms},
      {"memory_percent", &bounds.memory_percent}};
  const auto found = known.find(name);
  if (found == known.end()) {
    std::string names;
    for (const auto& [one, bound] : known) names += (names.empty() ? "" : ", ") + one;
    return fail(ErrorCode::kInvalid, fmt::format("'{}' is no bound: there are {}", name, names));
  }
  const std::string_view value = text.substr(std::min(name.size() + 1, text.size()));
  if (value == "none") {
    found->second->reset();
    return {};
  }
  double number = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
  if (error != std::errc() || end != value.data() + value.size() || !(number >= 0))
    return fail(ErrorCode::kInvalid, fmt::format("{} must be a number, or none", name));
  *found->second = number;
  return {};
}

int bench(CliContext& context, BenchCommand& command) {
  if (command.clean) return clean(context);
  auto stop = StopSignal::create();
  if (!stop) return report(context, cli_error(stop.error()));
  command.options.display_delay =
      Duration(static_cast<std::int64_t>(command.display_delay_ms * 1e3));
  command.options.command_line = command_line(command);
  // With --json the answer alone goes to standard output.
  ProgressLine line(context.err, context.progress);
  BenchEvents events;
  events.progress = [&line](const std::string& text) { line.say(text); };
  events.step = [&](const CapacityStep& step) {
    line.clear();
    if (!context.json) print_step(context.out, step);
  };
  events.notice = [&](const std::string& text) {
    line.clear();
    context.err << text << std::endl;
  };
  const auto result = run_bench(command.options, *stop, events);
  line.clear();
  if (!result) return report(context, cli_error(result.error()));
  if (result->knee_phones && !context.json)
    context.out << fmt::format("knee: {} phones\n", *result->knee_phones);
  if (result->binding && !context.json)
    context.out << fmt::format("what binds: {}: {}\n", to_string(result->binding->resource),
                               result->binding->why);
  if (!result->complete && !context.json) context.out << "stopped early\n";
  if (context.json) context.out << to_json(*result);
  if (const Status status = write_files(*result, command); !status)
    return report(context, cli_error(status.error()));
  const bool broken = !command.options.ramp && result->steps.back().broken.has_value();
  return static_cast<int>(broken ? Exit::kFailed : Exit::kOk);
}

void add_phone_options(CLI::App& sub, const std::shared_ptr<BenchCommand>& command) {
  sub.add_option("--phones-as", command->options.phones_as,
                 "containers, as in use (needs root and runc), or bare processes; by default "
                 "containers where they can be made")
      ->transform(CLI::CheckedTransformer(std::map<std::string, PhonesAs>{
          {"containers", PhonesAs::kContainers}, {"processes", PhonesAs::kProcesses}}));
  sub.add_option("--bound", "A quality bound: NAME=VALUE, or NAME=none; repeatable")
      ->allow_extra_args(false)
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->each([command](const std::string& text) {
        if (const Status set = set_bound(command->options.bounds, text); !set)
          throw CLI::ValidationError(set.error().operation);
      });
  sub.add_flag("--clean", command->clean, "Only clear up what killed runs left behind");
}

}  // namespace

void add_bench_commands(CLI::App& app, CliRun& run) {
  // Shared with the callbacks, which outlive this function.
  auto command = std::make_shared<BenchCommand>();
  BenchOptions& options = command->options;
  CLI::App* sub = app.add_subcommand("bench", "Measure how many phones this machine carries");
  sub->add_option("--workload", options.workload, "What the users do")
      ->check([](const std::string& name) {
        const auto found = find_workload(name);
        return found ? std::string() : found.error().message();
      })
      ->capture_default_str();
  sub->add_option("--phones", options.phones, "How many; with --ramp, how many at first")
      ->check(CLI::Range(1, 10'000))
      ->capture_default_str();
  add_phone_options(*sub, command);
  sub->add_option("--for", command->seconds, "How long each step is measured: 90s, 2m")
      ->capture_default_str()
      ->each([command](const std::string& text) {
        std::size_t used = 0;
        const int count = std::stoi(text, &used);
        const std::string unit = text.substr(used);
        if (count < 1 || count > 86'400 || (unit != "" && unit != "s" && unit != "m"))
          throw CLI::ValidationError("--for", "is a time of at least 1s: 90s, 2m");
        command->options.measure = std::chrono::seconds(unit == "m" ? count * 60 : count);
      });
  sub->add_option("--seed", options.seed, "The same seed gives the same users")
      ->capture_default_str();
  sub->add_flag("--ramp", options.ramp, "More and more phones, until a quality bound breaks");
  sub->add_option("--most", options.most_phones, "Where a ramp ends at the latest")
      ->check(CLI::Range(1, 10'000))
      ->capture_default_str();
  sub->add_option("--network", command->network,
                  "Each viewer's link, as root: rate=10mbit,delay=20ms,loss=0.1%")
      ->each([command](const std::string& text) {
        const auto network = parse_network(text);
        if (!network) throw CLI::ValidationError(network.error().operation);
        command->options.network = *network;
      });
  sub->add_option("--encoder", options.encoder,
                  "The engine's encoder: x264, openh264 or model:NAME");
  sub->add_option("--display-delay-ms", command->display_delay_ms,
                  "Modelled: a picture received is on the screen so much later")
      ->check(CLI::Range(0.0, 1000.0))
      ->capture_default_str();
  sub->add_option("--launches-per-second", options.launches_per_s,
                  "How fast phones are started; by default 4 containers or 25 processes")
      ->check(CLI::Range(0.1, 1000.0));
  sub->add_option("--json", command->json_path, "File for the report");
  sub->add_option("--html", command->html_path, "File for the report as a page");
  sub->add_option("--engine", options.engine_program, "Path of rackphone-engine");
  sub->add_option("--app", options.app_program, "Path of rackphone-workload-app");
  sub->add_option("--engine-option", options.engine_options, "Passed on to the engine; repeatable")
      ->allow_extra_args(false);
  sub->footer(
      "Examples:\n"
      "  rackphone bench --workload office --phones 200 --for 120s\n"
      "  rackphone bench --workload office --phones-as processes --ramp --json report.json");
  add_bench_compare(*sub, run);
  // Here --json names a file; below `compare` it is the flag it is everywhere else.
  sub->get_subcommand("compare")->add_flag("--json", run.context.json, "Answer in JSON");
  sub->callback([&run, sub, command] {
    // CLI11 calls this for `bench compare` too.
    if (sub->get_subcommands().empty()) run.exit = bench(run.context, *command);
  });
}

}  // namespace rp
