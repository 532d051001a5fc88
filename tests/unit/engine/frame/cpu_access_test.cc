// Goal: nothing gets at pixels uncounted: readings are counted where they are for and end as they
// began, pictures are mapped only when the CPU has to, and the metrics say so. Method: a buffer
// that notes what is asked of it, a memory file in place of a dma-buf; the counters' differences,
// because they are the process's.
#include "engine/frame/cpu_access.h"

#include <unistd.h>

#include <gtest/gtest.h>

#include "engine/frame/picture.h"

namespace rp {
namespace {

class NotingBuffer final : public FrameBuffer {
 public:
  const std::uint8_t* begin_cpu_read() override {
    ++begun;
    return mappable ? &pixel : nullptr;
  }
  bool end_cpu_read() override {
    ++ended;
    return whole;
  }
  std::uint8_t pixel = 7;
  bool mappable = true;
  bool whole = true;
  int begun = 0;
  int ended = 0;
};

class CpuAccess : public testing::Test {
 protected:
  [[nodiscard]] std::uint64_t since(CpuPlace place) const {
    return cpu_pixel_bytes(place) - before_[static_cast<std::size_t>(place)];
  }

 private:
  std::array<std::uint64_t, kCpuPlaces> before_ = [] {
    std::array<std::uint64_t, kCpuPlaces> now{};
    for (std::size_t i = 0; i < kCpuPlaces; ++i) now[i] = cpu_pixel_bytes(static_cast<CpuPlace>(i));
    return now;
  }();
};

TEST_F(CpuAccess, PlacesCountApartAndPointersAreNoPartOfTheSum) {
  const std::uint64_t before = cpu_pixel_bytes();
  count_cpu_pixels(CpuPlace::kUpload, 10);
  count_cpu_pixels(CpuPlace::kEncode, 5);
  count_cpu_pixels(CpuPlace::kCursor, 1'000);
  EXPECT_EQ(since(CpuPlace::kUpload), 10U);
  EXPECT_EQ(since(CpuPlace::kEncode), 5U);
  EXPECT_EQ(since(CpuPlace::kCursor), 1'000U);
  EXPECT_EQ(cpu_pixel_bytes() - before, 15U);
}

TEST_F(CpuAccess, AReadingIsCountedAndEndsOnce) {
  NotingBuffer buffer;
  {
    CpuRead read(buffer, CpuPlace::kTiles, 64);
    ASSERT_NE(read.pixels(), nullptr);
    EXPECT_EQ(*read.pixels(), 7);
    EXPECT_TRUE(read.end());
    EXPECT_EQ(buffer.ended, 1);
  }
  EXPECT_EQ(buffer.begun, 1);
  EXPECT_EQ(buffer.ended, 1);
  EXPECT_EQ(since(CpuPlace::kTiles), 64U);
}

TEST_F(CpuAccess, AReadingThatIsLeftEndsToo) {
  NotingBuffer buffer;
  { const CpuRead read(buffer, CpuPlace::kTiles, 1); }
  EXPECT_EQ(buffer.ended, 1);
}

TEST_F(CpuAccess, AGuestThatShrankIsTold) {
  NotingBuffer buffer;
  buffer.whole = false;
  CpuRead read(buffer, CpuPlace::kTiles, 1);
  EXPECT_FALSE(read.end());
}

TEST_F(CpuAccess, WhatCannotBeMappedIsNeitherCountedNorEnded) {
  NotingBuffer buffer;
  buffer.mappable = false;
  {
    CpuRead read(buffer, CpuPlace::kTiles, 64);
    EXPECT_EQ(read.pixels(), nullptr);
  }
  EXPECT_EQ(buffer.ended, 0);
  EXPECT_EQ(since(CpuPlace::kTiles), 0U);
}

TEST_F(CpuAccess, APictureInADevicesMemoryIsMappedWhenItIsAskedFor) {
  constexpr std::size_t kBytes = 4096;
  const UniqueFd memory = create_memory_file("picture", kBytes).value();
  Picture picture;
  picture.dmabuf = memory.get();
  picture.mappable_bytes = kBytes;
  picture.offset_y = 16;
  picture.offset_u = 1024;
  picture.offset_v = 1025;
  const std::uint64_t before = cpu_pixel_mappings();
  ASSERT_TRUE(map_for_cpu(picture));
  EXPECT_EQ(cpu_pixel_mappings(), before + 1);
  picture.y[0] = 1;
  picture.u[0] = 2;
  picture.v[0] = 3;
  std::array<std::uint8_t, kBytes> bytes{};
  ASSERT_EQ(::pread(memory.get(), bytes.data(), kBytes, 0), ssize_t{kBytes});
  EXPECT_EQ(bytes[16], 1);
  EXPECT_EQ(bytes[1024], 2);
  EXPECT_EQ(bytes[1025], 3);
  ASSERT_TRUE(map_for_cpu(picture));
  EXPECT_EQ(cpu_pixel_mappings(), before + 1);
}

TEST_F(CpuAccess, PlainPicturesNeedNoMapping) {
  const auto pool = PicturePool::create({64, 64}, 1).value();
  const PictureRef picture = pool->acquire();
  const std::uint64_t before = cpu_pixel_mappings();
  EXPECT_TRUE(map_for_cpu(*picture));
  EXPECT_EQ(cpu_pixel_mappings(), before);
}

TEST_F(CpuAccess, WhatNobodyButADeviceReachesIsAnError) {
  const UniqueFd memory = create_memory_file("picture", 4096).value();
  Picture picture;
  picture.dmabuf = memory.get();
  const Status mapped = map_for_cpu(picture);
  ASSERT_FALSE(mapped);
  EXPECT_EQ(mapped.error().code, ErrorCode::kUnsupported);
}

TEST_F(CpuAccess, MetricsNameThePlaces) {
  Registry registry;
  const auto handles = publish_cpu_pixels(registry);
  count_cpu_pixels(CpuPlace::kCopyBack, 12);
  const std::string line = "rackphone_cpu_pixel_bytes_total{place=\"copy_back\"} " +
                           std::to_string(cpu_pixel_bytes(CpuPlace::kCopyBack));
  EXPECT_NE(registry.render().find(line), std::string::npos) << registry.render();
  EXPECT_NE(registry.render().find("rackphone_cpu_pixel_mappings_total "), std::string::npos);
}

}  // namespace
}  // namespace rp
