// LoadContainers: a load's phones as the containers they are in use: each with its namespaces, its
// limits, its network and its conmon, made by the product's own runtime, with the workload app as
// its program. One a run of `rackphone bench`. Thread rule: one thread; phones are made on threads
// of its own, several at a time, as a controller makes them.
#pragma once

#include <sys/types.h>

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "containers/runtime/runtime.h"
#include "engine/base/clock.h"
#include "engine/frame/geometry.h"

namespace rp {

struct LoadContainersOptions {
  std::string folder;       // of the run (BenchFolder); on ext4, xfs or btrfs
  std::string app_program;  // on the host
  Size display{720, 1280};
};

struct LoadContainerPhone {
  std::string id;
  std::string display_dir;
  std::vector<std::string> arguments;  // of the workload app
};

// What one phone's container holds.
struct ContainerMemory {
  std::uint64_t cgroup_kib = 0;  // all the kernel charges to it: programs, buffers, files, kernel
  std::uint64_t rss_kib = 0;     // of its processes and its conmon
  std::uint64_t pss_kib = 0;
};

class LoadContainers {
 public:
  // Makes the image and what phones share, then a phone that ends at once, so that what this
  // machine lacks is known before anything is measured: kDenied without root, kNotFound naming a
  // program's package, kUnsupported, or what runc says.
  [[nodiscard]] static Result<std::unique_ptr<LoadContainers>> create(
      LoadContainersOptions options);
  LoadContainers(const LoadContainers&) = delete;
  LoadContainers& operator=(const LoadContainers&) = delete;
  ~LoadContainers();  // removes every phone and what they shared

  // Soon; never waits. What goes wrong is counted in failed().
  void start(LoadContainerPhone phone);
  [[nodiscard]] int waiting() const;  // not yet running, nor failed
  [[nodiscard]] int failed() const;
  [[nodiscard]] std::string first_failure() const;

  // CPU time of all phones of this run so far.
  [[nodiscard]] Duration cpu_time() const;
  // Of each phone that is there.
  [[nodiscard]] std::vector<ContainerMemory> memory() const;
  // Ends and removes all phones, those not yet made among them; blocks.
  [[nodiscard]] Status remove_all();

 private:
  LoadContainers(LoadContainersOptions options, std::unique_ptr<Runtime> runtime);
  [[nodiscard]] Status make(const LoadContainerPhone& phone);
  [[nodiscard]] Status try_one();
  void work();

  LoadContainersOptions options_;
  std::unique_ptr<Runtime> runtime_;
  std::string run_dir_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<LoadContainerPhone> queue_;
  int busy_ = 0;
  int failed_ = 0;
  std::string first_failure_;
  bool ending_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace rp
