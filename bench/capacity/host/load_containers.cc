#include "bench/capacity/host/load_containers.h"

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <fstream>

#include <fmt/core.h>

#include "bench/capacity/host/bench_image.h"
#include "bench/capacity/host/process_stats.h"
#include "containers/runtime/runc/cgroups.h"
#include "containers/runtime/runc/instance.h"
#include "containers/runtime/runc/runc_runtime.h"

namespace rp {
namespace {

namespace fs = std::filesystem;

constexpr const char* kTrialPhone = "bench-trial";
constexpr auto kTrialPatience = std::chrono::seconds(20);
constexpr std::size_t kLogEndBytes = 400;

unsigned makers() { return std::clamp(std::thread::hardware_concurrency(), 1U, 8U); }

// The first number in the first of these files that is there.
std::uint64_t number_in(const std::string& path, std::string_view after = {}) {
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with(after)) continue;
    return std::strtoull(line.c_str() + after.size(), nullptr, 10);
  }
  return 0;
}

// Calls `visit` with the folder of `cgroup` in every hierarchy that has it.
template <class Visit>
void each_cgroup(const std::string& cgroup, Visit visit) {
  for (const std::string& hierarchy : cgroup_hierarchies()) {
    std::error_code error;
    if (fs::is_directory(hierarchy + "/" + cgroup, error)) visit(hierarchy + "/" + cgroup);
  }
}

std::vector<pid_t> processes_in(const std::string& cgroup) {
  std::vector<pid_t> pids;
  each_cgroup(cgroup, [&](const std::string& folder) {
    if (!pids.empty()) return;
    std::ifstream file(folder + "/cgroup.procs");
    for (pid_t pid = 0; file >> pid;) pids.push_back(pid);
  });
  return pids;
}

}  // namespace

LoadContainers::LoadContainers(LoadContainersOptions options, std::unique_ptr<Runtime> runtime)
    : options_(std::move(options)),
      runtime_(std::move(runtime)),
      run_dir_(fs::canonical(options_.folder + "/run")) {}

Result<std::unique_ptr<LoadContainers>> LoadContainers::create(LoadContainersOptions options) {
  RuncOptions runc;
  runc.run_dir = options.folder + "/run";
  RP_ASSIGN(auto runtime, RuncRuntime::create(runc));
  RP_TRY(make_bench_image(options.folder + "/image", options.app_program, options.display));
  std::unique_ptr<LoadContainers> made(new LoadContainers(std::move(options), std::move(runtime)));
  RP_TRY(made->runtime_->up());
  RP_TRY(made->try_one());
  for (unsigned i = 0; i < makers(); ++i)
    made->threads_.emplace_back([raw = made.get()] { raw->work(); });
  return made;
}

LoadContainers::~LoadContainers() {
  (void)remove_all();
  {
    const std::scoped_lock lock(mutex_);
    ending_ = true;
  }
  changed_.notify_all();
  for (std::thread& thread : threads_) thread.join();
  // What cannot be removed now, the next run or `rackphone bench --clean` removes.
  (void)runtime_->down();
}

Status LoadContainers::make(const LoadContainerPhone& phone) {
  PhoneSpec spec;
  spec.id = phone.id;
  spec.rootfs = options_.folder + "/image";
  spec.data_dir = options_.folder + "/data/" + phone.id;
  spec.display_dir = phone.display_dir;
  spec.command = {kBenchAppInImage};
  spec.command.insert(spec.command.end(), phone.arguments.begin(), phone.arguments.end());
  RP_TRY(runtime_->create(spec));
  return runtime_->start(phone.id);
}

Status LoadContainers::try_one() {
  // Reads what the phones will read, writes it nowhere, and ends.
  RP_TRY(make({kTrialPhone, {}, {"--assets", kBenchAssetsInImage, "--draw-assets", "/dev/null"}}));
  const auto deadline = std::chrono::steady_clock::now() + kTrialPatience;
  for (;;) {
    RP_ASSIGN(const ContainerInfo info, runtime_->inspect(kTrialPhone));
    if (info.state == PhoneState::kStopped && info.exit_status == 0) break;
    const bool late = std::chrono::steady_clock::now() > deadline;
    if (info.state != PhoneState::kStopped && !late) {
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
      continue;
    }
    const auto log = runtime_->read_log(kTrialPhone, kLogEndBytes);
    return fail(ErrorCode::kUnavailable,
                fmt::format("the workload app does not run in a container ({}, exit status {}): {}",
                            to_string(info.state), info.exit_status, log.value_or("")));
  }
  return runtime_->remove(kTrialPhone);
}

void LoadContainers::start(LoadContainerPhone phone) {
  {
    const std::scoped_lock lock(mutex_);
    queue_.push_back(std::move(phone));
  }
  changed_.notify_one();
}

void LoadContainers::work() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return ending_ || !queue_.empty(); });
    if (queue_.empty()) return;
    const LoadContainerPhone phone = std::move(queue_.front());
    queue_.pop_front();
    ++busy_;
    lock.unlock();
    const Status made = make(phone);
    lock.lock();
    --busy_;
    if (!made) {
      ++failed_;
      if (first_failure_.empty()) first_failure_ = made.error().message();
    }
    changed_.notify_all();
  }
}

int LoadContainers::waiting() const {
  const std::scoped_lock lock(mutex_);
  return static_cast<int>(queue_.size()) + busy_;
}

int LoadContainers::failed() const {
  const std::scoped_lock lock(mutex_);
  return failed_;
}

std::string LoadContainers::first_failure() const {
  const std::scoped_lock lock(mutex_);
  return first_failure_;
}

Duration LoadContainers::cpu_time() const {
  // A cgroup's time has that of those below it in it, and of those that have gone.
  Duration total{0};
  each_cgroup(Instance(run_dir_).cgroup_parent(), [&](const std::string& folder) {
    const std::uint64_t v1_ns = number_in(folder + "/cpuacct.usage");
    const std::uint64_t v2_us = number_in(folder + "/cpu.stat", "usage_usec ");
    const auto us = static_cast<std::int64_t>(v1_ns > 0 ? v1_ns / 1'000 : v2_us);
    total = std::max(total, Duration(us));
  });
  return total;
}

std::vector<ContainerMemory> LoadContainers::memory() const {
  const Instance instance(run_dir_);
  std::vector<ContainerMemory> all;
  for (const std::string& id : cgroups_below(cgroup_hierarchies(), instance.cgroup_parent())) {
    ContainerMemory one;
    each_cgroup(instance.cgroup(id), [&one](const std::string& folder) {
      const std::uint64_t v1 = number_in(folder + "/memory.usage_in_bytes");
      const std::uint64_t v2 = number_in(folder + "/memory.current");
      one.cgroup_kib = std::max(one.cgroup_kib, std::max(v1, v2) / 1024);
    });
    std::vector<pid_t> pids = processes_in(instance.cgroup(id));
    pids.push_back(static_cast<pid_t>(number_in(instance.phone_dir(id) + "/conmon.pid")));
    for (const pid_t pid : pids) {
      const auto used = read_memory(pid);
      if (!used) continue;
      one.rss_kib += used->rss_kib;
      one.pss_kib += used->pss_kib;
    }
    all.push_back(one);
  }
  return all;
}

Status LoadContainers::remove_all() {
  {
    std::unique_lock lock(mutex_);
    queue_.clear();
    changed_.wait(lock, [this] { return busy_ == 0; });
    failed_ = 0;
    first_failure_.clear();
  }
  RP_ASSIGN(const auto phones, runtime_->list());
  std::atomic<std::size_t> next = 0;
  std::atomic<int> left = 0;
  std::vector<std::thread> threads;
  for (unsigned i = 0; i < makers(); ++i)
    threads.emplace_back([&] {
      for (std::size_t at = next++; at < phones.size(); at = next++)
        if (!runtime_->remove(phones[at].id)) ++left;
    });
  for (std::thread& thread : threads) thread.join();
  std::error_code error;
  fs::remove_all(options_.folder + "/data", error);
  if (left > 0)
    return fail(ErrorCode::kInternal, fmt::format("{} phones could not be removed", left.load()));
  return {};
}

}  // namespace rp
