// Goal: buffers are released when nothing shows them and survive what clients do to them. Method: a
// real client; its memory is shrunk and its wl_buffers destroyed under the display.
#include <fcntl.h>
#include <sys/mman.h>

#include "protocol/single-pixel-buffer-v1-client.h"
#include "tests/unit/engine/capture/buffer_fixture.h"

namespace rp::testing {
namespace {

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

}  // namespace
}  // namespace rp::testing
