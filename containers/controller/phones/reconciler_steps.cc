// The second half of the Reconciler: carries out what decide() named.
#include <filesystem>

#include "containers/controller/phones/reconciler.h"
#include "engine/base/log.h"

namespace rp {

namespace {

std::string data_dir(const ReconcilerOptions& options, const std::string& id) {
  return options.phones_dir + "/" + id;
}

// The phone's own files belong to its programs: names are theirs to choose, links are not followed.
Status erase(const std::string& directory) {
  std::error_code error;
  std::filesystem::remove_all(directory, error);
  if (error) return fail_errno(error.value(), "erase " + directory);
  return {};
}

}  // namespace

void Reconciler::run_step(const Phone& phone, Step step, const Look& look) {
  if (step == Step::kPutDisplay || step == Step::kRemoveDisplay) {
    operating_.insert(phone.id);
    const TimePoint began = parts_.loop.clock().now();
    auto done = [this, id = phone.id, step, began,
                 alive = std::weak_ptr<bool>(alive_)](Status status) {
      if (!alive.expired()) finish(id, step, began, status);
    };
    if (step == Step::kPutDisplay) {
      const auto image = look.images.find(phone.image);
      return parts_.engine.put(phone, image == look.images.end() ? 0 : image->second.own_scale_120,
                               std::move(done));
    }
    return parts_.engine.remove(phone.id, std::move(done));
  }
  run_blocking(phone.id, step, work_of(phone, step, look));
}

void Reconciler::run_blocking(const std::string& id, Step step, std::function<Status()> work) {
  // Shared by the two halves of the task, which run on different threads one after the other.
  auto status = std::make_shared<Status>();
  const TimePoint began = parts_.loop.clock().now();
  const bool queued =
      parts_.workers.submit([status, work = std::move(work)] { *status = work(); },
                            [this, id, step, began, status, alive = std::weak_ptr<bool>(alive_)] {
                              if (!alive.expired()) finish(id, step, began, *status);
                            });
  if (queued)
    operating_.insert(id);
  else
    set_next_look(began + std::chrono::milliseconds(100));
}

std::function<Status()> Reconciler::work_of(const Phone& phone, Step step, const Look& look) {
  Runtime& runtime = parts_.runtime;
  const std::string id = phone.id;
  switch (step) {
    case Step::kStart:
      return [&runtime, spec = spec_of(phone, look), prepare = !host_ready_]() -> Status {
        if (prepare) RP_TRY(runtime.up());
        RP_TRY(runtime.create(spec));
        return runtime.start(spec.id);
      };
    case Step::kFreeze:
      return [&runtime, id] { return runtime.freeze(id); };
    case Step::kThaw:
      return [&runtime, id] { return runtime.thaw(id); };
    case Step::kStop:
      return [&runtime, id, grace = options_.stop_grace] {
        // What will not end in order is removed all the same.
        const Status stopped = runtime.stop(id, grace);
        if (!stopped) log_warning("phone.stop_failed", {{"phone", id}, {"error", stopped.error()}});
        return runtime.remove(id);
      };
    case Step::kRemove:
      return [&runtime, id] { return runtime.remove(id); };
    case Step::kEraseData:
    case Step::kForget:
      return [directory = data_dir(options_, id)] { return erase(directory); };
    case Step::kNothing:
    case Step::kPutDisplay:
    case Step::kRemoveDisplay:
      break;
  }
  return [] { return Status(); };
}

PhoneSpec Reconciler::spec_of(const Phone& phone, const Look& look) const {
  PhoneSpec spec;
  spec.id = phone.id;
  const Image& image = look.images.at(phone.image);
  spec.rootfs = image.rootfs;
  spec.command = image.command;
  spec.environment = image.environment;
  spec.user = image.user;
  spec.data_dir = data_dir(options_, phone.id) + "/data";
  if (const EnginePhone* shown = display(phone.id)) spec.display_dir = shown->socket_dir;
  return spec;
}

void Reconciler::finish(const std::string& id, Step step, TimePoint began, const Status& status) {
  operating_.erase(id);
  if (passing_) stale_.insert(id);
  step_time_.observe((parts_.loop.clock().now() - began).count());
  if (!status) {
    failed_steps_.add();
    log_limited(LogLevel::kError, "phone.step_failed",
                {{"phone", id}, {"step", to_string(step)}, {"error", status.error()}});
  }
  auto row = parts_.phones.get(id);
  if (row && *row) {
    if (step == Step::kStart) finish_start(**row, status);
    if (step == Step::kEraseData || step == Step::kForget) finish_erase(**row, step, status);
  }
  // A step that fails at once must not make the loop spin: the next look comes with the poll.
  if (status || step == Step::kStart)
    kick();
  else if (!passing_)
    poll_timer_.arm_after(std::min<Duration>(options_.poll, std::chrono::seconds(1)));
}

void Reconciler::finish_start(const Phone& phone, const Status& status) {
  host_ready_ = status.has_value();
  Memory& memory = memory_[phone.id];
  memory.running_since = {};
  if (status) return;
  Decision decision{Step::kNothing,     phone.state,          status.error().message(),
                    phone.attempts + 1, phone.restart_wanted, {}};
  memory.retry_at = parts_.loop.clock().now() + back_off(decision.attempts);
  (void)write_row(phone, decision);
}

void Reconciler::finish_erase(Phone phone, Step step, const Status& status) {
  if (!status) return;
  if (step == Step::kForget) {
    // People may have made a phone of this id wanted again only before the row is gone: they
    // cannot.
    if (auto removed = parts_.phones.remove(phone.id); !removed)
      log_limited(LogLevel::kError, "phone.write_failed", {{"error", removed.error()}});
    return;
  }
  phone.reset_wanted = false;
  phone.attempts = 0;
  if (auto written = parts_.phones.update(phone); !written)
    log_limited(LogLevel::kError, "phone.write_failed", {{"error", written.error()}});
}

}  // namespace rp
