// Goal: with real dma-bufs and sync files the Vulkan composer draws what the CPU composer draws,
// and no CPU touches a pixel. Method: guests' buffers and pictures in memory of the kernel's
// dma-heap, fences of sw_sync, on lavapipe (tools/lab/mesa), compared with the CPU composer.
#include <linux/dma-buf.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <semaphore>
#include <thread>

#include <gtest/gtest.h>

#include "drivers/vulkan/composer.h"
#include "drivers/vulkan/formats.h"
#include "drivers/vulkan/sync_file.h"
#include "engine/frame/guest_fence.h"
#include "engine/frame/pixel_layout.h"
#include "tests/contract/composer/nv12_memory.h"
#include "tests/contract/composer/random_scenes.h"
#include "tests/lab/dma_memory.h"
#include "tests/lab/fence_timeline.h"

namespace rp {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kLong{20'000};
constexpr Size kOutput{130, 98};

class LabVulkan : public testing::Test, protected RandomScenes {
 protected:
  void SetUp() override { make({}); }

  void make(VulkanComposerOptions options) {
    options.allow_software = true;
    if (options.patience == VulkanComposerOptions{}.patience) options.patience = kLong;
    auto made = VulkanComposer::create(clock_, options);
    if (!made) GTEST_SKIP() << made.error().message();
    const vulkan::Capabilities& can = (*made)->device().can();
    if (!can.import_dmabuf || !can.export_dmabuf || !can.import_modifier || !can.wait_sync_file ||
        !can.signal_sync_file) {
      GTEST_SKIP() << (*made)->device().info().name << " shares no memory; see tools/lab/mesa";
    }
    composer_ = std::move(*made);
  }

  // The same scene, its buffers in dma-bufs.
  static Scene in_dmabufs(const Scene& scene) {
    Scene moved = scene;
    for (Layer& layer : moved.layers) {
      layer.buffer = DmaFrameBuffer::copy_of(*layer.buffer, 64).value();
    }
    return moved;
  }

  static DmaFrameBuffer& buffer_of(const Scene& scene, std::size_t layer = 0) {
    return static_cast<DmaFrameBuffer&>(*scene.layers[layer].buffer);
  }

  // One opaque layer over all of the output.
  Scene full_scene() {
    begin(7);
    Scene scene;
    scene.output = kOutput;
    auto buffer = std::make_shared<MemoryBuffer>(kOutput, "XR24");
    for (int y = 0; y < kOutput.height; ++y) {
      for (int x = 0; x < kOutput.width; ++x) {
        buffer->set(x, y, {pick(0, 255) / 255.0, x / 255.0, y / 255.0, 1});
      }
    }
    Layer layer;
    layer.buffer = buffer;
    layer.source = {0, 0, double(kOutput.width), double(kOutput.height)};
    layer.destination = {0, 0, kOutput.width, kOutput.height};
    scene.layers.push_back(layer);
    return scene;
  }

  struct Drawn {
    std::shared_ptr<PicturePool> pool;
    PictureRef picture;
  };
  static Drawn picture(Size size, PictureAllocator& memory) {
    Drawn drawn;
    drawn.pool =
        PicturePool::create(size, 1, Region({0, 0, size.width, size.height}), memory).value();
    drawn.picture = drawn.pool->acquire();
    return drawn;
  }

  static void wait(Picture& picture) { EXPECT_TRUE(wait_until_written(picture, kLong)); }

  // The largest difference to what the CPU composer makes of the same scene.
  int difference(const Scene& scene, const Picture& picture) {
    Nv12Allocator nv12;
    const Drawn expected = LabVulkan::picture(scene.output, nv12);
    EXPECT_TRUE(cpu_.compose(scene, *expected.picture));
    const Picture& a = *expected.picture;
    int largest = 0;
    const auto compare = [&](const std::uint8_t* left, int left_stride, const std::uint8_t* right,
                             int right_stride, int rows) {
      for (int y = 0; y < rows; ++y) {
        for (int x = 0; x < a.coded.width; ++x) {
          largest =
              std::max(largest, std::abs(left[y * left_stride + x] - right[y * right_stride + x]));
        }
      }
    };
    compare(a.y, a.stride_y, picture.y, picture.stride_y, a.coded.height);
    compare(a.u, a.stride_uv, picture.u, picture.stride_uv, a.coded.height / 2);
    return largest;
  }

  void compare_random(PictureAllocator& memory, unsigned seeds) {
    for (unsigned seed = 0; seed < seeds; ++seed) {
      begin(seed + 300);
      const Scene plain = scene(pick(1, 4));
      const Scene shared = in_dmabufs(plain);
      const Drawn drawn = picture(plain.output, memory);
      const Status status = composer_->compose(shared, *drawn.picture);
      ASSERT_TRUE(status) << status.error().message() << ", seed " << seed;
      wait(*drawn.picture);
      ASSERT_LE(difference(plain, *drawn.picture), 1) << "seed " << seed;
      for (std::size_t i = 0; i < shared.layers.size(); ++i) {
        const Layer& layer = shared.layers[i];
        const auto bytes =
            static_cast<std::uint32_t>(find_pixel_format(layer.buffer->format())->bytes_per_pixel);
        if (layer.buffer->plane(0).stride_bytes % bytes == 0) {
          EXPECT_EQ(buffer_of(shared, i).cpu_reads, 0) << "seed " << seed << " layer " << i;
        }
      }
    }
    EXPECT_EQ(composer_->stats().copied_back_bytes, 0U);
    EXPECT_GT(composer_->stats().imported_layers, 0U);
  }

  SystemClock clock_;
  CpuComposer cpu_;
  std::unique_ptr<VulkanComposer> composer_;
};

TEST_F(LabVulkan, GuestsDmaBufsAreReadWhereTheyLie) {
  compare_random(composer_->picture_memory(), 40);
  std::printf("cpu bytes: %llu of guests' pixels, %llu of pictures\n",
              static_cast<unsigned long long>(composer_->stats().uploaded_bytes),
              static_cast<unsigned long long>(composer_->stats().copied_back_bytes));
  EXPECT_EQ(composer_->stats().uploaded_bytes, 0U);
}

TEST_F(LabVulkan, ThroughTheModifierTheyAreTheSame) {
  make({.images_for_linear = true});
  if (composer_ == nullptr) return;
  compare_random(composer_->picture_memory(), 20);
  EXPECT_GT(composer_->stats().imported_images, 0U);
}

TEST_F(LabVulkan, ADevicesMemoryIsFilled) {
  DmaPictureAllocator heap;
  compare_random(heap, 20);
}

TEST_F(LabVulkan, OwnPicturesAreDmaBufs) {
  const Scene scene = full_scene();
  const Drawn drawn = picture(kOutput, composer_->picture_memory());
  ASSERT_GE(drawn.picture->dmabuf, 0);
  EXPECT_TRUE(vulkan::is_dmabuf(drawn.picture->dmabuf));
  ASSERT_TRUE(composer_->compose(in_dmabufs(scene), *drawn.picture));
  wait(*drawn.picture);
  EXPECT_EQ(difference(scene, *drawn.picture), 0);
}

TEST_F(LabVulkan, MemoryNoCpuReachesIsFilledAllTheSame) {
  DmaPictureAllocator heap;
  heap.mapped = false;
  const Scene scene = full_scene();
  const Drawn drawn = picture(kOutput, heap);
  ASSERT_EQ(drawn.picture->y, nullptr);
  ASSERT_TRUE(composer_->compose(in_dmabufs(scene), *drawn.picture));
  wait(*drawn.picture);
  EXPECT_EQ(cpu_.compose(scene, *drawn.picture).error().code, ErrorCode::kUnsupported);
  const Picture& p = *drawn.picture;
  void* map = ::mmap(nullptr, p.offset_u + std::size_t(p.stride_uv * p.coded.height / 2), PROT_READ,
                     MAP_SHARED, p.dmabuf, 0);
  ASSERT_NE(map, MAP_FAILED);
  Picture mapped;
  static_cast<PicturePlanes&>(mapped) = p;
  mapped.y = static_cast<std::uint8_t*>(map) + p.offset_y;
  mapped.u = static_cast<std::uint8_t*>(map) + p.offset_u;
  EXPECT_EQ(difference(scene, mapped), 0);
}

// Tells when the composer asks for the time, which it does right before it submits.
class TellingClock final : public Clock {
 public:
  [[nodiscard]] TimePoint now() const override {
    asked.release();
    return clock_.now();
  }
  [[nodiscard]] std::int64_t unix_seconds() const override { return clock_.unix_seconds(); }
  mutable std::counting_semaphore<> asked{0};

 private:
  SystemClock clock_;
};

TEST_F(LabVulkan, TheDeviceWaitsForTheGuestsFence) {
  const TellingClock clock;
  auto composer = VulkanComposer::create(
      clock, {.allow_software = true, .patience = kLong, .software_waits = true});
  ASSERT_TRUE(composer);
  const auto timeline = FenceTimeline::create().value();
  const Scene scene = full_scene();
  const Scene shared = in_dmabufs(scene);
  buffer_of(shared).fence = timeline->next_fence();
  ASSERT_TRUE(buffer_of(shared).fence);
  const Drawn drawn = picture(kOutput, (*composer)->picture_memory());
  std::thread guest([&] {
    clock.asked.acquire();
    timeline->advance();
  });
  const Status status = (*composer)->compose(shared, *drawn.picture);
  guest.join();
  ASSERT_TRUE(status) << status.error().message();
  EXPECT_EQ((*composer)->stats().fences_waited, 1U);
  wait(*drawn.picture);
  EXPECT_EQ(difference(scene, *drawn.picture), 0);
}

TEST_F(LabVulkan, WhoWritesADmaBufWaitsForItsReaders) {
  const auto timeline = FenceTimeline::create().value();
  const auto memory = DmaMemory::create(4096).value();
  const UniqueFd fence = timeline->next_fence();
  ASSERT_TRUE(vulkan::attach_fence(memory->fd(), fence.get(), vulkan::FenceUse::kRead));
  const auto fence_of = [&](std::uint32_t use) {
    dma_buf_export_sync_file asked{.flags = use, .fd = -1};
    EXPECT_EQ(::ioctl(memory->fd(), DMA_BUF_IOCTL_EXPORT_SYNC_FILE, &asked), 0);
    return UniqueFd(asked.fd);
  };
  const UniqueFd reader = fence_of(DMA_BUF_SYNC_READ);
  const UniqueFd writer = fence_of(DMA_BUF_SYNC_WRITE);
  EXPECT_TRUE(wait_for_fence(reader.get(), milliseconds(0)));
  EXPECT_FALSE(wait_for_fence(writer.get(), milliseconds(0)));
  timeline->advance();
  EXPECT_TRUE(wait_for_fence(writer.get(), kLong));
}

TEST_F(LabVulkan, AFenceThatNeverSignalsHoldsNobodyForLong) {
  make({.patience = milliseconds(100)});
  if (composer_ == nullptr) return;
  const auto timeline = FenceTimeline::create().value();
  const Scene scene = full_scene();
  const Scene stuck = in_dmabufs(scene);
  buffer_of(stuck).fence = timeline->next_fence();
  for (std::uint64_t given_up = 1; given_up <= 2; ++given_up) {
    const Drawn drawn = picture(kOutput, composer_->picture_memory());
    ASSERT_TRUE(composer_->compose(stuck, *drawn.picture));
    wait(*drawn.picture);
    EXPECT_EQ(composer_->stats().fences_given_up, given_up);
    EXPECT_EQ(difference(scene, *drawn.picture), 0);
  }
}

TEST_F(LabVulkan, ABatchIsOneSubmission) {
  const Scene scene = full_scene();
  std::array<Drawn, 5> drawn;
  for (Drawn& one : drawn) one = picture(kOutput, composer_->picture_memory());
  composer_->begin_batch();
  for (const Drawn& one : drawn) ASSERT_TRUE(composer_->compose(in_dmabufs(scene), *one.picture));
  ASSERT_TRUE(composer_->end_batch());
  EXPECT_EQ(composer_->stats().submissions, 1U);
  for (const Drawn& one : drawn) {
    ASSERT_TRUE(one.picture->ready);
    wait(*one.picture);
    EXPECT_EQ(difference(scene, *one.picture), 0);
  }
}

TEST_F(LabVulkan, GuestsBuffersComeBackWhenTheDeviceHasReadThem) {
  const auto loop = EventLoop::create(clock_).value();
  make({.loop = loop.get()});
  if (composer_ == nullptr) return;
  std::weak_ptr<FrameBuffer> buffer;
  const Drawn drawn = picture(kOutput, composer_->picture_memory());
  {
    const Scene shared = in_dmabufs(full_scene());
    buffer = shared.layers[0].buffer;
    ASSERT_TRUE(composer_->compose(shared, *drawn.picture));
  }
  for (int i = 0; i < 100 && !buffer.expired(); ++i) loop->run_once(milliseconds(200));
  EXPECT_TRUE(buffer.expired());
}

TEST_F(LabVulkan, WhatABufferSaysOfItselfIsNotBelieved) {
  Scene scene = in_dmabufs(full_scene());
  buffer_of(scene).pretend_size({kOutput.width, 4000});
  const Drawn drawn = picture(kOutput, composer_->picture_memory());
  Status status = composer_->compose(scene, *drawn.picture);
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, ErrorCode::kInvalid);
  EXPECT_EQ(buffer_of(scene).cpu_reads, 0);

  scene = in_dmabufs(full_scene());
  buffer_of(scene).pretend_modifier(0x0100000000000002);  // I915_FORMAT_MOD_Y_TILED
  drawn.picture->stale.add({0, 0, kOutput.width, kOutput.height});
  status = composer_->compose(scene, *drawn.picture);
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, ErrorCode::kInvalid);
  wait(*drawn.picture);
  EXPECT_EQ(drawn.picture->y[0], 16);  // black: it is left out
}

// lavapipe lists LINEAR alone; a real device's own orders are in its set before it.
TEST_F(LabVulkan, WhatItTakesIsWhatTheDeviceLists) {
  const SourceFormats& formats = *composer_->source_formats();
  EXPECT_TRUE(formats.imports);
  ASSERT_EQ(formats.tranches.size(), 1U);
  for (const SourceFormat& format : formats.tranches[0].formats) {
    if (format.modifier == kModifierLinear || format.modifier == kModifierInvalid) continue;
    EXPECT_TRUE(vulkan::importable(composer_->device(), format.code, format.modifier));
  }
  for (const PixelLayout& layout : pixel_layouts()) {
    EXPECT_NE(formats.find(layout.code, kModifierLinear), nullptr);
  }
  EXPECT_FALSE(vulkan::modifiers_of(composer_->device(), fourcc('X', 'R', '2', '4')).empty());
  EXPECT_EQ(formats.find(fourcc('X', 'R', '2', '4'), 0x0100000000000002), nullptr);
}

// A client that knows no fence of ours is kept from drawing into what is being read.
TEST_F(LabVulkan, AWriterWaitsUntilTheDeviceHasReadTheBuffer) {
  const Scene shared = in_dmabufs(full_scene());
  const Drawn drawn = picture(kOutput, composer_->picture_memory());
  ASSERT_TRUE(composer_->compose(shared, *drawn.picture));
  ASSERT_TRUE(drawn.picture->ready);
  EXPECT_EQ(composer_->stats().read_fences, 1U);
  dma_buf_export_sync_file asked{.flags = DMA_BUF_SYNC_WRITE, .fd = -1};
  ASSERT_EQ(::ioctl(buffer_of(shared).plane(0).fd, DMA_BUF_IOCTL_EXPORT_SYNC_FILE, &asked), 0);
  const UniqueFd writer(asked.fd);
  EXPECT_TRUE(wait_for_fence(writer.get(), kLong));
  EXPECT_TRUE(wait_for_fence(drawn.picture->ready.get(), milliseconds(0)));
}

TEST_F(LabVulkan, ImportsGoWithTheirBuffers) {
  for (int i = 0; i < 60; ++i) {
    const Drawn drawn = picture(kOutput, composer_->picture_memory());
    ASSERT_TRUE(composer_->compose(in_dmabufs(full_scene()), *drawn.picture));
    wait(*drawn.picture);
  }
  const Drawn drawn = picture(kOutput, composer_->picture_memory());
  ASSERT_TRUE(composer_->compose({.output = kOutput, .layers = {}, .damage = {}, .committed = {}},
                                 *drawn.picture));
  wait(*drawn.picture);
  EXPECT_LE(composer_->device().imports(), 4U);
}

}  // namespace
}  // namespace rp
