// Goal: the kernel's timelines do what the display asks of them. Method: a client's side made with
// the same ioctls on the lab's render node, fences of sw_sync.
#include <drm.h>
#include <fcntl.h>
#include <sys/ioctl.h>

#include <gtest/gtest.h>

#include "drivers/syncobj/device.h"
#include "engine/frame/guest_fence.h"
#include "tests/lab/fence_timeline.h"

namespace rp {
namespace {

constexpr std::chrono::milliseconds kLong{20'000};

class LabSyncobj : public testing::Test {
 protected:
  void SetUp() override {
    auto found = DrmSyncDevice::find("/dev");
    ASSERT_TRUE(found) << found.error().message();
    device_ = std::move(*found);
    // A client's own view of the node.
    node_ = UniqueFd(::open("/dev/dri/renderD128", O_RDWR | O_CLOEXEC));
    ASSERT_TRUE(node_);
    drm_syncobj_create made{};
    ASSERT_EQ(::ioctl(node_.get(), DRM_IOCTL_SYNCOBJ_CREATE, &made), 0);
    handle_ = made.handle;
    drm_syncobj_handle shared{};
    shared.handle = handle_;
    ASSERT_EQ(::ioctl(node_.get(), DRM_IOCTL_SYNCOBJ_HANDLE_TO_FD, &shared), 0);
    timeline_ = device_->import_timeline(UniqueFd(shared.fd)).value();
  }
  // As a client's driver does when it submits work for the point.
  void submit(std::uint64_t point, const UniqueFd& fence) {
    drm_syncobj_create made{};
    ASSERT_EQ(::ioctl(node_.get(), DRM_IOCTL_SYNCOBJ_CREATE, &made), 0);
    drm_syncobj_handle imported{};
    imported.handle = made.handle;
    imported.flags = DRM_SYNCOBJ_FD_TO_HANDLE_FLAGS_IMPORT_SYNC_FILE;
    imported.fd = fence.get();
    ASSERT_EQ(::ioctl(node_.get(), DRM_IOCTL_SYNCOBJ_FD_TO_HANDLE, &imported), 0);
    drm_syncobj_transfer moved{};
    moved.src_handle = made.handle;
    moved.dst_handle = handle_;
    moved.dst_point = point;
    ASSERT_EQ(::ioctl(node_.get(), DRM_IOCTL_SYNCOBJ_TRANSFER, &moved), 0);
  }
  std::uint64_t reached() {
    std::uint64_t point = 0;
    drm_syncobj_timeline_array asked{};
    asked.handles = reinterpret_cast<std::uintptr_t>(&handle_);
    asked.points = reinterpret_cast<std::uintptr_t>(&point);
    asked.count_handles = 1;
    EXPECT_EQ(::ioctl(node_.get(), DRM_IOCTL_SYNCOBJ_QUERY, &asked), 0);
    return point;
  }

  std::shared_ptr<DrmSyncDevice> device_;
  UniqueFd node_;
  std::uint32_t handle_ = 0;
  std::shared_ptr<SyncTimeline> timeline_;
};

TEST_F(LabSyncobj, APointWithoutWorkHasNoFence) {
  const auto fence = timeline_->fence_of(1);
  ASSERT_FALSE(fence);
  EXPECT_EQ(fence.error().code, ErrorCode::kWouldBlock);
}

TEST_F(LabSyncobj, ItsFenceSignalsWithTheWork) {
  const auto work = FenceTimeline::create().value();
  submit(7, work->next_fence());
  const auto fence = timeline_->fence_of(7);
  ASSERT_TRUE(fence) << fence.error().message();
  EXPECT_FALSE(wait_for_fence(fence->get(), {}));
  work->advance();
  EXPECT_TRUE(wait_for_fence(fence->get(), kLong));
  EXPECT_TRUE(timeline_->fence_of(7));
  EXPECT_FALSE(timeline_->fence_of(8));
}

TEST_F(LabSyncobj, TheClientSeesWhatIsReleased) {
  EXPECT_EQ(reached(), 0U);
  timeline_->signal(3);
  EXPECT_EQ(reached(), 3U);
  timeline_->signal(1ULL << 40);
  EXPECT_EQ(reached(), 1ULL << 40);
}

TEST_F(LabSyncobj, WhatIsNoTimelineIsRefused) {
  const auto imported = device_->import_timeline(UniqueFd(::open("/dev/null", O_RDWR | O_CLOEXEC)));
  ASSERT_FALSE(imported);
  EXPECT_EQ(imported.error().code, ErrorCode::kInvalid);
}

TEST_F(LabSyncobj, WithoutANodeThereIsNone) {
  const auto none = DrmSyncDevice::find("/nowhere");
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code, ErrorCode::kUnsupported);
}

}  // namespace
}  // namespace rp
