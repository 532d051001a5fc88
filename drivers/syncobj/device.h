// DrmSyncDevice: timelines of fences from the kernel's graphics core (drm.h, DRM_IOCTL_SYNCOBJ_*).
// Any render node serves: a timeline is the kernel's, not a card's. Thread rule: any thread; the
// kernel guards the node, and a timeline is used by one loop.
#pragma once

#include <span>
#include <string>

#include "engine/capture/sync_device.h"

namespace rp {

class DrmSyncDevice final : public SyncDevice, public std::enable_shared_from_this<DrmSyncDevice> {
 public:
  // The first render node under `dev` whose driver has timelines. kUnsupported: none has.
  [[nodiscard]] static Result<std::shared_ptr<DrmSyncDevice>> find(const std::string& dev);

  // What it asks of the kernel once it is open: for a process that gives up the rest.
  [[nodiscard]] static std::span<const unsigned long> ioctls();

  [[nodiscard]] Result<std::shared_ptr<SyncTimeline>> import_timeline(UniqueFd fd) override;
  [[nodiscard]] int node() const { return node_.get(); }

 private:
  explicit DrmSyncDevice(UniqueFd node) : node_(std::move(node)) {}
  UniqueFd node_;
};

}  // namespace rp
