// Goal: the CPU composer counts the pixels it reads and writes, for what they are read, and maps a
// picture in a device's memory only when it draws into it. Method: buffers and pictures whose bytes
// are known.
#include <string_view>

#include <gtest/gtest.h>

#include "engine/compose/cpu_composer.h"
#include "engine/frame/cpu_access.h"
#include "tests/contract/composer/memory_buffer.h"

namespace rp {
namespace {

constexpr Size kSize{128, 64};
constexpr std::uint64_t kPixels = 128 * 64;

Scene full_scene(std::string_view format = "XR24") {
  Scene scene;
  scene.output = kSize;
  Layer layer;
  auto buffer = std::make_shared<MemoryBuffer>(kSize, format);
  buffer->fill({0, 0, 0});
  layer.buffer = std::move(buffer);
  layer.source = {0, 0, kSize.width, kSize.height};
  layer.destination = {0, 0, kSize.width, kSize.height};
  scene.layers.push_back(layer);
  return scene;
}

TEST(CpuPixels, ComposingReadsEachPixelOnceAndWritesThePicture) {
  CpuComposer composer;
  const auto pool = PicturePool::create(kSize, 1).value();
  const PictureRef picture = pool->acquire();
  const std::uint64_t read = cpu_pixel_bytes(CpuPlace::kCompose);
  const std::uint64_t written = cpu_pixel_bytes(CpuPlace::kPicture);
  ASSERT_TRUE(composer.compose(full_scene(), *picture));
  EXPECT_EQ(cpu_pixel_bytes(CpuPlace::kCompose) - read, kPixels * 4);
  EXPECT_EQ(cpu_pixel_bytes(CpuPlace::kPicture) - written, kPixels * 3 / 2);
  ASSERT_TRUE(composer.compose(full_scene(), *picture));  // nothing is stale
  EXPECT_EQ(cpu_pixel_bytes(CpuPlace::kCompose) - read, kPixels * 4);
}

TEST(CpuPixels, OfVideoAllPlanesAreCounted) {
  for (const std::string_view format : {"NV12", "YU12"}) {
    CpuComposer composer;
    const auto pool = PicturePool::create(kSize, 1).value();
    const PictureRef picture = pool->acquire();
    const std::uint64_t read = cpu_pixel_bytes(CpuPlace::kCompose);
    ASSERT_TRUE(composer.compose(full_scene(format), *picture));
    EXPECT_EQ(cpu_pixel_bytes(CpuPlace::kCompose) - read, kPixels * 3 / 2) << format;
  }
}

TEST(CpuPixels, LookingIsCountedAsTiles) {
  CpuComposer composer;
  const std::uint64_t composed = cpu_pixel_bytes(CpuPlace::kCompose);
  const std::uint64_t looked = cpu_pixel_bytes(CpuPlace::kTiles);
  const Rect area{0, 8, 64, 16};
  ASSERT_TRUE(composer.scan(full_scene(), area, [](std::int32_t, const std::uint32_t*) {}));
  EXPECT_EQ(cpu_pixel_bytes(CpuPlace::kTiles) - looked, 64U * 16 * 4);
  std::vector<std::uint32_t> pixels(64 * 16);
  ASSERT_TRUE(composer.render(full_scene(), area, pixels));
  EXPECT_EQ(cpu_pixel_bytes(CpuPlace::kTiles) - looked, 2U * 64 * 16 * 4);
  EXPECT_EQ(cpu_pixel_bytes(CpuPlace::kCompose), composed);
}

TEST(CpuPixels, APictureInADevicesMemoryIsMappedToDrawIntoIt) {
  CpuComposer composer;
  const UniqueFd memory = create_memory_file("picture", 2 * kPixels).value();
  Picture picture;
  picture.size = picture.coded = kSize;
  picture.layout = PictureLayout::kNv12;
  picture.stride_y = picture.stride_uv = kSize.width;
  picture.dmabuf = memory.get();
  picture.offset_u = kPixels;
  picture.offset_v = kPixels + 1;
  picture.stale = Region({0, 0, kSize.width, kSize.height});
  EXPECT_EQ(composer.compose(full_scene(), picture).error().code, ErrorCode::kUnsupported);
  EXPECT_FALSE(picture.stale.empty());
  picture.mappable_bytes = 2 * kPixels;
  ASSERT_TRUE(composer.compose(full_scene(), picture));
  ASSERT_NE(picture.y, nullptr);
  EXPECT_EQ(picture.y[0], 16);  // black
}

}  // namespace
}  // namespace rp
