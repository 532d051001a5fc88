#include "bench/capacity/run/bench.h"

#include <sys/resource.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <thread>

#include <fmt/core.h>

#include "bench/capacity/host/process_stats.h"
#include "bench/capacity/run/judge.h"
#include "bench/capacity/run/knee.h"
#include "drivers/fake/modelled/models.h"

namespace rp {
namespace {

// A container takes tens of milliseconds of CPU to start, which one core cannot give at once.
constexpr double kContainersPerSecond = 4;
constexpr double kProcessesPerSecond = 25;

Result<std::string> find_beside(const std::string& given, const std::string& name) {
  std::error_code error;
  const auto own = std::filesystem::read_symlink("/proc/self/exe", error).parent_path();
  const std::string path = given.empty() ? (own / name).string() : given;
  if (::access(path.c_str(), X_OK) != 0)
    return fail(ErrorCode::kNotFound, "there is no program " + path);
  return path;
}

std::string cpu_model() {
  std::ifstream file("/proc/cpuinfo");
  std::string line;
  while (std::getline(file, line)) {
    if (line.starts_with("model name") && line.find(':') != std::string::npos)
      return line.substr(std::min(line.find(':') + 2, line.size()));
  }
  return "unknown";
}

MachineFacts machine_facts() {
  utsname names{};
  ::uname(&names);
  MachineFacts facts;
  facts.cpu_model = cpu_model();
  facts.cores = static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
  facts.memory_mib = static_cast<double>(machine_memory_kib("MemTotal")) / 1024;
  facts.kernel = fmt::format("{} {}", names.sysname, names.release);
  return facts;
}

std::string time_now() {
  const std::time_t now = std::time(nullptr);
  std::tm utc{};
  ::gmtime_r(&now, &utc);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", utc.tm_year + 1900, utc.tm_mon + 1,
                     utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec);
}

// A phone is a handful of descriptors in the engine, in its app and here.
void raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

Result<StepOptions> step_options(const BenchOptions& options) {
  StepOptions step;
  RP_ASSIGN(step.engine_program, find_beside(options.engine_program, "rackphone-engine"));
  RP_ASSIGN(step.app_program, find_beside(options.app_program, "rackphone-workload-app"));
  RP_ASSIGN(step.workload, find_workload(options.workload));
  step.encoder = options.encoder;
  step.network = options.network;
  step.engine_options = options.engine_options;
  step.seed = options.seed;
  step.phones = options.phones;
  step.measure = options.measure;
  step.display_delay = options.display_delay;
  return step;
}

CapacityReport empty_report(const BenchOptions& options, const StepOptions& step) {
  CapacityReport report;
  report.tool_version = RP_VERSION;
  report.time = time_now();
  report.machine = machine_facts();
  report.command_line = options.command_line;
  report.workload = {options.workload, step.containers != nullptr ? "container" : "process",
                     step.display.width, step.display.height, 60};
  report.seed = options.seed;
  report.bounds = options.bounds;
  report.network = options.network;
  return report;
}

// A model is labelled wherever it shows, and a report that hides one is not written.
EncoderFacts encoder_facts(const std::string& name) {
  const EncoderModel* model = find_encoder_model(name);
  if (model == nullptr) return {name, false, ""};
  return {name, true, std::string(model->label)};
}

// A modelled encoder uses nothing of the machine: when that has room, it is what is used up.
Binding with_model(Binding found, const EncoderFacts& encoder) {
  if (!encoder.modelled || found.resource != CapacityResource::kUnknown) return found;
  return {CapacityResource::kEncoder,
          fmt::format("the modelled {}, as the machine has room; {}", encoder.label, found.why)};
}

}  // namespace

namespace {

// Null: phones are bare processes.
Result<std::unique_ptr<LoadContainers>> make_containers(const BenchOptions& options,
                                                        const StepOptions& step,
                                                        const BenchEvents& events) {
  if (options.phones_as == PhonesAs::kProcesses) return nullptr;
  if (::geteuid() != 0) {
    if (options.phones_as == PhonesAs::kContainers)
      return fail(ErrorCode::kDenied, "--phones-as containers needs root");
    events.notice("phones are bare processes, as containers need root");
    return nullptr;
  }
  events.progress("making the phones' image");
  auto made = LoadContainers::create({step.folder->path(), step.app_program, step.display});
  if (made || options.phones_as == PhonesAs::kContainers) return made;
  events.notice("phones are bare processes, as this machine cannot run them in containers: " +
                made.error().message());
  return nullptr;
}

}  // namespace

Result<CapacityReport> run_bench(const BenchOptions& options, StopSignal& stop,
                                 const BenchEvents& events) {
  RP_ASSIGN(StepOptions step, step_options(options));
  raise_descriptor_limit();
  RP_ASSIGN(const int cleared, clear_bench_leftovers());
  if (cleared > 0) events.notice(fmt::format("cleared up what {} killed run(s) had left", cleared));
  RP_ASSIGN(const auto folder, BenchFolder::create());
  step.folder = folder.get();
  RP_ASSIGN(const auto containers, make_containers(options, step, events));
  step.containers = containers.get();
  step.launches_per_s = options.launches_per_s > 0 ? options.launches_per_s
                        : containers != nullptr    ? kContainersPerSecond
                                                   : kProcessesPerSecond;
  CapacityReport report = empty_report(options, step);
  KneeSearch search(
      {.start = options.phones, .most = options.ramp ? options.most_phones : options.phones});
  std::optional<StepFindings> worst;  // of the fewest phones that broke a bound
  while (search.next()) {
    step.phones = *search.next();
    auto findings = run_step(step, stop, events.progress);
    if (!findings) {
      if (!stop.asked() || report.steps.empty()) return forward(findings.error());
      break;
    }
    report.encoder = encoder_facts(findings->encoder);
    if (!findings->network_made_by.empty()) report.network.made_by = findings->network_made_by;
    findings->step.broken = judge(report.bounds, *findings);
    report.steps.push_back(findings->step);
    events.step(findings->step);
    if (stop.asked()) break;
    const bool held = !findings->step.broken;
    search.note(held);
    if (!held) worst = std::move(*findings);
    if (!options.ramp) break;
  }
  report.complete = !stop.asked();
  if (options.ramp && search.broken()) report.knee_phones = search.held().value_or(0);
  if (worst) {
    report.binding =
        with_model(find_binding(*worst, report.network, report.machine.cores), report.encoder);
  }
  return report;
}

}  // namespace rp
