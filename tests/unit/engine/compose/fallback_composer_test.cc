// Goal: a phone is drawn whatever becomes of the device: each picture by the device or else by the
// CPU, and a device that keeps failing is given up and made anew later. Method: a device whose
// answers the test sets, a fake clock.
#include "engine/compose/fallback_composer.h"

#include <gtest/gtest.h>

namespace rp {
namespace {

constexpr Size kSize{64, 64};

struct Script {
  Status answer;
  Status batch_answer;
  bool there = true;  // the device can be made
  int made = 0;
  int composed = 0;
  int batches = 0;
  SharedSourceFormats formats = linear_source_formats();
};

class ScriptedComposer final : public Composer {
 public:
  explicit ScriptedComposer(Script& script) : script_(script) {}
  [[nodiscard]] const SharedSourceFormats& source_formats() const override {
    return script_.formats;
  }
  [[nodiscard]] Status compose(const Scene&, Picture& picture) override {
    ++script_.composed;
    if (script_.answer) picture.stale.clear();
    return script_.answer;
  }
  [[nodiscard]] Status render(const Scene&, Rect, std::span<std::uint32_t>) override {
    return fail(ErrorCode::kInternal, "not the device's");
  }
  [[nodiscard]] Status scan(const Scene&, Rect, const Row&) override {
    return fail(ErrorCode::kInternal, "not the device's");
  }
  void begin_batch() override { ++script_.batches; }
  [[nodiscard]] Status end_batch() override { return script_.batch_answer; }

 private:
  Script& script_;
};

class FallbackComposerTest : public testing::Test {
 protected:
  FallbackComposer make() {
    return FallbackComposer(clock_, [this]() -> Result<std::unique_ptr<Composer>> {
      ++script_.made;
      if (!script_.there) return fail(ErrorCode::kUnsupported, "no device");
      return std::make_unique<ScriptedComposer>(script_);
    });
  }

  // An empty scene; true when the CPU drew it (black).
  bool drawn_by_cpu(FallbackComposer& composer) {
    const auto pool = PicturePool::create(kSize, 1).value();
    const PictureRef picture = pool->acquire();
    picture->y[0] = 99;
    Scene scene;
    scene.output = kSize;
    EXPECT_TRUE(composer.compose(scene, *picture));
    EXPECT_TRUE(picture->stale.empty());
    return picture->y[0] == 16;
  }

  FakeClock clock_;
  Script script_;
};

TEST_F(FallbackComposerTest, TheDeviceDrawsWhileItCan) {
  FallbackComposer composer = make();
  EXPECT_TRUE(composer.on_device());
  EXPECT_FALSE(drawn_by_cpu(composer));
  EXPECT_EQ(composer.by_device().value(), 1U);
  EXPECT_EQ(composer.by_cpu().value(), 0U);
}

TEST_F(FallbackComposerTest, APictureItCannotDrawIsTheCpus) {
  FallbackComposer composer = make();
  script_.answer = fail(ErrorCode::kUnsupported, "too many layers");
  for (int i = 0; i < 10; ++i) {
    EXPECT_TRUE(drawn_by_cpu(composer));
    clock_.advance(FallbackComposer::kGiveUp);
  }
  EXPECT_TRUE(composer.on_device());  // it says nothing about the device
  script_.answer = {};
  EXPECT_FALSE(drawn_by_cpu(composer));
}

TEST_F(FallbackComposerTest, WhatIsWrongWithTheSceneIsNotDrawnTwice) {
  FallbackComposer composer = make();
  script_.answer = fail(ErrorCode::kInvalid, "a layer cannot be read");
  const auto pool = PicturePool::create(kSize, 1).value();
  const PictureRef picture = pool->acquire();
  Scene scene;
  scene.output = kSize;
  EXPECT_EQ(composer.compose(scene, *picture).error().code, ErrorCode::kInvalid);
  EXPECT_EQ(composer.by_cpu().value(), 0U);
}

TEST_F(FallbackComposerTest, ALostDeviceIsGivenUpAndMadeAnew) {
  FallbackComposer composer = make();
  script_.answer = fail(ErrorCode::kUnavailable, "lost");
  EXPECT_TRUE(drawn_by_cpu(composer));
  EXPECT_TRUE(composer.on_device());
  clock_.advance(FallbackComposer::kGiveUp);
  EXPECT_TRUE(drawn_by_cpu(composer));
  EXPECT_FALSE(composer.on_device());
  const int asked = script_.composed;
  EXPECT_TRUE(drawn_by_cpu(composer));
  EXPECT_EQ(script_.composed, asked);

  script_.there = false;
  clock_.advance(FallbackComposer::kRetry);
  EXPECT_TRUE(drawn_by_cpu(composer));
  EXPECT_EQ(script_.made, 2);
  EXPECT_TRUE(drawn_by_cpu(composer));
  EXPECT_EQ(script_.made, 2);  // not before the next pause is over

  script_.there = true;
  script_.answer = {};
  clock_.advance(FallbackComposer::kRetry);
  EXPECT_FALSE(drawn_by_cpu(composer));
  EXPECT_EQ(script_.made, 3);
}

TEST_F(FallbackComposerTest, AHangThatEndsCostsNothingElse) {
  FallbackComposer composer = make();
  script_.answer = fail(ErrorCode::kUnavailable, "it does not finish");
  EXPECT_TRUE(drawn_by_cpu(composer));
  script_.answer = {};
  EXPECT_FALSE(drawn_by_cpu(composer));
  clock_.advance(FallbackComposer::kGiveUp);
  script_.answer = fail(ErrorCode::kUnavailable, "it does not finish");
  EXPECT_TRUE(drawn_by_cpu(composer));
  EXPECT_TRUE(composer.on_device());
}

TEST_F(FallbackComposerTest, BatchesAreTheDevices) {
  FallbackComposer composer = make();
  composer.begin_batch();
  EXPECT_EQ(script_.batches, 1);
  script_.batch_answer = fail(ErrorCode::kUnavailable, "lost");
  EXPECT_FALSE(composer.end_batch());
}

TEST_F(FallbackComposerTest, WithoutADeviceTheCpuDrawsAndReads) {
  script_.there = false;
  FallbackComposer composer = make();
  EXPECT_FALSE(composer.on_device());
  EXPECT_TRUE(drawn_by_cpu(composer));
  Scene scene;
  scene.output = kSize;
  std::vector<std::uint32_t> pixels(4);
  EXPECT_TRUE(composer.render(scene, {0, 0, 2, 2}, pixels));
  EXPECT_EQ(pixels[0], 0xFF000000U);
  EXPECT_TRUE(composer.scan(scene, {0, 0, 2, 2}, [](std::int32_t, const std::uint32_t*) {}));
}

constexpr FourCc kXrgb = fourcc('X', 'R', '2', '4');
constexpr std::uint64_t kTiled = 0x0100'0000'0000'0001;

SharedSourceFormats device_formats() {
  auto formats = std::make_shared<SourceFormats>();
  formats->main_device = 0xE280;
  formats->imports = true;
  formats->tranches.push_back({0xE280, {{kXrgb, kTiled, 1}, {kXrgb, kModifierLinear, 1}}});
  return formats;
}

TEST_F(FallbackComposerTest, WhatIsTakenFollowsTheDevice) {
  script_.formats = device_formats();
  FallbackComposer composer = make();
  const SharedSourceFormats with = composer.source_formats();
  EXPECT_EQ(with->main_device, 0xE280U);
  ASSERT_EQ(with->tranches.size(), 2U);
  EXPECT_EQ(with->tranches[0].formats.size(), 2U);
  // What the CPU reads besides, each pair once, and none without a name.
  EXPECT_EQ(with->tranches[1].formats.size(), pixel_layouts().size() - 1);
  EXPECT_EQ(with->find(kXrgb, kModifierInvalid), nullptr);

  script_.answer = fail(ErrorCode::kUnavailable, "lost");
  EXPECT_TRUE(drawn_by_cpu(composer));
  EXPECT_EQ(composer.source_formats(), with);  // it may be back at once
  clock_.advance(FallbackComposer::kGiveUp);
  EXPECT_TRUE(drawn_by_cpu(composer));
  EXPECT_FALSE(composer.on_device());
  const SharedSourceFormats without = composer.source_formats();
  EXPECT_NE(without, with);
  EXPECT_EQ(without->main_device, 0U);
  EXPECT_EQ(without->find(kXrgb, kTiled), nullptr);
  EXPECT_NE(without->find(kXrgb, kModifierLinear), nullptr);
  EXPECT_EQ(without->find(kXrgb, kModifierInvalid), nullptr);

  script_.answer = {};
  clock_.advance(FallbackComposer::kRetry);
  EXPECT_FALSE(drawn_by_cpu(composer));
  EXPECT_NE(composer.source_formats()->find(kXrgb, kTiled), nullptr);
}

class TiledBuffer final : public FrameBuffer {
 public:
  TiledBuffer() {
    size_ = kSize;
    format_ = kXrgb;
    modifier_ = kTiled;
    planes_[0].stride_bytes = 256;
  }
  const std::uint8_t* begin_cpu_read() override {
    ++reads;
    return nullptr;
  }
  bool end_cpu_read() override { return true; }
  int reads = 0;
};

TEST_F(FallbackComposerTest, WhatOnlyTheDeviceReadsIsLeftOutAndCounted) {
  script_.there = false;
  FallbackComposer composer = make();
  auto buffer = std::make_shared<TiledBuffer>();
  Layer layer;
  layer.buffer = buffer;
  layer.source = {0, 0, double(kSize.width), double(kSize.height)};
  layer.destination = {0, 0, kSize.width, kSize.height};
  Scene scene;
  scene.output = kSize;
  scene.layers.push_back(layer);
  const auto pool = PicturePool::create(kSize, 1).value();
  const PictureRef picture = pool->acquire();
  const Status status = composer.compose(scene, *picture);
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, ErrorCode::kInvalid);
  EXPECT_EQ(buffer->reads, 0);
  EXPECT_EQ(picture->y[0], 16);  // black
  EXPECT_EQ(composer.layers_left_out().value(), 1U);
}

}  // namespace
}  // namespace rp
