#include "tests/lab/fence_timeline.h"

#include <fcntl.h>
#include <sys/ioctl.h>

#include <cstring>

namespace rp {
namespace {

// drivers/dma-buf/sw_sync.c
struct SwSyncFence {
  std::uint32_t value;
  char name[32];
  std::int32_t fence;
};
constexpr unsigned long kCreateFence = _IOWR('W', 0, SwSyncFence);
constexpr unsigned long kAdvance = _IOW('W', 1, std::uint32_t);

}  // namespace

Result<std::unique_ptr<FenceTimeline>> FenceTimeline::create() {
  auto timeline = std::make_unique<FenceTimeline>();
  timeline->fd_ = UniqueFd(::open("/sys/kernel/debug/sync/sw_sync", O_RDWR | O_CLOEXEC));
  if (!timeline->fd_) return fail_errno("open sw_sync");
  return timeline;
}

UniqueFd FenceTimeline::next_fence() {
  SwSyncFence fence{};
  fence.value = ++given_;
  std::strcpy(fence.name, "test");
  if (::ioctl(fd_.get(), kCreateFence, &fence) != 0) return {};
  return UniqueFd(fence.fence);
}

void FenceTimeline::advance() {
  std::uint32_t by = 1;
  RP_CHECK(::ioctl(fd_.get(), kAdvance, &by) == 0);
}

}  // namespace rp
