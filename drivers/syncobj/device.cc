#include "drivers/syncobj/device.h"

#include <drm.h>
#include <fcntl.h>
#include <sys/ioctl.h>

#include <array>
#include <cerrno>

namespace rp {
namespace {

constexpr int kFirstNode = 128;
constexpr int kNodes = 64;

int call(int node, unsigned long request, void* argument) {
  int result = 0;
  do {
    result = ::ioctl(node, request, argument);
  } while (result != 0 && (errno == EINTR || errno == EAGAIN));
  return result;
}

bool has_timelines(int node) {
  drm_get_cap asked{};
  asked.capability = DRM_CAP_SYNCOBJ_TIMELINE;
  return call(node, DRM_IOCTL_GET_CAP, &asked) == 0 && asked.value == 1;
}

// A synchronisation object of ours, by its handle.
class Handle {
 public:
  Handle(int node, std::uint32_t handle) : node_(node), handle_(handle) {}
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
  ~Handle() {
    drm_syncobj_destroy gone{};
    gone.handle = handle_;
    (void)call(node_, DRM_IOCTL_SYNCOBJ_DESTROY, &gone);
  }
  [[nodiscard]] std::uint32_t get() const { return handle_; }

 private:
  int node_;
  std::uint32_t handle_;
};

class DrmTimeline final : public SyncTimeline {
 public:
  DrmTimeline(std::shared_ptr<DrmSyncDevice> device, std::uint32_t handle)
      : device_(std::move(device)), handle_(device_->node(), handle) {}

  // Only an object without points gives a sync file, so the point's fence is moved to one.
  Result<UniqueFd> fence_of(std::uint64_t point) override {
    const int node = device_->node();
    drm_syncobj_create made{};
    if (call(node, DRM_IOCTL_SYNCOBJ_CREATE, &made) != 0) return fail_errno("make a syncobj");
    const Handle plain(node, made.handle);
    drm_syncobj_transfer moved{};
    moved.src_handle = handle_.get();
    moved.src_point = point;
    moved.dst_handle = plain.get();
    if (call(node, DRM_IOCTL_SYNCOBJ_TRANSFER, &moved) != 0) {
      if (errno == EINVAL) return fail(ErrorCode::kWouldBlock, "the point has no fence yet");
      return fail_errno("take the fence of a point");
    }
    drm_syncobj_handle exported{};
    exported.handle = plain.get();
    exported.flags = DRM_SYNCOBJ_HANDLE_TO_FD_FLAGS_EXPORT_SYNC_FILE;
    exported.fd = -1;
    if (call(node, DRM_IOCTL_SYNCOBJ_HANDLE_TO_FD, &exported) != 0) {
      return fail_errno("export a sync file");
    }
    return UniqueFd(exported.fd);
  }

  void signal(std::uint64_t point) override {
    std::uint32_t handle = handle_.get();
    drm_syncobj_timeline_array signalled{};
    signalled.handles = reinterpret_cast<std::uintptr_t>(&handle);
    signalled.points = reinterpret_cast<std::uintptr_t>(&point);
    signalled.count_handles = 1;
    (void)call(device_->node(), DRM_IOCTL_SYNCOBJ_TIMELINE_SIGNAL, &signalled);
  }

 private:
  std::shared_ptr<DrmSyncDevice> device_;  // shared: the handle is the node's
  Handle handle_;
};

}  // namespace

Result<std::shared_ptr<DrmSyncDevice>> DrmSyncDevice::find(const std::string& dev) {
  for (int i = 0; i < kNodes; ++i) {
    const std::string path = dev + "/dri/renderD" + std::to_string(kFirstNode + i);
    UniqueFd node(::open(path.c_str(), O_RDWR | O_CLOEXEC));
    if (!node || !has_timelines(node.get())) continue;
    return std::shared_ptr<DrmSyncDevice>(new DrmSyncDevice(std::move(node)));
  }
  return fail(ErrorCode::kUnsupported, "no render node has timelines of fences");
}

std::span<const unsigned long> DrmSyncDevice::ioctls() {
  static constexpr std::array<unsigned long, 6> kIoctls = {
      DRM_IOCTL_SYNCOBJ_CREATE,       DRM_IOCTL_SYNCOBJ_DESTROY,
      DRM_IOCTL_SYNCOBJ_HANDLE_TO_FD, DRM_IOCTL_SYNCOBJ_FD_TO_HANDLE,
      DRM_IOCTL_SYNCOBJ_TRANSFER,     DRM_IOCTL_SYNCOBJ_TIMELINE_SIGNAL};
  return kIoctls;
}

Result<std::shared_ptr<SyncTimeline>> DrmSyncDevice::import_timeline(UniqueFd fd) {
  drm_syncobj_handle imported{};
  imported.fd = fd.get();
  if (call(node_.get(), DRM_IOCTL_SYNCOBJ_FD_TO_HANDLE, &imported) != 0) {
    return fail(ErrorCode::kInvalid, "the descriptor is no syncobj");
  }
  return std::make_shared<DrmTimeline>(shared_from_this(), imported.handle);
}

}  // namespace rp
