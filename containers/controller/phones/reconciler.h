// Reconciler: makes what is there into what is wanted. A pass looks at the runtime (off the loop),
// then at the engine, asks decide() about every phone and starts at most one operation for each;
// the end of an operation, of a container, of the engine or a request brings the next pass. What
// nobody wants (orphan containers, mounts, veths, displays) is removed. All truth is in the store
// and in the world: a controller that was killed goes on where it was. Thread rule: the
// controller's loop.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "containers/controller/executor.h"
#include "containers/controller/phones/decide.h"
#include "containers/controller/phones/engine_control.h"
#include "containers/images/image_store.h"
#include "containers/runtime/runtime.h"
#include "engine/base/event_loop.h"
#include "engine/base/metrics.h"

namespace rp {

struct ReconcilerOptions {
  std::string phones_dir;  // each phone's own files: phones_dir/ID/data
  Duration poll =
      std::chrono::seconds(2);  // for what sends no notice; everything else is event driven
  std::chrono::milliseconds stop_grace{3000};
};

class Reconciler {
 public:
  struct Parts {
    EventLoop& loop;
    Executor& workers;
    Runtime& runtime;
    ImageStore& images;
    EngineControl& engine;
    PhoneStore& phones;
    Registry& registry;
  };
  // All parts outlive this.
  Reconciler(const Parts& parts, ReconcilerOptions options);
  Reconciler(const Reconciler&) = delete;
  Reconciler& operator=(const Reconciler&) = delete;

  // A pass soon; many calls are one pass.
  void kick();
  [[nodiscard]] bool engine_up() const { return engine_up_; }
  // Why the runtime cannot be used, as of the last pass; empty: it can.
  [[nodiscard]] const std::string& runtime_fault() const { return runtime_fault_; }
  // What the runtime and the engine said of a phone in the last pass; nullptr: nothing.
  [[nodiscard]] const ContainerInfo* container(const std::string& id) const;
  [[nodiscard]] const EnginePhone* display(const std::string& id) const;
  // A pass is asked for or under way, or an operation is.
  [[nodiscard]] bool busy() const { return passing_ || kicked_ || !operating_.empty(); }

 private:
  // What a worker sees of the host in one pass.
  struct Look {
    Result<std::vector<ContainerInfo>> containers;
    std::map<std::string, Image> images;
    std::map<std::string, std::string> image_errors;
  };
  // What the last pass left to remember of a phone; nothing that may not be forgotten.
  struct Memory {
    TimePoint retry_at;
    TimePoint running_since;
    pid_t watched_pid = 0;
    UniqueFd pid_fd;
    EventLoop::Watch watch;
  };

  void pass();
  void look_at_engine(const std::shared_ptr<Look>& look);
  void judge(const Look& look);
  void judge_phone(const Phone& phone, const Look& look);
  void remove_orphans(const std::vector<Phone>& phones);
  [[nodiscard]] Found found_of(const Phone& phone, const Look& look);
  void watch_exit(Memory& memory, pid_t pid);
  [[nodiscard]] bool write_row(const Phone& phone, const Decision& decision);
  void run_step(const Phone& phone, Step step, const Look& look);
  void run_blocking(const std::string& id, Step step, std::function<Status()> work);
  [[nodiscard]] std::function<Status()> work_of(const Phone& phone, Step step, const Look& look);
  [[nodiscard]] PhoneSpec spec_of(const Phone& phone, const Look& look) const;
  void finish(const std::string& id, Step step, TimePoint began, const Status& status);
  void finish_start(const Phone& phone, const Status& status);
  void finish_erase(Phone phone, Step step, const Status& status);
  void set_next_look(TimePoint when);

  Parts parts_;
  ReconcilerOptions options_;
  EventLoop::Timer pass_timer_;
  EventLoop::Timer poll_timer_;
  bool kicked_ = false;
  bool passing_ = false;
  bool engine_up_ = false;
  bool host_ready_ = false;  // runtime.up() has been done
  std::string runtime_fault_;
  std::uint64_t pass_ = 0;
  TimePoint next_look_;
  std::map<std::string, ContainerInfo> containers_;
  std::map<std::string, EnginePhone> displays_;
  std::map<std::string, Memory> memory_;
  std::set<std::string> operating_;  // phones with an operation under way
  std::set<std::string> stale_;      // whose operation ended after this pass had looked
  LatencyHistogram pass_time_;
  LatencyHistogram step_time_;
  Counter failed_steps_;
  std::vector<Registry::Handle> metrics_;
  // Answers of the engine may come when this is gone. Shared with them, weakly.
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace rp
