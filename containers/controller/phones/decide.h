// decide(): the one place that knows what to do next for a phone. From what people want (the row)
// and what is really there (container, display, image) it names one step, and what to show
// meanwhile. Pure: no clock, no calls, so that every case can be put in a table. The reconciler
// runs the step, looks again and asks again, until there is nothing left to do. Thread rule: pure
// functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "containers/controller/store/phone_store.h"
#include "containers/images/image_store.h"
#include "containers/runtime/runtime.h"
#include "engine/base/clock.h"

namespace rp {

// What is really there for one phone.
struct Found {
  PhoneState container = PhoneState::kAbsent;
  int exit_status = -1;
  bool engine_up = false;
  bool display = false;  // the engine has this phone
  ImageState image = ImageState::kReady;
  std::string image_error;  // why the image cannot be looked at; empty: it can
  TimePoint now;
  TimePoint retry_at;     // no start before
  bool ran_long = false;  // has been running long enough to call the last start a success
};

enum class Step {
  kNothing,
  kPutDisplay,     // engine: make the display
  kStart,          // runtime: create and start
  kFreeze,         // runtime
  kThaw,           // runtime
  kStop,           // runtime: stop with grace, then remove
  kRemove,         // runtime: remove at once, or clear what a crash left
  kEraseData,      // the phone's own files
  kRemoveDisplay,  // engine
  kForget,         // the row and the phone's own files
};
[[nodiscard]] std::string_view to_string(Step step);

struct Decision {
  Step step = Step::kNothing;
  // What the row becomes; equal to what it was when nothing changes.
  Life state = Life::kCreated;
  std::string reason;
  std::int64_t attempts = 0;
  bool restart_wanted = false;
  // Look again then, if nothing happens before.
  std::optional<TimePoint> look_at;
};

inline constexpr std::int64_t kMaxAttempts = 5;
// How long a phone has to run for its next end to count as the first.
inline constexpr Duration kLongRun = std::chrono::seconds(10);

[[nodiscard]] Decision decide(const Phone& phone, const Found& found);

// Before the next start after `attempts` failures: 0, 1, 2, 4, … s, at most 30.
[[nodiscard]] Duration back_off(std::int64_t attempts);

}  // namespace rp
