// Workload: what a population of users does: which share of them is busy with what at any moment,
// and how long one spell of it lasts. docs/capacity.md gives the source of every number or says
// that it is an assumption. Thread rule: constants and plain values.
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <string_view>

#include "engine/base/result.h"

namespace rp {

enum class Activity {
  kIdle,       // a page at rest, the clock's minute, now and then a blinking caret
  kReading,    // a page of text, flung onwards
  kTyping,     // characters into a field, caret blinking
  kMessaging,  // typing in bursts, and the other's bubbles
  kVideo,      // 30 frames a second in a part of the screen
  kSwitching,  // from app to app
  kCamera,     // 30 frames a second of a noisy preview
};
inline constexpr std::size_t kActivities = 7;

// "idle", "reading", …
[[nodiscard]] std::string_view to_string(Activity activity);

struct ActivityMix {
  double share = 0;         // of the users, at any moment; the shares of a workload add up to 1
  double mean_dwell_s = 0;  // one spell
};

struct Workload {
  std::string_view name;
  std::array<ActivityMix, kActivities> mix;  // in the order of Activity
};

// office, and one of each activity alone under the activity's name.
[[nodiscard]] std::span<const Workload> workloads();
// kNotFound, naming those there are.
[[nodiscard]] Result<Workload> find_workload(std::string_view name);

}  // namespace rp
