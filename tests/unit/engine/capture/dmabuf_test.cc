// Goal: what is advertised of dma-bufs is what the composer takes, nothing else is accepted, and
// nothing a client says of its planes is believed. Method: a real client; a sealed memory file
// stands in for a dma-buf, which takes the same way but for the kernel's fences.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <array>
#include <cstring>
#include <vector>

#include "engine/frame/pixel_layout.h"
#include "protocol/linux-dmabuf-unstable-v1-client.h"
#include "tests/unit/engine/capture/buffer_fixture.h"

namespace rp::testing {
namespace {

constexpr FourCc kXbgr = fourcc('X', 'B', '2', '4');
constexpr FourCc kXrgb = fourcc('X', 'R', '2', '4');
constexpr FourCc kNv12 = fourcc('N', 'V', '1', '2');
constexpr std::uint64_t kTiled = 0x0100'0000'0000'0001;       // of a device, one plane
constexpr std::uint64_t kCompressed = 0x0100'0000'0000'0004;  // the same, two planes
constexpr std::uint64_t kDevice = 0xE280;                     // 226:128

SharedSourceFormats device_formats() {
  auto formats = std::make_shared<SourceFormats>();
  formats->main_device = kDevice;
  formats->imports = true;
  formats->tranches.push_back(
      {kDevice, {{kXrgb, kTiled, 1}, {kXrgb, kCompressed, 2}, {kNv12, kModifierLinear, 2}}});
  formats->tranches.push_back({0, {{kXrgb, kModifierLinear, 1}, {kXbgr, kModifierLinear, 1}}});
  return formats;
}

// What a zwp_linux_dmabuf_feedback_v1 was told, up to the last `done`.
struct Feedback {
  struct Tranche {
    dev_t device = 0;
    std::vector<std::pair<std::uint32_t, std::uint64_t>> formats;
  };
  std::vector<Tranche> tranches;
  dev_t main_device = 0;
  int done = 0;
  bool sealed = false;

  explicit Feedback(zwp_linux_dmabuf_feedback_v1* feedback) {
    static const zwp_linux_dmabuf_feedback_v1_listener kListener = {
        .done = [](void* self, auto*) { ++of(self).done; },
        .format_table =
            [](void* self, auto*, std::int32_t fd, std::uint32_t bytes) {
              of(self).tranches.clear();
              of(self).take_table(UniqueFd(fd), bytes);
            },
        .main_device = [](void* self, auto*, wl_array* d) { of(self).main_device = device_in(d); },
        .tranche_done = [](void*, auto*) {},
        .tranche_target_device =
            [](void* self, auto*, wl_array* device) {
              of(self).tranches.push_back({device_in(device), {}});
            },
        .tranche_formats =
            [](void* self, auto*, wl_array* indices) {
              const auto* index = static_cast<const std::uint16_t*>(indices->data);
              for (std::size_t i = 0; i < indices->size / sizeof *index; ++i) {
                const Row& row = of(self).table_.at(index[i]);
                of(self).tranches.back().formats.emplace_back(row.format, row.modifier);
              }
            },
        .tranche_flags = [](void*, auto*, std::uint32_t) {},
    };
    zwp_linux_dmabuf_feedback_v1_add_listener(feedback, &kListener, this);
  }

 private:
  struct Row {
    std::uint32_t format, padding;
    std::uint64_t modifier;
  };
  static Feedback& of(void* self) { return *static_cast<Feedback*>(self); }
  static dev_t device_in(wl_array* bytes) {
    EXPECT_EQ(bytes->size, sizeof(dev_t));
    dev_t device{};  // the bytes lie as the wire has them, unaligned
    std::memcpy(&device, bytes->data, sizeof device);
    return device;
  }
  void take_table(const UniqueFd& fd, std::uint32_t bytes) {
    constexpr int kSeals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL;
    sealed = (::fcntl(fd.get(), F_GET_SEALS) & kSeals) == kSeals;
    table_.resize(bytes / sizeof(Row));
    EXPECT_EQ(::pread(fd.get(), table_.data(), bytes, 0), static_cast<ssize_t>(bytes));
  }
  std::vector<Row> table_;
};

class DmabufTest : public BufferTest {
 protected:
  static constexpr Size kSize{720, 1280};
  static constexpr std::uint32_t kStride = 720 * 4;

  void SetUp() override {
    BufferTest::SetUp();
    display_->set_source_formats(device_formats());
    dmabuf_ = client_->bind<zwp_linux_dmabuf_v1>(zwp_linux_dmabuf_v1_interface, 4);
  }

  static UniqueFd memory(unsigned seals = F_SEAL_SHRINK,
                         off_t bytes = off_t{kStride} * kSize.height) {
    UniqueFd fd(::memfd_create("test", MFD_CLOEXEC | MFD_ALLOW_SEALING));
    EXPECT_EQ(::ftruncate(fd.get(), bytes), 0);
    const std::uint32_t pixel = 0xFFABCDEF;
    EXPECT_EQ(::pwrite(fd.get(), &pixel, sizeof pixel, 0), 4);
    EXPECT_EQ(::fcntl(fd.get(), F_ADD_SEALS, seals), 0);
    return fd;
  }

  struct Part {
    int fd;
    std::uint32_t index = 0;
    std::uint32_t offset = 0;
    std::uint32_t stride = kStride;
    std::uint64_t modifier = kModifierLinear;
  };
  zwp_linux_buffer_params_v1* params(const std::vector<Part>& parts) {
    auto* made = zwp_linux_dmabuf_v1_create_params(dmabuf_);
    for (const Part& p : parts) {
      zwp_linux_buffer_params_v1_add(made, p.fd, p.index, p.offset, p.stride,
                                     static_cast<std::uint32_t>(p.modifier >> 32U),
                                     static_cast<std::uint32_t>(p.modifier));
    }
    return made;
  }
  wl_buffer* make(const std::vector<Part>& parts, FourCc format, Size size = kSize) {
    return zwp_linux_buffer_params_v1_create_immed(params(parts), size.width, size.height,
                                                   static_cast<std::uint32_t>(format), 0);
  }
  // The protocol error a buffer like this ends its client with.
  std::uint32_t refusal(const std::vector<Part>& parts, FourCc format, Size size = kSize) {
    make(parts, format, size);
    EXPECT_FALSE(client_->roundtrip());
    const std::uint32_t code = client_->error().code;
    EXPECT_EQ(client_->error().interface, "zwp_linux_buffer_params_v1");
    window_.reset();
    client_.reset();
    join();
    dmabuf_ = client_->bind<zwp_linux_dmabuf_v1>(zwp_linux_dmabuf_v1_interface, 4);
    return code;
  }

  zwp_linux_dmabuf_v1* dmabuf_ = nullptr;
};

TEST_F(DmabufTest, LinearBufferIsShown) {
  window_->map(0xFF000001);
  const UniqueFd fd = memory();
  show(make({{fd.get()}}, kXbgr));
  ASSERT_TRUE(client_->roundtrip());
  const Scene scene = display_->take_scene();
  const FrameBuffer& buffer = *scene.layers.at(0).buffer;
  EXPECT_EQ(pixel_of(scene.layers.at(0)), 0xFFABCDEFU);
  EXPECT_EQ(buffer.format(), kXbgr);
  EXPECT_EQ(buffer.modifier(), kModifierLinear);
  EXPECT_GE(buffer.plane(0).fd, 0);
}

TEST_F(DmabufTest, PlanesLieWhereTheClientSays) {
  window_->map(0xFF000001);
  const UniqueFd fd = memory();
  const std::uint32_t chroma = 64 + 768 * 1280;
  show(make({{fd.get(), 1, chroma, 800}, {fd.get(), 0, 64, 768}}, kNv12));
  ASSERT_TRUE(client_->roundtrip());
  const Scene scene = display_->take_scene();
  FrameBuffer& buffer = *scene.layers.at(0).buffer;
  ASSERT_EQ(buffer.plane_count(), 2);
  EXPECT_EQ(buffer.plane(0).offset_bytes, 64U);
  EXPECT_EQ(buffer.plane(0).stride_bytes, 768U);
  EXPECT_EQ(buffer.plane(1).offset_bytes, chroma);
  EXPECT_EQ(buffer.plane(1).stride_bytes, 800U);
  // The last byte of the last plane is mapped.
  const std::uint8_t* pixels = buffer.begin_cpu_read();
  ASSERT_NE(pixels, nullptr);
  EXPECT_EQ(pixels[chroma - 64 + 800 * 640 - 1], 0);
  buffer.end_cpu_read();
}

TEST_F(DmabufTest, AnOrderOfTheDevicesOwnIsNotMapped) {
  window_->map(0xFF000001);
  const UniqueFd fd = memory();
  show(
      make({{fd.get(), 0, 0, kStride, kCompressed}, {fd.get(), 1, 4096, 256, kCompressed}}, kXrgb));
  ASSERT_TRUE(client_->roundtrip());
  const Scene scene = display_->take_scene();
  FrameBuffer& buffer = *scene.layers.at(0).buffer;
  EXPECT_EQ(buffer.modifier(), kCompressed);
  EXPECT_EQ(buffer.plane_count(), 2);
  EXPECT_EQ(buffer.begin_cpu_read(), nullptr);
}

TEST_F(DmabufTest, MemoryThatCouldShrinkIsRefused) {
  const UniqueFd fd = memory(0);
  EXPECT_EQ(refusal({{fd.get()}}, kXrgb), ZWP_LINUX_BUFFER_PARAMS_V1_ERROR_INVALID_WL_BUFFER);
}

TEST_F(DmabufTest, PlanesOfSeveralMemoriesAreRefused) {
  const UniqueFd luma = memory();
  const UniqueFd chroma = memory();
  EXPECT_EQ(refusal({{luma.get(), 0, 0, 720}, {chroma.get(), 1, 0, 720}}, kNv12),
            ZWP_LINUX_BUFFER_PARAMS_V1_ERROR_INVALID_WL_BUFFER);
}

TEST_F(DmabufTest, WhatIsNotAdvertisedIsRefused) {
  const UniqueFd fd = memory();
  constexpr auto kRefused = ZWP_LINUX_BUFFER_PARAMS_V1_ERROR_INVALID_FORMAT;
  EXPECT_EQ(refusal({{fd.get()}}, fourcc('N', 'V', '2', '4')), kRefused);
  EXPECT_EQ(refusal({{fd.get(), 0, 0, kStride, 0x0200'0000'0000'0001}}, kXrgb), kRefused);
  EXPECT_EQ(refusal({{fd.get(), 0, 0, kStride, kTiled}}, kXbgr), kRefused);
  EXPECT_EQ(refusal({{fd.get(), 0, 0, 720}, {fd.get(), 1, 0, 720, kTiled}}, kNv12), kRefused);
}

TEST_F(DmabufTest, PlanesMissingDoubleOrTooManyAreRefused) {
  const UniqueFd fd = memory();
  constexpr auto kIncomplete = ZWP_LINUX_BUFFER_PARAMS_V1_ERROR_INCOMPLETE;
  const auto tiled = [&](std::uint32_t plane) { return Part{fd.get(), plane, 0, kStride, kTiled}; };
  EXPECT_EQ(refusal({}, kXrgb), kIncomplete);
  EXPECT_EQ(refusal({{fd.get(), 1}}, kXrgb), kIncomplete);
  EXPECT_EQ(refusal({{fd.get(), 0, 0, 720}}, kNv12), kIncomplete);
  EXPECT_EQ(refusal({{fd.get(), 0, 0, 720}, {fd.get(), 2, 0, 720}}, kNv12), kIncomplete);
  EXPECT_EQ(refusal({{fd.get()}, {fd.get(), 1}}, kXrgb), kIncomplete);
  EXPECT_EQ(refusal({tiled(0), tiled(1)}, kXrgb), kIncomplete);
  EXPECT_EQ(refusal({{fd.get(), 0, 0, kStride, kCompressed}}, kXrgb), kIncomplete);
  EXPECT_EQ(refusal({{fd.get()}, {fd.get()}}, kXrgb), ZWP_LINUX_BUFFER_PARAMS_V1_ERROR_PLANE_SET);
  EXPECT_EQ(refusal({{fd.get(), 4}}, kXrgb), ZWP_LINUX_BUFFER_PARAMS_V1_ERROR_PLANE_IDX);
  EXPECT_EQ(refusal({{fd.get(), UINT32_MAX}}, kXrgb), ZWP_LINUX_BUFFER_PARAMS_V1_ERROR_PLANE_IDX);
}

TEST_F(DmabufTest, PlanesOverTheirMemoryAreRefused) {
  const UniqueFd fd = memory();
  constexpr auto kOut = ZWP_LINUX_BUFFER_PARAMS_V1_ERROR_OUT_OF_BOUNDS;
  const auto end = std::uint32_t{kStride} * kSize.height;
  EXPECT_EQ(refusal({{fd.get()}}, kXrgb, {720, 1281}), kOut);
  EXPECT_EQ(refusal({{fd.get(), 0, 4}}, kXrgb), kOut);
  EXPECT_EQ(refusal({{fd.get(), 0, 0, kStride - 1}}, kXrgb), kOut);
  EXPECT_EQ(refusal({{fd.get(), 0, 0, 0}}, kXrgb), kOut);
  EXPECT_EQ(refusal({{fd.get(), 0, 0, UINT32_MAX}}, kXrgb), kOut);
  EXPECT_EQ(refusal({{fd.get(), 0, UINT32_MAX}}, kXrgb), kOut);
  // Each plane by itself.
  EXPECT_EQ(refusal({{fd.get(), 0, 0, 720}, {fd.get(), 1, end - 720 * 640 + 1, 720}}, kNv12), kOut);
  EXPECT_EQ(refusal({{fd.get(), 0, 0, 720}, {fd.get(), 1, 0, 719}}, kNv12), kOut);
  EXPECT_EQ(refusal({{fd.get(), 0, 0, 720}, {fd.get(), 1, UINT32_MAX, UINT32_MAX}}, kNv12), kOut);
  EXPECT_EQ(refusal({{fd.get(), 0, end, 256, kTiled}}, kXrgb), kOut);
  EXPECT_EQ(refusal({{fd.get(), 0, 0, 0, kTiled}}, kXrgb), kOut);
}

TEST_F(DmabufTest, SizesOutOfRangeAreRefused) {
  const UniqueFd fd = memory();
  for (const Size size : {Size{0, 10}, Size{10, -1}, Size{8193, 1}, Size{1, INT32_MAX}}) {
    EXPECT_EQ(refusal({{fd.get()}}, kXrgb, size),
              ZWP_LINUX_BUFFER_PARAMS_V1_ERROR_INVALID_DIMENSIONS);
  }
}

TEST_F(DmabufTest, ParamsServeOnce) {
  const UniqueFd fd = memory();
  auto* once = params({{fd.get()}});
  for (int i = 0; i < 2; ++i) {
    zwp_linux_buffer_params_v1_create(once, kSize.width, kSize.height,
                                      static_cast<std::uint32_t>(kXrgb), 0);
  }
  EXPECT_FALSE(client_->roundtrip());
  EXPECT_EQ(client_->error().code, ZWP_LINUX_BUFFER_PARAMS_V1_ERROR_ALREADY_USED);
}

TEST_F(DmabufTest, FeedbackIsTheComposersSetInItsOrder) {
  const Feedback feedback(zwp_linux_dmabuf_v1_get_default_feedback(dmabuf_));
  ASSERT_TRUE(client_->roundtrip());
  EXPECT_EQ(feedback.done, 1);
  EXPECT_TRUE(feedback.sealed);
  EXPECT_EQ(feedback.main_device, kDevice);
  ASSERT_EQ(feedback.tranches.size(), 2U);
  EXPECT_EQ(feedback.tranches[0].device, kDevice);
  ASSERT_EQ(feedback.tranches[0].formats.size(), 3U);
  EXPECT_EQ(feedback.tranches[0].formats[0], std::pair(static_cast<std::uint32_t>(kXrgb), kTiled));
  ASSERT_EQ(feedback.tranches[1].formats.size(), 2U);
  EXPECT_EQ(feedback.tranches[1].formats[1],
            std::pair(static_cast<std::uint32_t>(kXbgr), kModifierLinear));
}

TEST_F(DmabufTest, FeedbackIsSentAgainWhenTheSetChanges) {
  const Feedback feedback(zwp_linux_dmabuf_v1_get_default_feedback(dmabuf_));
  const Feedback of_surface(zwp_linux_dmabuf_v1_get_surface_feedback(dmabuf_, window_->surface));
  wl_surface* short_lived = wl_compositor_create_surface(globals_->compositor);
  const Feedback inert(zwp_linux_dmabuf_v1_get_surface_feedback(dmabuf_, short_lived));
  wl_surface_destroy(short_lived);
  ASSERT_TRUE(client_->roundtrip());
  display_->set_source_formats(linear_source_formats());
  display_->set_source_formats(linear_source_formats());  // the same: nothing to tell
  client_->settle();
  EXPECT_EQ(feedback.done, 2);
  EXPECT_EQ(of_surface.done, 2);
  EXPECT_EQ(inert.done, 1);
  EXPECT_EQ(feedback.main_device, 0U);
  ASSERT_EQ(feedback.tranches.size(), 1U);
  EXPECT_EQ(feedback.tranches[0].formats.size(), pixel_layouts().size() * 2);
}

TEST_F(DmabufTest, WhatWasAdvertisedOnceIsAcceptedStill) {
  display_->set_source_formats(linear_source_formats());
  const UniqueFd fd = memory();
  wl_buffer* buffer = make({{fd.get(), 0, 0, kStride, kTiled}}, kXrgb);
  EXPECT_TRUE(client_->roundtrip());
  wl_buffer_destroy(buffer);
}

// Both kinds of event an older binder may get.
struct Events {
  std::vector<std::uint32_t> formats;
  std::vector<std::pair<std::uint32_t, std::uint64_t>> modifiers;
  explicit Events(zwp_linux_dmabuf_v1* dmabuf) {
    static const zwp_linux_dmabuf_v1_listener kListener = {
        .format =
            [](void* self, auto*, std::uint32_t format) {
              static_cast<Events*>(self)->formats.push_back(format);
            },
        .modifier =
            [](void* self, auto*, std::uint32_t format, std::uint32_t high, std::uint32_t low) {
              static_cast<Events*>(self)->modifiers.emplace_back(
                  format, static_cast<std::uint64_t>(high) << 32U | low);
            },
    };
    zwp_linux_dmabuf_v1_add_listener(dmabuf, &kListener, this);
  }
};

TEST_F(DmabufTest, OlderBindersGetEvents) {
  const auto bind = [&](std::uint32_t version) {
    auto events = std::make_unique<Events>(
        client_->bind<zwp_linux_dmabuf_v1>(zwp_linux_dmabuf_v1_interface, version));
    EXPECT_TRUE(client_->roundtrip());
    return events;
  };
  EXPECT_EQ(bind(3)->modifiers.size(), 5U);
  EXPECT_EQ(bind(3)->modifiers[1], std::pair(static_cast<std::uint32_t>(kXrgb), kCompressed));
  EXPECT_TRUE(bind(3)->formats.empty());
  EXPECT_TRUE(bind(2)->formats.empty());  // where a device tiles, a buffer has to name its order
  EXPECT_TRUE(bind(4)->modifiers.empty());
  display_->set_source_formats(linear_source_formats());
  EXPECT_EQ(bind(2)->formats.size(), pixel_layouts().size());
  EXPECT_TRUE(bind(2)->modifiers.empty());
}

TEST_F(DmabufTest, DescriptorsAreCountedAsLongAsTheyAreHeld) {
  const UniqueFd fd = memory();
  std::vector<wl_buffer*> buffers;
  for (int i = 0; i < 700; ++i) {
    buffers.push_back(make({{fd.get(), 0, 0, 720}, {fd.get(), 1, 0, 720}}, kNv12));
    if (buffers.size() == 100) {
      for (wl_buffer* buffer : buffers) wl_buffer_destroy(buffer);
      buffers.clear();
    }
    ASSERT_TRUE(client_->roundtrip()) << i;
  }
}

}  // namespace
}  // namespace rp::testing
