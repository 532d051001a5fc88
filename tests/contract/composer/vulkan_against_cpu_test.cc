// Goal: a phone looks the same whichever composer draws it: the Vulkan composer's pictures are
// within one level of the CPU composer's in every plane. Method: random scenes and damage from
// fixed seeds and some large ones, drawn by both into pictures of the same content; the largest
// difference is printed, which bench/composers/run makes a figure of.
#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include <gtest/gtest.h>

#include "tests/contract/composer/implementations.h"
#include "tests/contract/composer/random_scenes.h"

namespace rp {
namespace {

class VulkanAgainstCpu : public testing::Test, protected RandomScenes {
 protected:
  void SetUp() override {
    auto made = test_vulkan_composer();
    if (!made) GTEST_SKIP() << made.error().message();
    vulkan_ = std::move(*made);
  }

  struct Drawn {
    std::shared_ptr<PicturePool> pool;
    PictureRef picture;
  };
  static Drawn picture(Size size, const Region& stale) {
    Drawn drawn;
    drawn.pool = PicturePool::create(size, 1, stale, nv12_memory()).value();
    drawn.picture = drawn.pool->acquire();
    return drawn;
  }

  // The scene's stale part by both.
  void compare(const Scene& scene, const Region& stale) {
    const Drawn by_cpu = picture(scene.output, stale);
    const Drawn by_device = picture(scene.output, stale);
    ASSERT_TRUE(cpu_.compose(scene, *by_cpu.picture));
    ASSERT_TRUE(vulkan_->compose(scene, *by_device.picture));
    EXPECT_TRUE(wait_until_written(*by_device.picture, kTestPatience));
    const Picture& a = *by_cpu.picture;
    const Picture& b = *by_device.picture;
    const auto rows = a.coded.height * 3 / 2;  // the chroma lies behind the luma
    for (int y = 0; y < rows; ++y) {
      for (int x = 0; x < a.coded.width; ++x) {
        const int difference = std::abs(a.y[y * a.stride_y + x] - b.y[y * b.stride_y + x]);
        largest_ = std::max(largest_, difference);
        ++compared_;
        if (difference != 0) ++different_;
      }
    }
  }

  void compare_random(unsigned seeds) {
    for (unsigned seed = 0; seed < seeds; ++seed) {
      begin(seed + 5'000);
      const Scene s = scene(pick(1, 6));
      Region stale({0, 0, s.output.width, s.output.height});
      if (pick(0, 2) == 0) {
        stale.clear();
        for (int i = pick(1, 4); i > 0; --i) {
          stale.add(
              {pick(-9, s.output.width), pick(-9, s.output.height), pick(1, 60), pick(1, 60)});
        }
      }
      compare(s, stale);
      ASSERT_LE(largest_, 1) << "seed " << seed;
    }
  }

  CpuComposer cpu_;
  std::shared_ptr<VulkanComposer> vulkan_;
  int largest_ = 0;
  std::uint64_t compared_ = 0;
  std::uint64_t different_ = 0;
};

TEST_F(VulkanAgainstCpu, NoLevelIsMoreThanOneOff) {
  compare_random(400);
  std::printf("vulkan_vs_cpu_max_level_difference: %d (%llu of %llu values differ, on %s)\n",
              largest_, static_cast<unsigned long long>(different_),
              static_cast<unsigned long long>(compared_), vulkan_->device().info().name.c_str());
}

TEST_F(VulkanAgainstCpu, APhonesScreenScaledByAThirdIsTheSame) {
  for (const auto transform : {Transform::kNormal, Transform::k90, Transform::kFlipped270}) {
    Scene s;
    s.output = {720, 1280};
    begin(17);
    Layer layer;
    auto buffer = std::make_shared<MemoryBuffer>(transformed(Size{540, 960}, transform), "XR24");
    for (int y = 0; y < buffer->size().height; ++y) {
      for (int x = 0; x < buffer->size().width; ++x) {
        buffer->set(x, y, {pick(0, 255) / 255.0, (x * 5 % 256) / 255.0, (y * 3 % 256) / 255.0, 1});
      }
    }
    layer.buffer = buffer;
    layer.transform = transform;
    layer.source = {0, 0, 540, 960};
    layer.destination = {0, 0, 720, 1280};
    s.layers.push_back(layer);
    compare(s, Region({0, 0, 720, 1280}));
    EXPECT_LE(largest_, 1);
  }
}

}  // namespace
}  // namespace rp
