#include "bench/capacity/run/step.h"

#include <algorithm>
#include <map>
#include <memory>
#include <thread>
#include <utility>

#include <fmt/core.h>

#include "bench/capacity/host/bench_image.h"
#include "bench/capacity/host/load_engine.h"
#include "bench/capacity/host/load_network.h"
#include "bench/capacity/host/process_stats.h"
#include "bench/capacity/run/quantiles.h"
#include "bench/capacity/viewer/viewer_pool.h"

namespace rp {
namespace {

// First pictures and their refinements belong to launching.
constexpr Duration kSettle = std::chrono::seconds(2);
constexpr Duration kShownPatience = std::chrono::seconds(30);
constexpr Duration kLook = std::chrono::milliseconds(100);

double seconds(Duration d) { return static_cast<double>(d.count()) / 1e6; }

// The engine's threads by what they are for: "rp-encode" is "encode", "shard-1" is "shard".
std::string stage_of(const ThreadUsage& thread, pid_t pid) {
  if (thread.id == pid) return "front";
  const std::string name = thread.name.starts_with("rp-") ? thread.name.substr(3) : thread.name;
  return name.substr(0, name.find_first_of("-0123456789"));
}

// What all the processes of a step have used at one moment.
struct Usage {
  TimePoint at{0};
  ProcessUsage engine;
  Duration apps{0};
  Duration viewers{0};
  MachineUsage machine;
  std::vector<PackageEnergy> energy;
};

class StepRun {
 public:
  StepRun(const StepOptions& options, StopSignal& stop, const StepProgress& progress)
      : options_(options), stop_(stop), progress_(progress), containers_(options.containers) {}
  StepRun(const StepRun&) = delete;
  StepRun& operator=(const StepRun&) = delete;
  ~StepRun() {
    viewers_.reset();
    if (containers_ != nullptr) (void)containers_->remove_all();
  }

  Result<StepFindings> run();

 private:
  Status start();
  Status start_apps(unsigned most);
  Status launch();
  Status launch_one(int index);
  [[nodiscard]] std::string source_address(int index) const;
  Status start_app(int index, const std::string& id, const std::string& socket, TimePoint asked);
  void await_first_pictures();
  void measure();
  [[nodiscard]] Result<Usage> usage();
  void fill(StepFindings& findings, const Usage& begin, const Usage& end);
  void fill_cpu(StepFindings& findings, const Usage& begin, const Usage& end) const;
  void fill_memory(StepFindings& findings) const;

  const StepOptions& options_;
  StopSignal& stop_;
  const StepProgress& progress_;
  LoadContainers* containers_;
  SystemClock clock_;
  std::unique_ptr<LoadNetwork> network_;  // null: loopback
  std::unique_ptr<LoadEngine> engine_;
  std::vector<LoadProcess> apps_;  // none with containers
  std::unique_ptr<ViewerPool> viewers_;
  int refused_ = 0;  // phones the engine would not make
  std::string refusal_;
};

Status StepRun::start() {
  const unsigned cores = std::max(1U, std::thread::hardware_concurrency());
  if (!to_string(options_.network).empty()) {
    RP_TRY(options_.folder->note_namespace(LoadNetwork::namespace_name()));
    RP_ASSIGN(network_, LoadNetwork::create({.network = options_.network,
                                             .viewers = options_.phones,
                                             .seed = options_.seed}));
  }
  const std::string address = network_ ? LoadNetwork::engine_address() : "127.0.0.1";
  RP_ASSIGN(engine_, LoadEngine::start({.program = options_.engine_program,
                                        .folder = options_.folder->path() + "/step",
                                        .address = address,
                                        .encoder = options_.encoder,
                                        .extra = options_.engine_options,
                                        .display = options_.display}));
  if (containers_ == nullptr) RP_TRY(start_apps(cores));
  const auto prepare = [this] { return network_ ? network_->enter() : Status(); };
  RP_ASSIGN(viewers_, ViewerPool::create(clock_, cores, prepare));
  return {};
}

std::vector<std::string> app_arguments(const StepOptions& options) {
  return {"--workload", std::string(options.workload.name),
          "--seed",     std::to_string(options.seed),
          "--width",    std::to_string(options.display.width),
          "--height",   std::to_string(options.display.height)};
}

Status StepRun::start_apps(unsigned most) {
  const auto count = std::min<unsigned>(most, static_cast<unsigned>(options_.phones));
  std::vector<std::string> argv = app_arguments(options_);
  argv.insert(argv.begin(), options_.app_program);
  for (unsigned i = 0; i < count; ++i) {
    RP_ASSIGN(LoadProcess app, LoadProcess::start(argv, engine_->folder() + "/apps.log"));
    apps_.push_back(std::move(app));
  }
  return {};
}

Status StepRun::start_app(int index, const std::string& id, const std::string& socket,
                          TimePoint asked) {
  if (containers_ == nullptr) {
    LoadProcess& app = apps_[static_cast<std::size_t>(index) % apps_.size()];
    return app.write(fmt::format("phone {} {} {}\n", index, socket, asked.us));
  }
  const std::size_t slash = socket.rfind('/');
  std::vector<std::string> arguments = app_arguments(options_);
  arguments.insert(arguments.end(),
                   {"--assets", kBenchAssetsInImage, "--phone", std::to_string(index), "--socket",
                    std::string(kDisplayDirInPhone) + socket.substr(slash), "--epoch-us",
                    std::to_string(asked.us)});
  containers_->start({id, socket.substr(0, slash), std::move(arguments)});
  return {};
}

// Loopback answers on all of 127/8.
std::string StepRun::source_address(int index) const {
  if (network_) return LoadNetwork::viewer_address(index);
  return fmt::format("127.1.{}.{}", index / 250, index % 250 + 1);
}

Status StepRun::launch_one(int index) {
  const auto user = static_cast<std::uint64_t>(index);
  const std::string id = fmt::format("bench-{}", index);
  const TimePoint asked = clock_.now();
  const auto socket = engine_->make_phone(id);
  if (!socket) {
    // A full engine refuses phones; that is a finding. One that is gone is not.
    if (!engine_->running())
      return fail(ErrorCode::kUnavailable, "the engine ended: " + engine_->log_end());
    ++refused_;
    if (refusal_.empty()) refusal_ = socket.error().operation;
    return {};
  }
  RP_TRY(start_app(index, id, *socket, asked));
  viewers_->add({.engine = engine_->address(),
                 .source = source_address(index),
                 .make_ticket = [this, id] { return engine_->ticket(id); },
                 .size = options_.display,
                 .workload = options_.workload,
                 .seed = options_.seed,
                 .user = user,
                 .epoch = asked,
                 .asked = asked,
                 .display_delay = options_.display_delay});
  return {};
}

Status StepRun::launch() {
  const TimePoint begin = clock_.now();
  for (int i = 0; i < options_.phones; ++i) {
    const Duration due(static_cast<std::int64_t>(1e6 * i / options_.launches_per_s));
    if (stop_.wait(std::max(Duration(0), begin + due - clock_.now())))
      return fail(ErrorCode::kClosed, "stopped while the phones were launched");
    RP_TRY(launch_one(i));
    progress_(fmt::format("launching {} of {} phones", i + 1, options_.phones));
  }
  return {};
}

void StepRun::await_first_pictures() {
  TimePoint deadline = clock_.now() + kShownPatience;
  for (;;) {
    const PoolCounts counts = viewers_->counts();
    const int waiting = containers_ != nullptr ? containers_->waiting() : 0;
    const int failed = containers_ != nullptr ? containers_->failed() : 0;
    progress_(fmt::format("{} of {} phones shown, {} wait for room", counts.shown, options_.phones,
                          counts.refused));
    // The patience is for pictures of phones that run.
    if (waiting > 0) deadline = clock_.now() + kShownPatience;
    if (counts.shown + counts.ended + refused_ + failed >= options_.phones) break;
    if (clock_.now() > deadline) break;
    if (stop_.wait(kLook)) return;
  }
  stop_.wait(kSettle);
}

void StepRun::measure() {
  const TimePoint begin = clock_.now();
  const TimePoint end = begin + options_.measure;
  auto before = read_machine();
  while (clock_.now() < end && !stop_.asked()) {
    if (stop_.wait(std::min<Duration>(std::chrono::seconds(1), end - clock_.now()))) break;
    const auto now = read_machine();
    const double total = before && now ? static_cast<double>(now->total - before->total) : 0;
    const double busy = total > 0 ? static_cast<double>(now->busy - before->busy) / total : 0;
    before = now;
    progress_(fmt::format("measuring {:.0f} of {} s, {} phones, machine's CPU {:.0f} %",
                          seconds(clock_.now() - begin), options_.measure.count(),
                          viewers_->counts().served, 100 * busy));
  }
}

Result<Usage> StepRun::usage() {
  Usage usage;
  usage.at = clock_.now();
  RP_ASSIGN(usage.engine, read_usage(engine_->pid()));
  for (const LoadProcess& app : apps_) {
    RP_ASSIGN(const ProcessUsage one, read_usage(app.pid()));
    usage.apps += one.cpu;
  }
  if (containers_ != nullptr) usage.apps = containers_->cpu_time();
  usage.viewers = viewers_->cpu_time() + (network_ ? network_->cpu_time() : Duration(0));
  RP_ASSIGN(usage.machine, read_machine());
  usage.energy = read_package_energy();
  return usage;
}

Result<StepFindings> StepRun::run() {
  RP_TRY(start());
  RP_TRY(launch());
  await_first_pictures();
  if (stop_.asked()) return fail(ErrorCode::kClosed, "stopped before anything was measured");
  viewers_->reset_samples();
  RP_ASSIGN(const Usage begin, usage());
  measure();
  auto end = usage();
  if (!end) {
    if (!engine_->running())
      return fail(ErrorCode::kUnavailable, "the engine ended: " + engine_->log_end());
    return forward(end.error());
  }
  StepFindings findings;
  findings.encoder = engine_->encoder();
  if (network_) findings.network_made_by = network_->made_by();
  fill(findings, begin, *end);
  fill_memory(findings);
  return findings;
}

void StepRun::fill(StepFindings& findings, const Usage& begin, const Usage& end) {
  PoolFigures figures = viewers_->figures(true);
  CapacityStep& step = findings.step;
  step.phones_asked = options_.phones;
  step.phones_served = figures.counts.served;
  step.seconds = seconds(end.at - begin.at);
  step.launch_ms = quantiles(figures.launch_ms);
  step.input_to_photon_ms = quantiles(figures.samples.input_to_photon_ms);
  step.frame_interval_ms = quantiles(figures.samples.frame_interval_ms);
  step.commit_to_received_ms = quantiles(figures.samples.commit_to_received_ms);
  step.frame_bytes = quantiles(figures.samples.frame_bytes);
  step.frames_delivered = step.frame_bytes.count;
  step.frames_dropped = figures.samples.frames_after_drop;
  const auto kbps = [&step](std::uint64_t bytes) {
    return static_cast<double>(bytes) * 8 / 1e3 / step.seconds;
  };
  const double sessions = std::max(1, step.phones_served);
  step.traffic.out_kbps = kbps(figures.samples.bytes_received);
  step.traffic.in_kbps = kbps(figures.samples.bytes_sent);
  step.traffic.out_kbps_per_session = step.traffic.out_kbps / sessions;
  step.traffic.in_kbps_per_session = step.traffic.in_kbps / sessions;
  findings.first_failure = refusal_.empty() ? figures.first_failure : refusal_;
  if (containers_ != nullptr && containers_->failed() > 0)
    findings.first_failure = containers_->first_failure();
  fill_cpu(findings, begin, end);
}

void StepRun::fill_cpu(StepFindings& findings, const Usage& begin, const Usage& end) const {
  CapacityStep& step = findings.step;
  const auto percent = [&step](Duration cpu) { return 100 * seconds(cpu) / step.seconds; };
  step.engine_cpu_percent = percent(end.engine.cpu - begin.engine.cpu);
  step.app_cpu_percent = percent(end.apps - begin.apps);
  step.viewer_cpu_percent = percent(end.viewers - begin.viewers);
  const double ticks = std::max<double>(
      1, static_cast<double>(end.machine.total) - static_cast<double>(begin.machine.total));
  step.machine_cpu_percent =
      100 * static_cast<double>(end.machine.busy - begin.machine.busy) / ticks;
  findings.disk_wait_percent = 100 *
                               (static_cast<double>(end.machine.waiting_for_disk) -
                                static_cast<double>(begin.machine.waiting_for_disk)) /
                               ticks;
  step.context_switches_per_s =
      static_cast<double>(end.engine.context_switches - begin.engine.context_switches) /
      step.seconds;
  const double frames = static_cast<double>(std::max<std::uint64_t>(1, step.frames_delivered));
  step.engine_cpu_ms_per_frame = 1e3 * seconds(end.engine.cpu - begin.engine.cpu) / frames;
  std::map<std::string, Duration> stages;
  for (const ThreadUsage& thread : end.engine.threads) {
    Duration used = thread.cpu;
    for (const ThreadUsage& earlier : begin.engine.threads) {
      if (earlier.id == thread.id) used -= earlier.cpu;
    }
    stages[stage_of(thread, engine_->pid())] += used;
    if (percent(used) > findings.busiest_thread_percent) {
      findings.busiest_thread_percent = percent(used);
      findings.busiest_thread = thread.id == engine_->pid() ? "front" : thread.name;
    }
  }
  for (const auto& [name, cpu] : stages) step.stages.push_back({name, 1e3 * seconds(cpu) / frames});
  if (const auto used_uj = energy_used_uj(begin.energy, end.energy))
    step.watts = *used_uj / 1e6 / step.seconds;
}

void StepRun::fill_memory(StepFindings& findings) const {
  CapacityStep& step = findings.step;
  const double sessions = std::max(1, step.phones_served);
  const auto add = [&](MemoryFigures& figures, double rss_kib, double pss_kib) {
    figures.rss_mib += rss_kib / 1024;
    figures.pss_mib += pss_kib / 1024;
    figures.rss_kib_per_session = figures.rss_mib * 1024 / sessions;
    figures.pss_kib_per_session = figures.pss_mib * 1024 / sessions;
  };
  const auto add_process = [&](MemoryFigures& figures, pid_t pid) {
    const auto memory = read_memory(pid);
    if (!memory) return;  // it ended; what stays at zero shows it
    add(figures, static_cast<double>(memory->rss_kib), static_cast<double>(memory->pss_kib));
  };
  add_process(step.engine_memory, engine_->pid());
  for (const LoadProcess& app : apps_) add_process(step.app_memory, app.pid());
  if (containers_ != nullptr) {
    std::vector<float> cgroups_kib;
    for (const ContainerMemory& one : containers_->memory()) {
      add(step.app_memory, static_cast<double>(one.rss_kib), static_cast<double>(one.pss_kib));
      cgroups_kib.push_back(static_cast<float>(one.cgroup_kib));
    }
    step.phone_cgroup_kib = quantiles(cgroups_kib);
  }
  const auto total = static_cast<double>(machine_memory_kib("MemTotal"));
  const auto free = static_cast<double>(machine_memory_kib("MemAvailable"));
  if (total > 0) findings.memory_used_percent = 100 * (total - free) / total;
}

}  // namespace

Result<StepFindings> run_step(const StepOptions& options, StopSignal& stop,
                              const StepProgress& progress) {
  return StepRun(options, stop, progress).run();
}

}  // namespace rp
