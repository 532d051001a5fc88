// Goal: fences that a client names as points are waited for, for a bounded time, and told when its
// buffers are free; what does not go together is a protocol error. Method: a real client, the fake
// timelines, a fake clock; a sealed memory file stands in for the dma-buf.
#include "engine/capture/explicit_sync.h"

#include <fcntl.h>
#include <sys/mman.h>

#include <functional>
#include <vector>

#include "engine/capture/fake_sync_device.h"
#include "engine/frame/guest_fence.h"
#include "engine/frame/pixel_layout.h"
#include "protocol/linux-dmabuf-unstable-v1-client.h"
#include "protocol/linux-drm-syncobj-v1-client.h"
#include "tests/unit/engine/capture/buffer_fixture.h"

namespace rp::testing {
namespace {

constexpr Size kSize{720, 1280};
constexpr std::uint64_t kFar = 1ULL << 40;  // a point whose high word counts

class ExplicitSyncTest : public BufferTest {
 protected:
  void SetUp() override {
    DisplayOptions options;
    options.sync = &device_;
    start({}, WindowPolicy::kPhone, options);
    enter();
  }
  void enter() {
    join();
    manager_ = client_->bind<wp_linux_drm_syncobj_manager_v1>(
        wp_linux_drm_syncobj_manager_v1_interface, 1);
    window_->map(0xFF000001);
    first_ = shown();
    sync_ = wp_linux_drm_syncobj_manager_v1_get_surface(manager_, window_->surface);
    object_ = import();
    ASSERT_TRUE(client_->roundtrip());
    timeline_ = device_.timelines.back().get();
  }
  wp_linux_drm_syncobj_timeline_v1* import() {
    const UniqueFd fd(::memfd_create("timeline", MFD_CLOEXEC));
    return wp_linux_drm_syncobj_manager_v1_import_timeline(manager_, fd.get());
  }
  wl_buffer* dmabuf() {
    auto* factory = client_->bind<zwp_linux_dmabuf_v1>(zwp_linux_dmabuf_v1_interface, 3);
    const UniqueFd fd(::memfd_create("test", MFD_CLOEXEC | MFD_ALLOW_SEALING));
    EXPECT_EQ(::ftruncate(fd.get(), off_t{kSize.width} * kSize.height * 4), 0);
    EXPECT_EQ(::fcntl(fd.get(), F_ADD_SEALS, F_SEAL_SHRINK), 0);
    auto* params = zwp_linux_dmabuf_v1_create_params(factory);
    zwp_linux_buffer_params_v1_add(params, fd.get(), 0, 0, kSize.width * 4, 0, 0);
    return zwp_linux_buffer_params_v1_create_immed(
        params, kSize.width, kSize.height, static_cast<std::uint32_t>(fourcc('X', 'R', '2', '4')),
        0);
  }
  void acquire(std::uint64_t point) {
    wp_linux_drm_syncobj_surface_v1_set_acquire_point(sync_, object_,
                                                      static_cast<std::uint32_t>(point >> 32U),
                                                      static_cast<std::uint32_t>(point));
  }
  void release(std::uint64_t point) {
    wp_linux_drm_syncobj_surface_v1_set_release_point(sync_, object_,
                                                      static_cast<std::uint32_t>(point >> 32U),
                                                      static_cast<std::uint32_t>(point));
  }
  void show(wl_buffer* buffer, std::uint64_t acquired, std::uint64_t released) {
    acquire(acquired);
    release(released);
    BufferTest::show(buffer);
    ASSERT_TRUE(client_->roundtrip());
  }
  const FrameBuffer* shown() { return display_->take_scene().layers.at(0).buffer.get(); }
  // The error the client is ended with.
  std::uint32_t error() {
    EXPECT_FALSE(client_->roundtrip());
    return client_->error().code;
  }
  void pass(Duration time) {
    clock_.advance(time);
    client_->settle();
  }

  FakeSyncDevice device_;
  wp_linux_drm_syncobj_manager_v1* manager_ = nullptr;
  wp_linux_drm_syncobj_surface_v1* sync_ = nullptr;
  wp_linux_drm_syncobj_timeline_v1* object_ = nullptr;
  FakeTimeline* timeline_ = nullptr;
  const FrameBuffer* first_ = nullptr;
};

TEST_F(ExplicitSyncTest, ThePointsFenceIsTheFramesFence) {
  timeline_->materialise(kFar, false);
  show(dmabuf(), kFar, kFar + 1);
  const Scene scene = display_->take_scene();
  const int fence = scene.layers.at(0).buffer->acquire_fence();
  ASSERT_GE(fence, 0);
  EXPECT_FALSE(wait_for_fence(fence, {}));
}

TEST_F(ExplicitSyncTest, AFenceThatNeverSignalsHoldsTheReaderForATime) {
  timeline_->materialise(5, false);
  show(dmabuf(), 5, 6);
  const Scene scene = display_->take_scene();
  FrameBuffer& buffer = *scene.layers.at(0).buffer;
  const auto begun = std::chrono::steady_clock::now();
  EXPECT_NE(buffer.begin_cpu_read(), nullptr);
  EXPECT_TRUE(buffer.end_cpu_read());
  EXPECT_GE(std::chrono::steady_clock::now() - begun, kFencePatience);
}

TEST_F(ExplicitSyncTest, WithoutAFenceYetTheOldPictureStays) {
  show(dmabuf(), 5, 6);
  EXPECT_EQ(shown(), first_);
  pass(std::chrono::milliseconds(20));
  EXPECT_EQ(shown(), first_);
  timeline_->materialise(5, true);
  pass(std::chrono::milliseconds(2));
  EXPECT_NE(shown(), first_);
  EXPECT_TRUE(wait_for_fence(display_->take_scene().layers.at(0).buffer->acquire_fence(), {}));
  EXPECT_EQ(display_->counters().points_given_up.value(), 0U);
}

TEST_F(ExplicitSyncTest, APointThatNeverComesIsGivenUp) {
  show(dmabuf(), 5, 6);
  pass(ExplicitSync::kMostHeld / 2);
  show(dmabuf(), 7, 8);  // does not begin the time anew
  EXPECT_EQ(shown(), first_);
  pass(ExplicitSync::kMostHeld / 2 + std::chrono::milliseconds(2));
  EXPECT_NE(shown(), first_);
  EXPECT_EQ(display_->counters().points_given_up.value(), 1U);
  EXPECT_EQ(timeline_->signalled, std::vector<std::uint64_t>{6});  // never shown, and free again
}

TEST_F(ExplicitSyncTest, ANewerDrawingThatIsReadyReplacesAHeldOne) {
  timeline_->materialise(7, true);
  show(dmabuf(), 5, 6);
  EXPECT_EQ(shown(), first_);
  show(dmabuf(), 7, 8);
  EXPECT_NE(shown(), first_);
  EXPECT_EQ(timeline_->signalled, std::vector<std::uint64_t>{6});
}

TEST_F(ExplicitSyncTest, ReleasePointsAreSignalledWhenTheBufferIsFree) {
  for (const std::uint64_t point : {1U, 3U, 5U}) timeline_->materialise(point, true);
  wl_buffer* buffer = dmabuf();
  show(buffer, 1, 2);
  {
    const Scene scene = display_->take_scene();
    show(dmabuf(), 3, 4);
    EXPECT_TRUE(timeline_->signalled.empty());
  }
  EXPECT_EQ(timeline_->signalled, std::vector<std::uint64_t>{2});
  show(buffer, 5, kFar);
  EXPECT_EQ(timeline_->signalled, (std::vector<std::uint64_t>{2, 4}));
  // Also when the client has destroyed the buffer and the timeline's object since.
  wl_buffer_destroy(buffer);
  wp_linux_drm_syncobj_timeline_v1_destroy(object_);
  BufferTest::show(nullptr);
  ASSERT_TRUE(client_->roundtrip());
  EXPECT_EQ(timeline_->signalled, (std::vector<std::uint64_t>{2, 4, kFar}));
}

TEST_F(ExplicitSyncTest, AClientThatLeavesWhileItIsWaitedFor) {
  show(dmabuf(), 5, 6);
  window_.reset();
  client_.reset();
  clock_.advance(ExplicitSync::kMostHeld);
  for (int i = 0; i < 5; ++i) loop_->run_once(Duration(0));
  EXPECT_EQ(display_->client_count(), 0);
}

TEST_F(ExplicitSyncTest, WhatDoesNotGoTogetherEndsTheClient) {
  using Step = std::function<void()>;
  const auto ends_with = [&](std::uint32_t code, const Step& step) {
    step();
    EXPECT_EQ(error(), code);
    window_.reset();
    client_.reset();
    enter();
  };
  const auto commit = [&](wl_buffer* buffer) { BufferTest::show(buffer); };
  ends_with(WP_LINUX_DRM_SYNCOBJ_SURFACE_V1_ERROR_NO_ACQUIRE_POINT, [&] {
    release(2);
    commit(dmabuf());
  });
  ends_with(WP_LINUX_DRM_SYNCOBJ_SURFACE_V1_ERROR_NO_RELEASE_POINT, [&] {
    acquire(2);
    commit(dmabuf());
  });
  ends_with(WP_LINUX_DRM_SYNCOBJ_SURFACE_V1_ERROR_CONFLICTING_POINTS, [&] {
    acquire(2);
    release(2);
    commit(dmabuf());
  });
  ends_with(WP_LINUX_DRM_SYNCOBJ_SURFACE_V1_ERROR_NO_BUFFER, [&] {
    acquire(1);
    wl_surface_commit(window_->surface);
  });
  ends_with(WP_LINUX_DRM_SYNCOBJ_SURFACE_V1_ERROR_NO_BUFFER, [&] {
    acquire(1);
    release(2);
    commit(nullptr);
  });
  ends_with(WP_LINUX_DRM_SYNCOBJ_SURFACE_V1_ERROR_UNSUPPORTED_BUFFER,
            [&] { window_->show(0xFF000002, kSize); });
  ends_with(WP_LINUX_DRM_SYNCOBJ_SURFACE_V1_ERROR_NO_SURFACE, [&] {
    wl_surface* surface = wl_compositor_create_surface(globals_->compositor);
    sync_ = wp_linux_drm_syncobj_manager_v1_get_surface(manager_, surface);
    wl_surface_destroy(surface);
    acquire(1);
  });
  ends_with(WP_LINUX_DRM_SYNCOBJ_MANAGER_V1_ERROR_SURFACE_EXISTS,
            [&] { wp_linux_drm_syncobj_manager_v1_get_surface(manager_, window_->surface); });
  device_.refuses = true;
  import();
  EXPECT_EQ(error(), WP_LINUX_DRM_SYNCOBJ_MANAGER_V1_ERROR_INVALID_TIMELINE);
}

TEST_F(ExplicitSyncTest, TimelinesAreBounded) {
  for (std::size_t i = 0; i < 2 * ExplicitSync::kMostTimelines; ++i) {
    wp_linux_drm_syncobj_timeline_v1_destroy(import());
    ASSERT_TRUE(client_->roundtrip());
  }
  for (std::size_t i = 0; i < ExplicitSync::kMostTimelines; ++i) import();
  EXPECT_FALSE(client_->roundtrip());
  EXPECT_EQ(display_->counters().limits_hit.value(), 1U);
}

TEST_F(BufferTest, WithoutTimelinesNothingIsAdvertised) {
  EXPECT_EQ(client_->version_of("wp_linux_drm_syncobj_manager_v1"), 0U);
}

}  // namespace
}  // namespace rp::testing
