#include "containers/controller/phones/decide.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace rp {

namespace {

constexpr std::array<std::string_view, 10> kStepNames = {
    "nothing", "put_display", "start",      "freeze",         "thaw",
    "stop",    "remove",      "erase_data", "remove_display", "forget"};

// The row as it is, with this step.
Decision keep(const Phone& phone, Step step) {
  return {step, phone.state, phone.reason, phone.attempts, phone.restart_wanted, {}};
}

Decision show(const Phone& phone, Step step, Life state, std::string reason) {
  Decision decision = keep(phone, step);
  decision.state = state;
  decision.reason = std::move(reason);
  return decision;
}

bool lives(const Found& found) {
  return found.container == PhoneState::kRunning || found.container == PhoneState::kFrozen;
}

// How to be rid of a container that may not be there any more.
Step end_step(const Found& found) { return lives(found) ? Step::kStop : Step::kRemove; }

Decision decide_deleted(const Phone& phone, const Found& found) {
  if (found.container != PhoneState::kAbsent) return keep(phone, end_step(found));
  // Without an engine there is no display; an engine that comes back has none either.
  if (found.display) return keep(phone, Step::kRemoveDisplay);
  return keep(phone, Step::kForget);
}

Decision decide_stopped(const Phone& phone, const Found& found) {
  const Life rest = phone.state == Life::kCreated ? Life::kCreated : Life::kStopped;
  if (found.container != PhoneState::kAbsent) return keep(phone, end_step(found));
  Decision decision = show(phone, Step::kNothing, rest, "");
  if (found.display) decision.step = Step::kRemoveDisplay;
  decision.attempts = 0;
  decision.restart_wanted = false;
  return decision;
}

Decision decide_living(const Phone& phone, const Found& found) {
  // A display is made before its container starts. One that is missing was lost with its engine,
  // and the container's programs still hold a dead connection.
  if (found.engine_up && !found.display)
    return show(phone, Step::kRemove, Life::kStarting, "the engine was restarted");
  const bool frozen = found.container == PhoneState::kFrozen;
  Decision decision = show(phone, Step::kNothing, frozen ? Life::kFrozen : Life::kRunning, "");
  if (phone.wanted == Wanted::kRunning && frozen) decision.step = Step::kThaw;
  if (phone.wanted == Wanted::kFrozen && !frozen) decision.step = Step::kFreeze;
  if (found.ran_long) decision.attempts = 0;
  return decision;
}

// The container ended by itself while it should run. An end for want of a display is not its fault.
Decision decide_ended(const Phone& phone, const Found& found) {
  if (!found.engine_up || !found.display)
    return show(phone, Step::kRemove, Life::kStarting, "the engine was restarted");
  const std::string status =
      found.exit_status < 0 ? "" : fmt::format(" with status {}", found.exit_status);
  Decision decision =
      show(phone, Step::kRemove, Life::kStarting, "the phone's program ended" + status);
  decision.attempts = (found.ran_long ? 0 : phone.attempts) + 1;
  return decision;
}

Decision decide_start(const Phone& phone, const Found& found) {
  if (phone.attempts >= kMaxAttempts)
    return show(phone, Step::kNothing, Life::kFailed, phone.reason);
  if (!found.image_error.empty())
    return show(phone, Step::kNothing, Life::kFailed, found.image_error);
  if (found.image == ImageState::kBuilding)
    return show(phone, Step::kNothing, Life::kStarting, "image " + phone.image + " is being built");
  if (found.image == ImageState::kAbsent)
    return show(
        phone, Step::kNothing, Life::kFailed,
        fmt::format("image {0} is not built; run `rackphone image build {0}`", phone.image));
  if (!found.engine_up)
    return show(phone, Step::kNothing, Life::kStarting, "waiting for the engine");
  if (found.now < found.retry_at) {
    Decision decision = show(phone, Step::kNothing, Life::kStarting, phone.reason);
    decision.look_at = found.retry_at;
    return decision;
  }
  // The reason of an earlier failure stays in sight until a start has succeeded.
  const std::string reason = phone.attempts > 0 ? phone.reason : "";
  return show(phone, found.display ? Step::kStart : Step::kPutDisplay, Life::kStarting, reason);
}

Decision decide_wanted(const Phone& phone, const Found& found) {
  if (lives(found)) return decide_living(phone, found);
  if (found.container == PhoneState::kStopped) return decide_ended(phone, found);
  // What was frozen and is gone (a restarted host) is not started only to be frozen again.
  if (phone.wanted == Wanted::kFrozen) {
    if (found.container != PhoneState::kAbsent) return keep(phone, Step::kRemove);
    return show(phone, Step::kNothing, Life::kStopped, "was frozen when its host or engine ended");
  }
  return decide_start(phone, found);
}

}  // namespace

std::string_view to_string(Step step) { return kStepNames.at(static_cast<std::size_t>(step)); }

Decision decide(const Phone& phone, const Found& found) {
  if (found.container == PhoneState::kLeftover) return keep(phone, Step::kRemove);
  if (phone.wanted == Wanted::kDeleted) return decide_deleted(phone, found);
  if (phone.reset_wanted) {
    if (found.container != PhoneState::kAbsent) return keep(phone, end_step(found));
    return keep(phone, Step::kEraseData);
  }
  if (phone.wanted == Wanted::kStopped) return decide_stopped(phone, found);
  if (phone.restart_wanted && found.container != PhoneState::kAbsent)
    return show(phone, end_step(found), Life::kStarting, "restarting");
  Decision decision = decide_wanted(phone, found);
  decision.restart_wanted = false;
  return decision;
}

Duration back_off(std::int64_t attempts) {
  if (attempts <= 1) return Duration(0);
  const std::int64_t doublings = std::min<std::int64_t>(attempts - 2, 10);
  return std::min<Duration>(std::chrono::seconds(std::int64_t{1} << doublings),
                            std::chrono::seconds(30));
}

}  // namespace rp
