// Goal: what the V4L2 encoder makes on a real kernel is the picture that went in, taken where it
// lay when it could be, in time with its fence, at the rate that is set, from several at once.
// Method: the kernel's encoder and decoder (vicodec), dma-heaps and software fences.
#include <fcntl.h>
#include <linux/videodev2.h>
#include <sys/ioctl.h>

#include <array>
#include <cstring>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "drivers/v4l2/discovery.h"
#include "drivers/v4l2/driver.h"
#include "drivers/v4l2/encoder.h"
#include "tests/contract/encoder/content.h"
#include "tests/contract/encoder/rig.h"
#include "tests/lab/v4l2/fwht_decoder.h"

namespace rp {
namespace {

const EncoderDriver kRow{.name = "v4l2", .match = match_v4l2, .create_on = create_v4l2_encoder};

EncoderSettings fwht(Size size, std::uint32_t bitrate_kbps = 500'000) {
  return {.codec = Codec::kFwht, .size = size, .bitrate_kbps = bitrate_kbps, .framerate = 30};
}

bool multiplanar() {
  const auto device = v4l2::open_device("/dev/video0").value();
  return v4l2::query_capability(*device).value().multiplanar;
}

// Mean error of the chroma pairs against the value draw_text() gives every one of them.
double chroma_error(const DecodedFrame& frame, Size shown) {
  double sum = 0;
  for (int y = 0; y < shown.height / 2; ++y) {
    const std::uint8_t* row = frame.uv() + static_cast<std::size_t>(y) * frame.stride;
    for (int x = 0; x < shown.width / 2; ++x) {
      sum += std::abs(row[2 * x] - 126) + std::abs(row[2 * x + 1] - 130);
    }
  }
  return sum / (shown.width / 2 * (shown.height / 2));
}

class V4l2Lab : public testing::TestWithParam<bool> {
 protected:
  void open(const EncoderSettings& settings) {
    rig_.plain_pictures = GetParam();
    rig_.open(kRow, settings);
  }
  EncoderRig rig_;
};

TEST_P(V4l2Lab, DecodesToThePictureThatWentIn) {
  for (const Size size : {Size{640, 480}, Size{720, 1280}, Size{721, 1279}, Size{1080, 1920}}) {
    open(fwht(size));
    const auto decoder = FwhtDecoder::create(size, multiplanar());
    ASSERT_TRUE(decoder) << decoder.error().message();
    const auto originals = PicturePool::create(size, 1).value();
    const PictureRef original = originals->acquire();
    for (int i = 0; i < 8; ++i) {
      const auto draw = [&](Picture& p) { draw_text(p, i * 5); };
      draw(*original);
      const auto unit = rig_.encode(draw, i == 5);
      ASSERT_TRUE(unit) << unit.error().message();
      EXPECT_EQ(unit->key, i == 0 || i == 5) << i;
      const auto frame = (*decoder)->decode(unit->bytes);
      ASSERT_TRUE(frame) << i << ": " << frame.error().message();
      EXPECT_GT(luma_psnr_db(*original, frame->bytes.data(), static_cast<int>(frame->stride)), 35)
          << size.width << 'x' << size.height << " picture " << i;
      EXPECT_LT(chroma_error(*frame, size), 2.0);
    }
  }
}

TEST_P(V4l2Lab, ADmaBufferIsReadWhereItLies) {
  open(fwht({640, 480}));
  EncodeRequest request = rig_.request([](Picture& p) { draw_text(p, 0); });
  EXPECT_EQ(request.picture->dmabuf >= 0, !GetParam());
  std::array<PictureRef, 3> others;
  for (PictureRef& other : others) other = rig_.pool->acquire();
  ASSERT_TRUE(rig_.encoder->submit(request));
  // The device still reads the one; the other was copied and is free again.
  EXPECT_EQ(static_cast<bool>(rig_.pool->acquire()), GetParam());
  ASSERT_TRUE(rig_.wait([&] { return rig_.outcomes.size() == 1; }));
  EXPECT_TRUE(rig_.outcomes[0]);
  EXPECT_TRUE(static_cast<bool>(rig_.pool->acquire()));
}

TEST_P(V4l2Lab, ALowerRateMakesCoarserPictures) {
  open(fwht({640, 480}, 100'000));
  const auto bytes = [&](std::uint32_t bitrate_kbps) {
    rig_.encoder->set_rate({bitrate_kbps, 30});
    const auto unit = rig_.encode([](Picture& p) { draw_text(p, 0); }, true);
    EXPECT_TRUE(unit && unit->key);
    return unit ? unit->bytes.size() : 0;
  };
  const std::size_t fine = bytes(100'000);
  const std::size_t coarse = bytes(1'000);
  EXPECT_LT(coarse, fine);
  EXPECT_EQ(bytes(100'000), fine);
}

TEST_P(V4l2Lab, SeveralInstancesServeAtOnce) {
  std::array<EncoderRig, 4> rigs;
  for (EncoderRig& rig : rigs) {
    rig.plain_pictures = GetParam();
    rig.open(kRow, fwht({640, 480}));
  }
  for (int i = 0; i < 3; ++i) {
    for (EncoderRig& rig : rigs) {
      const auto unit = rig.encode([&](Picture& p) { draw_text(p, i); });
      ASSERT_TRUE(unit) << unit.error().message();
      EXPECT_EQ(unit->key, i == 0);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Pictures, V4l2Lab, testing::Bool(),
                         [](const auto& i) { return i.param ? "copied" : "in_place"; });

// ---- software fences (drivers/dma-buf/sw_sync.c of the kernel)

struct SwSyncFence {
  std::uint32_t value;
  char name[32];
  std::int32_t fence;
};

class Timeline {
 public:
  Timeline() : fd_(::open("/sys/kernel/debug/sync/sw_sync", O_RDWR | O_CLOEXEC)) {}
  [[nodiscard]] UniqueFd fence(std::uint32_t at) const {
    SwSyncFence request{at, "picture", -1};
    EXPECT_EQ(::ioctl(fd_.get(), _IOWR('W', 0, SwSyncFence), &request), 0) << std::strerror(errno);
    return UniqueFd(request.fence);
  }
  void advance() const {
    std::uint32_t by = 1;
    EXPECT_EQ(::ioctl(fd_.get(), _IOW('W', 1, std::uint32_t), &by), 0) << std::strerror(errno);
  }

 private:
  UniqueFd fd_;
};

TEST(V4l2Fences, APictureWaitsForItsFence) {
  EncoderRig rig;
  rig.open(kRow, fwht({640, 480}));
  const Timeline timeline;
  EncodeRequest request = rig.request([](Picture& p) { draw_text(p, 0); });
  request.picture->ready = timeline.fence(1);
  ASSERT_TRUE(rig.encoder->submit(request));
  for (int i = 0; i < 5; ++i) rig.loop->run_once(Duration(1000));
  EXPECT_TRUE(rig.outcomes.empty());
  timeline.advance();
  ASSERT_TRUE(rig.wait([&] { return rig.outcomes.size() == 1; }));
  EXPECT_TRUE(rig.outcomes[0]);
}

TEST(V4l2Fences, AFenceThatNeverComesCostsOnePictureOnly) {
  EncoderRig rig;
  rig.open(kRow, fwht({640, 480}));
  const Timeline timeline;
  EncodeRequest request = rig.request([](Picture& p) { draw_text(p, 0); });
  request.picture->ready = timeline.fence(1);
  ASSERT_TRUE(rig.encoder->submit(request));
  ASSERT_TRUE(rig.wait([&] { return rig.outcomes.size() == 1; }));
  ASSERT_FALSE(rig.outcomes[0]);
  EXPECT_EQ(rig.outcomes[0].error().code, ErrorCode::kTimeout);
  rig.outcomes.clear();
  const auto next = rig.encode([](Picture& p) { draw_text(p, 0); });
  ASSERT_TRUE(next) << next.error().message();
  EXPECT_TRUE(next->key);
}

// ---- what there is

TEST(V4l2Discovery, FindsTheEncoderAndNothingElse) {
  const auto found = v4l2::find_encoders("/dev", v4l2::open_device);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].path, "/dev/video0");
  EXPECT_EQ(found[0].driver, "vicodec");
  ASSERT_EQ(found[0].formats.size(), 1U);
  EXPECT_EQ(found[0].formats[0].codec, Codec::kFwht);
  EXPECT_EQ(found[0].formats[0].sizes.min, (Size{640, 360}));
}

TEST(V4l2Discovery, SaysWhyItCannotServeABrowser) {
  const Status match = match_v4l2({.size = {720, 1280}});
  ASSERT_FALSE(match);
  EXPECT_EQ(match.error().operation, "/dev/video0 (vicodec) encodes FWHT, not H.264");
}

// ---- the drain, which vicodec itself never makes necessary

TEST(V4l2Instance, ADrainEndsWithTheLastBufferAndTheStreamGoesOn) {
  auto device = v4l2::open_device("/dev/video0").value();
  const auto made = v4l2::Instance::create(std::move(device), fwht({640, 480}), 2);
  ASSERT_TRUE(made) << made.error().message();
  v4l2::Instance& instance = **made;
  const auto next = [&] {
    Result<v4l2::Dequeued> done = fail(ErrorCode::kWouldBlock, "");
    for (int i = 0; i < 1000 && !done; ++i) done = instance.capture().dequeue();
    return done;
  };
  ASSERT_TRUE(instance.output().enqueue(0, 7));
  ASSERT_TRUE(instance.begin_drain());
  bool seen = false;
  bool last = false;
  while (!last) {  // the picture itself, or an empty buffer after it
    const auto done = next();
    ASSERT_TRUE(done) << done.error().message();
    seen = seen || done->tag == 7;
    last = done->last;
  }
  EXPECT_TRUE(seen);
  EXPECT_TRUE(instance.take_events().end_of_stream);
  ASSERT_TRUE(instance.end_drain());
  ASSERT_TRUE(instance.restart_stream());
  ASSERT_TRUE(instance.output().enqueue(1, 8));
  const auto after = next();
  ASSERT_TRUE(after) << after.error().message();
  EXPECT_EQ(after->tag, 8U);
  EXPECT_FALSE(after->last);
}

}  // namespace
}  // namespace rp
