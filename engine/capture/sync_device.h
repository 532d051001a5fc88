// SyncDevice: the kernel's timelines of fences (DRM synchronisation objects), as far as the display
// needs them. Implementations: drivers/syncobj, and a fake for tests. Thread rule: any thread may
// import; a timeline belongs to its display's loop.
#pragma once

#include <cstdint>
#include <memory>

#include "engine/base/result.h"
#include "engine/base/unique_fd.h"

namespace rp {

class SyncTimeline {
 public:
  virtual ~SyncTimeline() = default;
  // A sync file that signals with the point. kWouldBlock: no work has been submitted for it so far,
  // so there is nothing to wait for yet.
  [[nodiscard]] virtual Result<UniqueFd> fence_of(std::uint64_t point) = 0;
  // The point, and all before it, are reached.
  virtual void signal(std::uint64_t point) = 0;
};

class SyncDevice {
 public:
  virtual ~SyncDevice() = default;
  // kInvalid: the descriptor is no timeline. Shared: points that were set outlive the client's
  // object.
  [[nodiscard]] virtual Result<std::shared_ptr<SyncTimeline>> import_timeline(UniqueFd fd) = 0;
};

struct SyncPoint {
  std::shared_ptr<SyncTimeline> timeline;  // null: none
  std::uint64_t value = 0;
  explicit operator bool() const { return timeline != nullptr; }
};

}  // namespace rp
