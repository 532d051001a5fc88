// Goal: buffers are released when nothing shows them, survive what clients do to them, and only
// memory that cannot go away is mapped. Method: a real client; its memory is shrunk and its
// wl_buffers destroyed under the display.
#include <drm_fourcc.h>
#include <fcntl.h>
#include <sys/mman.h>

#include "protocol/linux-dmabuf-unstable-v1-client.h"
#include "protocol/single-pixel-buffer-v1-client.h"
#include "tests/unit/engine/capture/test_window.h"

namespace rp::testing {
namespace {

class BufferTest : public DisplayTest {
 protected:
  void SetUp() override {
    start();
    client_ = connect();
    globals_ = std::make_unique<Globals>(*client_);
    window_ = std::make_unique<TestWindow>(*client_, *globals_);
  }
  void TearDown() override {
    window_.reset();
    client_.reset();
  }
  void show(wl_buffer* buffer) {
    wl_surface_attach(window_->surface, buffer, 0, 0);
    wl_surface_damage(window_->surface, 0, 0, 10'000, 10'000);
    wl_surface_commit(window_->surface);
  }

  std::unique_ptr<TestClient> client_;
  std::unique_ptr<Globals> globals_;
  std::unique_ptr<TestWindow> window_;
};

TEST_F(BufferTest, ReleasedWhenSurfaceAndSceneHaveLetGo) {
  window_->map(0xFF000001);
  const ShmBuffer& first = *window_->buffers.at(0);
  {
    const Scene scene = display_->take_scene();
    window_->show(0xFF000002, {720, 1280});
    EXPECT_EQ(first.releases(), 0);
    EXPECT_EQ(pixel_of(scene.layers.at(0)), 0xFF000001U);
  }
  client_->roundtrip();
  EXPECT_EQ(first.releases(), 1);
  EXPECT_EQ(window_->buffers.at(1)->releases(), 0);
}

TEST_F(BufferTest, ReplacedBeforeTheCommitIsNotReleased) {
  window_->map(0xFF000001);
  ShmBuffer never(globals_->shm, {10, 10}, 1);
  wl_surface_attach(window_->surface, never.get(), 0, 0);
  window_->show(0xFF000002, {720, 1280});
  EXPECT_EQ(never.releases(), 0);
}

TEST_F(BufferTest, DestroyedWhileShownKeepsItsPicture) {
  window_->map(0xFF123456);
  window_->buffers.at(0)->destroy();
  client_->roundtrip();
  const Scene scene = display_->take_scene();
  EXPECT_EQ(pixel_of(scene.layers.at(0)), 0xFF123456U);
}

TEST_F(BufferTest, MemoryThatShrankEndsItsClientOnly) {
  auto other = connect();
  window_->map(0xFF000001);
  ASSERT_EQ(::ftruncate(window_->buffers.at(0)->fd(), 0), 0);
  {
    const Scene scene = display_->take_scene();
    const std::uint8_t* pixels = scene.layers.at(0).buffer->begin_cpu_read();
    ASSERT_NE(pixels, nullptr);
    EXPECT_EQ(pixels[0], 0);
    EXPECT_FALSE(scene.layers.at(0).buffer->end_cpu_read());
  }
  EXPECT_FALSE(client_->roundtrip());
  EXPECT_TRUE(other->roundtrip());
  EXPECT_EQ(display_->counters().buffer_faults.value(), 1U);
  EXPECT_EQ(display_->counters().protocol_errors.value(), 1U);
  EXPECT_EQ(display_->client_count(), 1);
}

TEST_F(BufferTest, StrideShorterThanARowIsRefused) {
  UniqueFd fd(::memfd_create("test", MFD_CLOEXEC));
  ASSERT_EQ(::ftruncate(fd.get(), 100 * 100), 0);
  wl_shm_pool* pool = wl_shm_create_pool(globals_->shm, fd.get(), 100 * 100);
  wl_buffer* buffer = wl_shm_pool_create_buffer(pool, 0, 100, 100, 100, WL_SHM_FORMAT_ARGB8888);
  show(buffer);
  EXPECT_FALSE(client_->roundtrip());
  EXPECT_EQ(client_->error().code, std::uint32_t{WL_SHM_ERROR_INVALID_STRIDE});
  wl_buffer_destroy(buffer);
  wl_shm_pool_destroy(pool);
}

TEST_F(BufferTest, SinglePixelIsItsColour) {
  auto* manager = client_->bind<wp_single_pixel_buffer_manager_v1>(
      wp_single_pixel_buffer_manager_v1_interface, 1);
  wl_buffer* buffer = wp_single_pixel_buffer_manager_v1_create_u32_rgba_buffer(
      manager, UINT32_MAX, 0x80808080, 0, UINT32_MAX);
  window_->map(0xFF000001);
  show(buffer);
  client_->roundtrip();
  const Scene scene = display_->take_scene();
  EXPECT_EQ(scene.layers.at(0).buffer->size(), (Size{1, 1}));
  EXPECT_EQ(pixel_of(scene.layers.at(0)), 0xFFFF8000U);
  wl_buffer_destroy(buffer);
}

// A sealed memory file stands in for a dma-buf, which takes the same way but for the kernel's
// fences.
class DmabufTest : public BufferTest {
 protected:
  static constexpr Size kSize{720, 1280};
  static UniqueFd memory(unsigned seals) {
    UniqueFd fd(::memfd_create("test", MFD_CLOEXEC | MFD_ALLOW_SEALING));
    EXPECT_EQ(::ftruncate(fd.get(), kSize.width * kSize.height * 4), 0);
    const std::uint32_t pixel = 0xFFABCDEF;
    EXPECT_EQ(::pwrite(fd.get(), &pixel, sizeof pixel, 0), 4);
    EXPECT_EQ(::fcntl(fd.get(), F_ADD_SEALS, seals), 0);
    return fd;
  }
  wl_buffer* make(const UniqueFd& fd, std::uint32_t format, std::uint32_t stride,
                  Size size = kSize) {
    auto* dmabuf = client_->bind<zwp_linux_dmabuf_v1>(zwp_linux_dmabuf_v1_interface, 3);
    auto* params = zwp_linux_dmabuf_v1_create_params(dmabuf);
    zwp_linux_buffer_params_v1_add(params, fd.get(), 0, 0, stride, 0, 0);
    return zwp_linux_buffer_params_v1_create_immed(params, size.width, size.height, format, 0);
  }
};

TEST_F(DmabufTest, LinearBufferIsShown) {
  window_->map(0xFF000001);
  const UniqueFd fd = memory(F_SEAL_SHRINK);
  show(make(fd, DRM_FORMAT_XBGR8888, 720 * 4));
  ASSERT_TRUE(client_->roundtrip());
  const Scene scene = display_->take_scene();
  const FrameBuffer& buffer = *scene.layers.at(0).buffer;
  EXPECT_EQ(pixel_of(scene.layers.at(0)), 0xFFABCDEFU);
  EXPECT_EQ(buffer.format(), FourCc{DRM_FORMAT_XBGR8888});
  EXPECT_EQ(buffer.modifier(), kModifierLinear);
  EXPECT_GE(buffer.plane(0).fd, 0);
}

TEST_F(DmabufTest, MemoryThatCouldShrinkIsRefused) {
  const UniqueFd fd = memory(0);
  make(fd, DRM_FORMAT_XRGB8888, 720 * 4);
  EXPECT_FALSE(client_->roundtrip());
  EXPECT_EQ(client_->error().code,
            std::uint32_t{ZWP_LINUX_BUFFER_PARAMS_V1_ERROR_INVALID_WL_BUFFER});
}

TEST_F(DmabufTest, PlaneOverItsMemoryIsRefused) {
  const UniqueFd fd = memory(F_SEAL_SHRINK);
  make(fd, DRM_FORMAT_XRGB8888, 720 * 4, {720, 1281});
  EXPECT_FALSE(client_->roundtrip());
  EXPECT_EQ(client_->error().code, std::uint32_t{ZWP_LINUX_BUFFER_PARAMS_V1_ERROR_OUT_OF_BOUNDS});
}

TEST_F(DmabufTest, UnknownFormatIsRefused) {
  const UniqueFd fd = memory(F_SEAL_SHRINK);
  make(fd, DRM_FORMAT_NV12, 720 * 4);
  EXPECT_FALSE(client_->roundtrip());
  EXPECT_EQ(client_->error().code, std::uint32_t{ZWP_LINUX_BUFFER_PARAMS_V1_ERROR_INVALID_FORMAT});
}

}  // namespace
}  // namespace rp::testing
