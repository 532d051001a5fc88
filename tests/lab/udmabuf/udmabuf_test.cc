// Goal: the kernel makes dma-bufs of memory files as the display asks for them, and refuses the
// rest. Method: real memory files; what it makes is mapped, and drawn by lavapipe (tools/lab/mesa).
#include <fcntl.h>
#include <linux/dma-buf.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstring>

#include <gtest/gtest.h>

#include "drivers/udmabuf/device.h"
#include "drivers/vulkan/composer.h"
#include "engine/frame/cpu_access.h"
#include "engine/frame/pixel_layout.h"

namespace rp {
namespace {

constexpr std::uint64_t kPage = 4096;

class LabUdmabuf : public testing::Test {
 protected:
  void SetUp() override {
    auto opened = UdmabufDevice::open("/dev");
    ASSERT_TRUE(opened) << opened.error().message();
    device_ = std::move(*opened);
  }
  // Each byte says on which page it lies.
  static UniqueFd memory(std::uint64_t pages, int seals) {
    UniqueFd file(::memfd_create("pixels", MFD_CLOEXEC | MFD_ALLOW_SEALING));
    EXPECT_EQ(::ftruncate(file.get(), static_cast<off_t>(pages * kPage)), 0);
    for (std::uint64_t i = 0; i < pages; ++i) {
      const std::string page(kPage, static_cast<char>(i));
      EXPECT_EQ(::pwrite(file.get(), page.data(), kPage, static_cast<off_t>(i * kPage)),
                ssize_t{kPage});
    }
    EXPECT_EQ(::fcntl(file.get(), F_ADD_SEALS, seals), 0);
    return file;
  }

  std::unique_ptr<UdmabufDevice> device_;
};

TEST_F(LabUdmabuf, ADmaBufIsTheFilesPages) {
  const UniqueFd file = memory(8, F_SEAL_SHRINK);
  const auto dmabuf = device_->make_dmabuf(file.get(), {2 * kPage, 3 * kPage});
  ASSERT_TRUE(dmabuf) << dmabuf.error().message();
  EXPECT_EQ(::lseek(dmabuf->get(), 0, SEEK_END), off_t{3 * kPage});
  const auto map = PixelMapping::of_dmabuf(dmabuf->get(), 3 * kPage, PixelMapping::Access::kRead);
  ASSERT_TRUE(map);
  EXPECT_EQ(map->data()[0], 2);
  EXPECT_EQ(map->data()[3 * kPage - 1], 4);
  // What is written later is seen, and announced without waiting for anyone.
  ASSERT_EQ(::pwrite(file.get(), "x", 1, off_t{2 * kPage}), 1);
  flush_cpu_writes(dmabuf->get());
  flush_more_cpu_writes(dmabuf->get());
  EXPECT_EQ(map->data()[0], 'x');
}

TEST_F(LabUdmabuf, ItsPagesStayWhateverBecomesOfTheFile) {
  UniqueFd file = memory(4, F_SEAL_SHRINK);
  const auto dmabuf = device_->make_dmabuf(file.get(), {0, 4 * kPage});
  ASSERT_TRUE(dmabuf);
  ASSERT_EQ(
      ::fallocate(file.get(), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, off_t{4 * kPage}), 0);
  file.reset();
  const auto map = PixelMapping::of_dmabuf(dmabuf->get(), 4 * kPage, PixelMapping::Access::kRead);
  ASSERT_TRUE(map);
  EXPECT_EQ(map->data()[3 * kPage], 3);
}

TEST_F(LabUdmabuf, WhatCannotBeIsRefused) {
  const UniqueFd sealed = memory(4, F_SEAL_SHRINK);
  EXPECT_FALSE(device_->make_dmabuf(sealed.get(), {0, 5 * kPage})) << "past its end";
  EXPECT_FALSE(device_->make_dmabuf(sealed.get(), {100, kPage})) << "not at a page";
  EXPECT_FALSE(device_->make_dmabuf(sealed.get(), {0, 0}));
  const UniqueFd huge = memory(1, F_SEAL_SHRINK);
  ASSERT_EQ(::ftruncate(huge.get(), off_t{65} << 20), 0);
  EXPECT_FALSE(device_->make_dmabuf(huge.get(), {0, std::uint64_t{65} << 20}))
      << "the kernel's own";
  const UniqueFd open = memory(4, 0);
  EXPECT_FALSE(device_->make_dmabuf(open.get(), {0, 4 * kPage})) << "it may shrink";
  const UniqueFd fixed = memory(4, F_SEAL_SHRINK | F_SEAL_WRITE);
  EXPECT_FALSE(device_->make_dmabuf(fixed.get(), {0, 4 * kPage})) << "nobody may write it";
  const UniqueFd other(::open("/dev/null", O_RDWR | O_CLOEXEC));
  EXPECT_FALSE(device_->make_dmabuf(other.get(), {0, kPage}));
}

TEST_F(LabUdmabuf, WithoutTheDeviceItSaysSo) {
  const auto none = UdmabufDevice::open("/nowhere");
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code, ErrorCode::kNotFound);
}

// Pixels that begin within a page.
class Pixels final : public FrameBuffer {
 public:
  static constexpr std::uint32_t kOffset_bytes = 100 * 4;
  Pixels(UniqueFd dmabuf, Size size) : dmabuf_(std::move(dmabuf)) {
    size_ = size;
    format_ = fourcc('X', 'R', '2', '4');
    planes_[0] = {dmabuf_.get(), kOffset_bytes, static_cast<std::uint32_t>(size.width) * 4};
  }
  const std::uint8_t* begin_cpu_read() override {
    ++cpu_reads;
    return nullptr;
  }
  bool end_cpu_read() override { return true; }
  int cpu_reads = 0;

 private:
  UniqueFd dmabuf_;
};

TEST_F(LabUdmabuf, ADeviceReadsItWhereItLies) {
  const SystemClock clock;
  auto composer =
      VulkanComposer::create(clock, {.allow_software = true, .patience = std::chrono::seconds(20)});
  if (!composer) GTEST_SKIP() << composer.error().message();
  if (!(*composer)->device().can().import_dmabuf) GTEST_SKIP() << "no Mesa that shares memory";
  constexpr Size kSize{64, 64};
  constexpr std::uint64_t kBytes = 5 * kPage;  // 16 KiB of pixels and where they begin
  const UniqueFd file = memory(5, F_SEAL_SHRINK);
  auto dmabuf = device_->make_dmabuf(file.get(), {0, kBytes});
  ASSERT_TRUE(dmabuf) << dmabuf.error().message();
  flush_cpu_writes(dmabuf->get());
  const int fd = dmabuf->get();
  const auto buffer = std::make_shared<Pixels>(std::move(*dmabuf), kSize);
  Scene scene;
  scene.output = kSize;
  Layer layer;
  layer.buffer = buffer;
  layer.source = {0, 0, 64, 64};
  layer.destination = {0, 0, 64, 64};
  scene.layers.push_back(layer);
  const auto pool = PicturePool::create(kSize, 1).value();
  PictureRef picture = pool->acquire();
  for (const int level : {0, 255}) {
    const std::string bytes(64 * 64 * 4, static_cast<char>(level));
    ASSERT_EQ(::pwrite(file.get(), bytes.data(), bytes.size(), Pixels::kOffset_bytes),
              static_cast<ssize_t>(bytes.size()));
    flush_more_cpu_writes(fd);
    picture->stale.add({0, 0, 64, 64});
    ASSERT_TRUE((*composer)->compose(scene, *picture));
    const int luma = level == 0 ? 16 : 235;
    EXPECT_EQ(picture->y[0], luma);
    EXPECT_EQ(picture->y[63 * picture->stride_y + 63], luma);
  }
  EXPECT_EQ(buffer->cpu_reads, 0);
  EXPECT_EQ((*composer)->stats().imported_layers, 2U);
  EXPECT_EQ((*composer)->stats().uploaded_bytes, 0U);
}

}  // namespace
}  // namespace rp
