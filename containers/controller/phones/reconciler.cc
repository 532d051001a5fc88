#include "containers/controller/phones/reconciler.h"

#include <sys/epoll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>

#include "engine/base/log.h"

namespace rp {

Reconciler::Reconciler(const Parts& parts, ReconcilerOptions options)
    : parts_(parts),
      options_(std::move(options)),
      pass_timer_(parts.loop.timer([this] { pass(); })),
      poll_timer_(parts.loop.timer([this] { kick(); })) {
  metrics_.push_back(parts_.registry.add(
      "rackphone_reconcile_pass_seconds",
      "One look at all phones, without the operations it begins.", {}, pass_time_));
  metrics_.push_back(parts_.registry.add("rackphone_reconcile_step_seconds",
                                         "One operation on one phone.", {}, step_time_));
  metrics_.push_back(parts_.registry.add("rackphone_reconcile_failures_total",
                                         "Operations on phones that failed.", {}, failed_steps_));
}

void Reconciler::kick() {
  if (kicked_) return;
  kicked_ = true;
  if (!passing_) pass_timer_.arm_after(Duration(0));
}

const ContainerInfo* Reconciler::container(const std::string& id) const {
  const auto found = containers_.find(id);
  return found == containers_.end() ? nullptr : &found->second;
}

const EnginePhone* Reconciler::display(const std::string& id) const {
  const auto found = displays_.find(id);
  return found == displays_.end() ? nullptr : &found->second;
}

void Reconciler::pass() {
  if (passing_) return;
  kicked_ = false;
  passing_ = true;
  stale_.clear();
  poll_timer_.cancel();
  auto rows = parts_.phones.all();
  std::set<std::string> image_names;
  if (rows)
    for (const Phone& phone : *rows) image_names.insert(phone.image);
  auto look = std::make_shared<Look>();
  const bool queued = parts_.workers.submit(
      [look, image_names, &runtime = parts_.runtime, &images = parts_.images] {
        look->containers = runtime.list();
        for (const std::string& name : image_names) {
          auto image = images.find(name);
          if (image)
            look->images[name] = *std::move(image);
          else
            look->image_errors[name] = image.error().message();
        }
      },
      [this, look, alive = std::weak_ptr<bool>(alive_)] {
        if (!alive.expired()) look_at_engine(look);
      });
  if (!queued) {
    passing_ = false;
    poll_timer_.arm_after(std::chrono::milliseconds(100));
  }
}

// After the runtime: a container that ended because its engine died is then never seen beside a
// display.
void Reconciler::look_at_engine(const std::shared_ptr<Look>& look) {
  const TimePoint began = parts_.loop.clock().now();
  parts_.engine.list([this, look, began, alive = std::weak_ptr<bool>(alive_)](
                         Result<std::vector<EnginePhone>> listed) {
    if (alive.expired()) return;
    const bool was_up = engine_up_;
    engine_up_ = listed.has_value();
    if (was_up != engine_up_) log_info(engine_up_ ? "engine.up" : "engine.down");
    displays_.clear();
    if (listed)
      for (EnginePhone& phone : *listed) displays_[phone.id] = std::move(phone);
    judge(*look);
    pass_time_.observe((parts_.loop.clock().now() - began).count());
    passing_ = false;
    if (kicked_)
      pass_timer_.arm_after(Duration(0));
    else
      poll_timer_.arm_at(next_look_);
  });
}

void Reconciler::judge(const Look& look) {
  next_look_ = parts_.loop.clock().now() + options_.poll;
  if (!look.containers) {
    runtime_fault_ = look.containers.error().message();
    log_limited(LogLevel::kError, "runtime.list_failed", {{"error", look.containers.error()}});
    return;
  }
  containers_.clear();
  for (const ContainerInfo& info : *look.containers) containers_[info.id] = info;
  auto rows = parts_.phones.all();
  if (!rows) {
    log_limited(LogLevel::kError, "store.read_failed", {{"error", rows.error()}});
    return;
  }
  for (const Phone& phone : *rows) {
    if (operating_.contains(phone.id) || stale_.contains(phone.id)) continue;
    if (look.images.contains(phone.image) || look.image_errors.contains(phone.image))
      judge_phone(phone, look);
    else
      kick();  // made while this pass was looking: the next one knows its image
  }
  remove_orphans(*rows);
}

void Reconciler::judge_phone(const Phone& phone, const Look& look) {
  const Decision decision = decide(phone, found_of(phone, look));
  if (decision.look_at) set_next_look(*decision.look_at);
  if (!write_row(phone, decision)) return;
  if (decision.attempts > phone.attempts)
    memory_[phone.id].retry_at = parts_.loop.clock().now() + back_off(decision.attempts);
  if (decision.step == Step::kNothing) return;
  log_debug("phone.step", {{"phone", phone.id}, {"step", to_string(decision.step)}});
  run_step(phone, decision.step, look);
}

Found Reconciler::found_of(const Phone& phone, const Look& look) {
  Found found;
  Memory& memory = memory_[phone.id];
  found.now = parts_.loop.clock().now();
  found.retry_at = memory.retry_at;
  found.engine_up = engine_up_;
  found.display = displays_.contains(phone.id);
  const ContainerInfo* info = container(phone.id);
  if (info != nullptr) {
    found.container = info->state;
    found.exit_status = info->exit_status;
  }
  const bool lives =
      found.container == PhoneState::kRunning || found.container == PhoneState::kFrozen;
  if (lives && memory.running_since.us == 0) memory.running_since = found.now;
  found.ran_long = memory.running_since.us != 0 && found.now - memory.running_since >= kLongRun;
  // Kept for the pass that sees the end; a start forgets it.
  if (found.container == PhoneState::kAbsent) memory.running_since = {};
  watch_exit(memory, lives ? info->init_pid : 0);
  if (const auto image = look.images.find(phone.image); image != look.images.end()) {
    found.image = image->second.state;
  } else if (const auto error = look.image_errors.find(phone.image);
             error != look.image_errors.end()) {
    found.image_error = error->second;
  }
  return found;
}

// pidfd_open(2): readable when the process has ended, so that an end is seen at once.
void Reconciler::watch_exit(Memory& memory, pid_t pid) {
  if (memory.watched_pid == pid) return;
  memory.watch.reset();
  memory.pid_fd.reset();
  memory.watched_pid = pid;
  if (pid <= 0) return;
  memory.pid_fd.reset(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  if (!memory.pid_fd) return kick();  // ended between the look and now
  auto watch = parts_.loop.watch(memory.pid_fd.get(), EPOLLIN, [this, &memory](std::uint32_t) {
    memory.watch.reset();
    kick();
  });
  if (watch) memory.watch = *std::move(watch);
}

bool Reconciler::write_row(const Phone& phone, const Decision& decision) {
  Phone changed = phone;
  changed.state = decision.state;
  changed.reason = decision.reason;
  changed.attempts = decision.attempts;
  changed.restart_wanted = decision.restart_wanted;
  if (changed == phone) return true;
  changed.changed_at = parts_.loop.clock().unix_seconds();
  if (changed.state != phone.state || changed.reason != phone.reason)
    log_info(
        "phone.state",
        {{"phone", phone.id}, {"state", to_string(changed.state)}, {"reason", changed.reason}});
  if (auto written = parts_.phones.update(changed); !written) {
    // Without its memory a step could be repeated without end: wait for the disk.
    log_limited(LogLevel::kError, "phone.write_failed",
                {{"phone", phone.id}, {"error", written.error()}});
    return false;
  }
  return true;
}

void Reconciler::remove_orphans(const std::vector<Phone>& phones) {
  std::set<std::string> known;
  for (const Phone& phone : phones) known.insert(phone.id);
  const auto free = [&](const std::string& id) {
    return !known.contains(id) && !operating_.contains(id) && !stale_.contains(id);
  };
  for (const auto& [id, info] : containers_) {
    if (info.state == PhoneState::kAbsent || !free(id)) continue;
    log_warning("orphan.container", {{"phone", id}, {"state", to_string(info.state)}});
    run_blocking(id, Step::kRemove,
                 [&runtime = parts_.runtime, id = id] { return runtime.remove(id); });
  }
  for (const auto& [id, display] : displays_) {
    if (!free(id)) continue;
    log_warning("orphan.display", {{"phone", id}});
    Phone orphan;
    orphan.id = id;
    run_step(orphan, Step::kRemoveDisplay, {});
  }
  std::erase_if(memory_, [&](const auto& entry) { return free(entry.first); });
}

void Reconciler::set_next_look(TimePoint when) { next_look_ = std::min(next_look_, when); }

}  // namespace rp
