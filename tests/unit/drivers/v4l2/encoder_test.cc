// Goal: the encoder keeps its promises on devices that err, stall, hold back, vanish or are full.
// Method: a device in this process (fake_device.h) with one fault at a time; a clock moved by hand.
#include "drivers/v4l2/encoder.h"

#include <sys/mman.h>

#include <array>
#include <optional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/frame/picture.h"
#include "tests/unit/drivers/v4l2/fake_device.h"

namespace rp::v4l2 {
namespace {

constexpr Size kSize{100, 80};  // aligned by the device to 112×80

// Pictures that say they are a dma-buf, laid out as the fake device wants NV12.
class ImportablePictures final : public PictureMemory {
 public:
  explicit ImportablePictures(bool mapped) : memory_(::memfd_create("picture", MFD_CLOEXEC)) {
    planes_.layout = PictureLayout::kNv12;
    planes_.stride_y = planes_.stride_uv = 112;
    planes_.dmabuf = memory_.get();
    planes_.offset_u = 112 * 80;
    planes_.offset_v = planes_.offset_u + 1;
    bytes_.resize(112 * 80 * 3 / 2);
    if (!mapped) return;
    planes_.y = bytes_.data();
    planes_.u = planes_.y + planes_.offset_u;
    planes_.v = planes_.u + 1;
  }
  [[nodiscard]] std::span<const PicturePlanes> pictures() const override { return {&planes_, 1}; }

 private:
  UniqueFd memory_;
  PicturePlanes planes_;
  std::vector<std::uint8_t> bytes_;
};

class ImportableAllocator final : public PictureAllocator {
 public:
  explicit ImportableAllocator(bool mapped) : mapped_(mapped) {}
  Result<std::unique_ptr<PictureMemory>> allocate(Size /*coded*/, int /*count*/) override {
    return std::make_unique<ImportablePictures>(mapped_);
  }

 private:
  bool mapped_;
};

class V4l2Encoder : public testing::Test {
 protected:
  V4l2Encoder() : loop_(EventLoop::create(clock_).value()) {
    pool_ = PicturePool::create(kSize, 4).value();
  }

  DeviceEncoderParts parts() {
    const DeviceOpener opener = [this](const std::string&) -> Result<std::unique_ptr<Device>> {
      if (hardware_.gone) return fail(ErrorCode::kNotFound, "open");
      auto device = std::make_unique<FakeDevice>(hardware_);
      device_ = device.get();
      return device;
    };
    return {*loop_, opener, "/dev/video9", memory_};
  }
  Result<std::unique_ptr<Encoder>> create() {
    return DeviceEncoder::create(parts(), {.size = kSize}, [this](Result<AccessUnit> unit) {
      outcomes_.push_back(std::move(unit));
    });
  }
  void open() {
    auto made = create();
    ASSERT_TRUE(made) << made.error().message();
    encoder_ = std::move(*made);
  }
  Status submit(bool force_key = false, std::uint8_t luma = 7) {
    EncodeRequest request;
    request.picture = pool_->acquire();
    RP_CHECK(static_cast<bool>(request.picture));
    if (request.picture->y != nullptr) *request.picture->y = luma;
    request.force_key = force_key;
    request.stamps.sequence = ++sequence_;
    return encoder_->submit(request);
  }
  void turn() {
    for (int i = 0; i < 4; ++i) loop_->run_once(Duration(0));
  }
  void pass(std::int64_t ms) {
    clock_.advance(std::chrono::milliseconds(ms));
    turn();
  }
  // Submits one and gives its outcome.
  Result<AccessUnit> encode(bool force_key = false, std::uint8_t luma = 7) {
    RP_TRY(submit(force_key, luma));
    turn();
    if (outcomes_.empty()) return fail(ErrorCode::kWouldBlock, "nothing came");
    Result<AccessUnit> first = std::move(outcomes_.front());
    outcomes_.erase(outcomes_.begin());
    return first;
  }
  void expect_key_next() {
    const auto next = encode();
    ASSERT_TRUE(next) << next.error().message();
    EXPECT_TRUE(next->key);
  }

  FakeClock clock_;
  FakeHardware hardware_;
  DevicePictures memory_{std::vector<std::string>{}};
  FakeDevice* device_ = nullptr;
  std::unique_ptr<EventLoop> loop_;
  std::shared_ptr<PicturePool> pool_;
  std::unique_ptr<Encoder> encoder_;
  std::vector<Result<AccessUnit>> outcomes_;
  std::uint32_t sequence_ = 0;
};

TEST_F(V4l2Encoder, EncodesThePixelsAndCropsToTheirSize) {
  open();
  const auto unit = encode(false, 0x99);
  ASSERT_TRUE(unit) << unit.error().message();
  EXPECT_TRUE(unit->key);
  EXPECT_EQ(unit->bytes.back(), 0x99);
  EXPECT_EQ(unit->size, kSize);
  EXPECT_EQ(hardware_.cropped, kSize);
  const auto next = encode();
  ASSERT_TRUE(next);
  EXPECT_FALSE(next->key);
}

TEST_F(V4l2Encoder, BothOfV4l2sApisAndPlanesApartServe) {
  hardware_.multiplanar = true;
  hardware_.raw = {V4L2_PIX_FMT_NV12M};
  open();
  const auto unit = encode(false, 0x55);
  ASSERT_TRUE(unit) << unit.error().message();
  EXPECT_EQ(unit->bytes.back(), 0x55);
}

TEST_F(V4l2Encoder, ADeviceThatCannotCropIsRefusedWithItsSize) {
  hardware_.crops = false;
  const auto made = create();
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code, ErrorCode::kUnsupported);
  EXPECT_THAT(made.error().operation, testing::HasSubstr("100x80 of its 112x80"));
}

TEST_F(V4l2Encoder, ADeviceWithoutAFormatWeHaveIsRefused) {
  hardware_.raw = {V4L2_PIX_FMT_YUYV};
  EXPECT_EQ(create().error().code, ErrorCode::kUnsupported);
  hardware_.raw = {V4L2_PIX_FMT_NV12};
  hardware_.coded = {V4L2_PIX_FMT_MJPEG};
  EXPECT_EQ(create().error().code, ErrorCode::kUnsupported);
}

TEST_F(V4l2Encoder, WhenAllInstancesAreInUseItSaysSo) {
  hardware_.instances = 1;
  open();
  const auto second = create();
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::kExhausted);
  encoder_.reset();
  open();
  EXPECT_TRUE(encode());
}

TEST_F(V4l2Encoder, KeysByControlLeaveTheStreamRunning) {
  hardware_.controls[V4L2_CID_MPEG_VIDEO_FORCE_KEY_FRAME] = 0;
  open();
  ASSERT_TRUE(encode());
  const int streams = hardware_.streams_begun;
  const auto key = encode(true);
  ASSERT_TRUE(key);
  EXPECT_TRUE(key->key);
  EXPECT_EQ(hardware_.streams_begun, streams);
}

TEST_F(V4l2Encoder, WithoutTheControlANewStreamGivesTheKey) {
  open();
  ASSERT_TRUE(encode());
  const auto key = encode(true);
  ASSERT_TRUE(key);
  EXPECT_TRUE(key->key);
}

TEST_F(V4l2Encoder, AControlThatDoesNothingIsNotTrustedTwice) {
  hardware_.controls[V4L2_CID_MPEG_VIDEO_FORCE_KEY_FRAME] = 0;
  hardware_.deaf_to_keys = true;
  open();
  ASSERT_TRUE(encode());
  EXPECT_FALSE(encode(true));  // better no picture than one that is said to be a key frame
  expect_key_next();
}

TEST_F(V4l2Encoder, AnErrorCostsThePictureAndTheNextIsAKeyFrame) {
  open();
  ASSERT_TRUE(encode());
  hardware_.errors = 1;
  EXPECT_EQ(encode().error().code, ErrorCode::kUnavailable);
  expect_key_next();
  EXPECT_EQ(hardware_.opened, 1);
}

TEST_F(V4l2Encoder, APictureTheDeviceLeavesOutIsSaidToBeLost) {
  open();
  ASSERT_TRUE(encode());
  hardware_.left_out = 1;
  ASSERT_TRUE(submit());
  ASSERT_TRUE(submit());
  turn();
  ASSERT_EQ(outcomes_.size(), 2U);
  EXPECT_FALSE(outcomes_[0]);
  ASSERT_TRUE(outcomes_[1]);
  EXPECT_EQ(outcomes_[1]->stamps.sequence, 3U);
  outcomes_.clear();
  expect_key_next();
}

TEST_F(V4l2Encoder, ADeviceThatVanishesFailsItsPicturesAndIsOpenedAgain) {
  open();
  ASSERT_TRUE(encode());
  hardware_.silent = true;
  ASSERT_TRUE(submit());
  ASSERT_TRUE(submit());
  hardware_.gone = true;
  device_->wake();
  turn();
  ASSERT_EQ(outcomes_.size(), 2U);
  EXPECT_FALSE(outcomes_[0]);
  EXPECT_FALSE(outcomes_[1]);
  EXPECT_EQ(encoder_->in_flight(), 0);
  outcomes_.clear();
  EXPECT_EQ(submit().error().code, ErrorCode::kNotFound);
  hardware_.gone = hardware_.silent = false;
  expect_key_next();
  EXPECT_EQ(hardware_.opened, 2);
}

TEST_F(V4l2Encoder, ASilentDeviceIsGivenUpOnAfterTwoSeconds) {
  hardware_.drains = false;
  open();
  hardware_.silent = true;
  ASSERT_TRUE(submit());
  pass(1900);
  EXPECT_TRUE(outcomes_.empty());
  pass(200);
  ASSERT_EQ(outcomes_.size(), 1U);
  EXPECT_EQ(outcomes_[0].error().code, ErrorCode::kTimeout);
  outcomes_.clear();
  hardware_.silent = false;
  expect_key_next();
}

TEST_F(V4l2Encoder, APictureHeldBackIsDrainedOut) {
  for (const bool sticky : {false, true}) {
    hardware_ = {};
    hardware_.held_back = 1;
    hardware_.sticky_last = sticky;
    open();
    for (int i = 1; i <= 3; ++i) {
      ASSERT_TRUE(submit());
      turn();
      EXPECT_TRUE(outcomes_.empty());
      pass(101);
      ASSERT_EQ(outcomes_.size(), 1U) << i;
      ASSERT_TRUE(outcomes_[0]) << outcomes_[0].error().message();
      EXPECT_EQ(hardware_.drains_begun, i);
      outcomes_.clear();
    }
    EXPECT_EQ(hardware_.opened, 1);
    encoder_.reset();
  }
}

TEST_F(V4l2Encoder, APictureThatComesDuringADrainWaitsForItsEnd) {
  hardware_.held_back = 1;
  open();
  ASSERT_TRUE(submit());
  hardware_.silent = true;  // the drain takes its time
  pass(101);
  EXPECT_EQ(hardware_.drains_begun, 1);
  ASSERT_TRUE(submit());
  hardware_.silent = false;
  hardware_.held_back = 0;
  device_->wake();
  turn();
  ASSERT_EQ(outcomes_.size(), 2U);
  EXPECT_TRUE(outcomes_[0]);
  EXPECT_TRUE(outcomes_[1]);
}

TEST_F(V4l2Encoder, HeadersInABufferOfTheirOwnComeWithEveryKey) {
  hardware_.separate_headers = true;
  open();
  for (int i = 0; i < 3; ++i) {
    const auto key = encode(true);
    ASSERT_TRUE(key) << key.error().message();
    EXPECT_TRUE(inspect(Codec::kH264, key->bytes).headers) << i;
  }
}

TEST_F(V4l2Encoder, ARateIsSetWhileRunningOrBetweenStreams) {
  hardware_.controls[V4L2_CID_MPEG_VIDEO_BITRATE] = 0;
  open();
  EXPECT_EQ(hardware_.controls[V4L2_CID_MPEG_VIDEO_BITRATE], 8'000'000);
  encoder_->set_rate({2000, 0});
  ASSERT_TRUE(encode());
  EXPECT_EQ(hardware_.controls[V4L2_CID_MPEG_VIDEO_BITRATE], 2'000'000);
  hardware_.busy_controls = {V4L2_CID_MPEG_VIDEO_BITRATE};
  encoder_->set_rate({3000, 0});
  const auto unit = encode();
  ASSERT_TRUE(unit);
  EXPECT_TRUE(unit->key);  // the price of such a device
  EXPECT_EQ(hardware_.controls[V4L2_CID_MPEG_VIDEO_BITRATE], 3'000'000);
}

TEST_F(V4l2Encoder, APictureThatMayBeImportedStaysWithTheDevice) {
  ImportableAllocator memory(false);
  pool_ = PicturePool::create(kSize, 1, Region({0, 0, 100, 80}), memory).value();
  open();
  hardware_.silent = true;
  ASSERT_TRUE(submit());
  EXPECT_FALSE(static_cast<bool>(pool_->acquire()));
  hardware_.silent = false;
  device_->wake();
  turn();
  ASSERT_EQ(outcomes_.size(), 1U);
  EXPECT_TRUE(outcomes_[0]) << outcomes_[0].error().message();
  EXPECT_TRUE(static_cast<bool>(pool_->acquire()));
}

TEST_F(V4l2Encoder, AnImportThatIsRefusedIsCopiedInstead) {
  hardware_.dmabuf_refused = true;
  ImportableAllocator memory(true);
  pool_ = PicturePool::create(kSize, 1, Region({0, 0, 100, 80}), memory).value();
  open();
  for (const std::uint8_t luma : {std::uint8_t{0x11}, std::uint8_t{0x22}}) {
    const auto unit = encode(false, luma);
    ASSERT_TRUE(unit) << unit.error().message();
    EXPECT_EQ(unit->bytes.back(), luma);
  }
}

TEST_F(V4l2Encoder, AnImportThatIsRefusedAndCannotBeCopiedFailsThePicture) {
  hardware_.dmabuf_refused = true;
  ImportableAllocator memory(false);
  pool_ = PicturePool::create(kSize, 1, Region({0, 0, 100, 80}), memory).value();
  open();
  EXPECT_FALSE(encode());
}

TEST_F(V4l2Encoder, ABufferTheDeviceDoesNotHaveIsNotBelieved) {
  open();
  hardware_.bogus_index = 1000;
  EXPECT_EQ(encode().error().code, ErrorCode::kInternal);
  hardware_.bogus_index = 0;
  expect_key_next();
}

TEST_F(V4l2Encoder, MayBeDestroyedInsideItsCompletionOrWithPicturesInTheDevice) {
  auto made = DeviceEncoder::create(parts(), {.size = kSize},
                                    [this](Result<AccessUnit>) { encoder_.reset(); });
  encoder_ = std::move(*made);
  ASSERT_TRUE(submit());
  ASSERT_TRUE(submit());
  turn();
  EXPECT_EQ(encoder_, nullptr);
  open();
  hardware_.silent = true;
  ASSERT_TRUE(submit());
  encoder_.reset();
  turn();
  EXPECT_TRUE(outcomes_.empty());
}

}  // namespace
}  // namespace rp::v4l2
