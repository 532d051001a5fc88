// FakeSyncDevice: timelines in memory. A point gets its fence when the test says so (an eventfd:
// readable once signalled, as a sync file is). Thread rule: the test's.
#pragma once

#include <sys/eventfd.h>

#include <map>
#include <vector>

#include "engine/capture/sync_device.h"

namespace rp {

class FakeTimeline final : public SyncTimeline {
 public:
  // Work has been submitted for the point, and is done when `signalled`.
  void materialise(std::uint64_t point, bool signalled) {
    fences_[point] = UniqueFd(::eventfd(signalled ? 1 : 0, EFD_CLOEXEC | EFD_NONBLOCK));
  }
  [[nodiscard]] Result<UniqueFd> fence_of(std::uint64_t point) override {
    const auto found = fences_.find(point);
    if (found == fences_.end()) return fail(ErrorCode::kWouldBlock, "nothing is submitted");
    return found->second.duplicate();
  }
  void signal(std::uint64_t point) override { signalled.push_back(point); }
  std::vector<std::uint64_t> signalled;

 private:
  std::map<std::uint64_t, UniqueFd> fences_;
};

class FakeSyncDevice final : public SyncDevice {
 public:
  [[nodiscard]] Result<std::shared_ptr<SyncTimeline>> import_timeline(UniqueFd /*fd*/) override {
    if (refuses) return fail(ErrorCode::kInvalid, "not a timeline");
    timelines.push_back(std::make_shared<FakeTimeline>());
    return timelines.back();
  }
  bool refuses = false;
  std::vector<std::shared_ptr<FakeTimeline>> timelines;
};

}  // namespace rp
