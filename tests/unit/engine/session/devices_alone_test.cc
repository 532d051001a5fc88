// Goal: where one device draws and another encodes, the session lets no CPU look at pixels, and
// goes back to tiles when that ends; nor at those in a device's own order; the test codec is for
// those alone who ask for it, on an engine that has been told. Method: session_rig.h, with a
// composer and encoders that say they are devices.
#include "tests/unit/engine/session/session_rig.h"

namespace rp {
namespace {

using std::chrono::milliseconds;

class DevicesAlone : public SessionTest {
 protected:
  // Finishes the picture that is being encoded and waits until the next may come.
  void show(FakeSender& sender) {
    ASSERT_EQ(encoder_->in_flight(), 1);
    encoder_->finish();
    turn();
    acknowledge(sender);
    turn(milliseconds(33));
  }
  static wire::Video video_of(const FakeSender& sender) {
    const auto& sent = sender.frames().back();
    std::vector<std::uint8_t> message = sent.header;
    message.insert(message.end(), sent.payload.begin(), sent.payload.end());
    wire::MessageReader reader(message);
    return wire::parse_video(*reader.next()).value().video;
  }
};

TEST_F(DevicesAlone, AllGoesByVideoAndNobodyLooksAtPixels) {
  composer_->device = true;
  device_encoder_ = true;
  FakeSender& sender = attach(wire::kFeatureLosslessTiles);
  show(sender);
  for (int i = 0; i < 5; ++i) {
    damage();
    ASSERT_NO_FATAL_FAILURE(show(sender)) << i;
  }
  turn(std::chrono::seconds(1));  // at rest, too
  EXPECT_EQ(encoder_->in_flight(), 0);
  EXPECT_EQ(composer_->looks, 0);
  EXPECT_EQ(sender.frames().size(), 6U);
}

TEST_F(DevicesAlone, OneDeviceIsNotEnough) {
  for (const bool device_draws : {true, false}) {
    composer_->device = device_draws;
    device_encoder_ = !device_draws;
    composer_->looks = 0;
    make_session();
    FakeSender& sender = attach(wire::kFeatureLosslessTiles);
    show(sender);
    damage();
    EXPECT_GT(composer_->looks, 0) << device_draws;
  }
}

TEST_F(DevicesAlone, ADeviceThatStopsDrawingGivesWayToTilesOfAllTheViewerSaw) {
  composer_->device = true;
  device_encoder_ = true;
  FakeSender& sender = attach(wire::kFeatureLosslessTiles);
  show(sender);
  damage();
  show(sender);
  composer_->device = false;
  damage();  // a small change of a picture that video has shown: tiles
  EXPECT_EQ(encoder_->in_flight(), 0);
  EXPECT_GT(composer_->looks, 0);
  EXPECT_EQ(sender.frames().size(), 3U);
  // What video had shown is made exact at rest, all of it.
  std::size_t sent = sender.frames().size();
  for (int i = 0; i < 200; ++i) {
    acknowledge(sender);
    turn(milliseconds(110));
    if (sender.frames().size() == sent) break;
    sent = sender.frames().size();
  }
  EXPECT_GT(sent, 3U);
  EXPECT_EQ(encoder_->submitted, 2);
}

TEST_F(DevicesAlone, WhatNoCpuReadsGoesByVideoAsLongAsItIsShown) {
  composer_->device = true;  // and the CPU encodes
  display_->layers.emplace_back().buffer = std::make_shared<TiledBuffer>();
  FakeSender& sender = attach(wire::kFeatureLosslessTiles);
  show(sender);
  damage();
  show(sender);
  turn(std::chrono::seconds(1));  // at rest nothing is encoded again: it is as fine as it gets
  EXPECT_EQ(encoder_->in_flight(), 0);
  EXPECT_EQ(encoder_->submitted, 2);
  EXPECT_EQ(composer_->looks, 0);
  display_->layers.clear();
  damage();
  EXPECT_EQ(encoder_->in_flight(), 0);
  EXPECT_GT(composer_->looks, 0);
}

TEST_F(DevicesAlone, AnEncoderOnTheCpuInItsPlaceBringsTilesBack) {
  composer_->device = true;
  device_encoder_ = true;
  FakeSender& sender = attach(wire::kFeatureLosslessTiles);
  show(sender);
  encoder_->gone = true;
  device_encoder_ = false;
  damage();
  turn(milliseconds(33));
  EXPECT_EQ(encoders_made_, 2);
  show(sender);
  EXPECT_EQ(composer_->looks, 0);
  damage();
  EXPECT_GT(composer_->looks, 0);
  EXPECT_EQ(encoder_->in_flight(), 0);
}

TEST_F(DevicesAlone, TheTestCodecIsForThoseWhoAskOnAnEngineThatWasTold) {
  codecs_ = {Codec::kH264, Codec::kFwht};
  for (const bool told : {false, true}) {
    for (const bool asks : {false, true}) {
      test_codec_ = told;
      make_session();
      FakeSender& sender = attach(0, wire::kCodecH264 | (asks ? wire::kCodecFwht : 0));
      show(sender);
      const Codec expected = told && asks ? Codec::kFwht : Codec::kH264;
      EXPECT_EQ(video_of(sender).codec, static_cast<std::uint8_t>(expected)) << told << asks;
    }
  }
}

TEST_F(DevicesAlone, WhoTakesOverGetsACodecOfHisOwn) {
  codecs_ = {Codec::kH264, Codec::kFwht};
  test_codec_ = true;
  make_session();
  FakeSender& first = attach(0, wire::kCodecH264 | wire::kCodecFwht);
  show(first);
  EXPECT_EQ(encoders_made_, 1);
  FakeSender& second = attach();
  EXPECT_EQ(encoders_made_, 2);
  show(second);
  EXPECT_EQ(video_of(second).codec, 1);
}

TEST_F(DevicesAlone, WithoutADeviceForTheTestCodecThereIsH264) {
  test_codec_ = true;
  make_session();
  FakeSender& sender = attach(0, wire::kCodecH264 | wire::kCodecFwht);
  EXPECT_EQ(codecs_asked_, (std::vector{Codec::kFwht, Codec::kH264}));
  show(sender);
  EXPECT_EQ(video_of(sender).codec, 1);
}

// ---- several phones in one submission

class Batched : public DevicesAlone {
 protected:
  Batched() {
    composer_->device = true;
    device_encoder_ = true;
    batch_ = std::make_unique<ComposeBatch>(*loop_, *composer_);
    make_session();
  }
};

TEST_F(Batched, WhatTwoPhonesDrawInOneTurnIsOneSubmission) {
  FakeSender& first = attach();
  ASSERT_NO_FATAL_FAILURE(show(first));
  FakeDisplay& display = *display_;
  ManualEncoder& encoder = *encoder_;
  const auto other = make_phone("p2");
  FakeSender& second = attach_to(*other, 0, wire::kCodecH264);
  ASSERT_NO_FATAL_FAILURE(show(second));
  const int batches = composer_->batches;
  const int composed = composer_->composed;
  display.damage({0, 0, 50, 50});
  display_->damage({0, 0, 50, 50});
  EXPECT_EQ(encoder.in_flight() + encoder_->in_flight(), 0) << "their fences are not there yet";
  turn();
  EXPECT_EQ(composer_->composed, composed + 2);
  EXPECT_EQ(composer_->batches, batches + 1);
  EXPECT_EQ(encoder.in_flight(), 1);
  EXPECT_EQ(encoder_->in_flight(), 1);
}

TEST_F(Batched, AnotherChangeWaitsUntilThePictureIsWithTheEncoder) {
  FakeSender& sender = attach();
  ASSERT_NO_FATAL_FAILURE(show(sender));
  const int composed = composer_->composed;
  display_->damage({0, 0, 50, 50});
  display_->damage({50, 50, 50, 50});
  turn();
  EXPECT_LE(composer_->composed, composed + 1);
  ASSERT_NO_FATAL_FAILURE(show(sender));
}

TEST_F(Batched, ASubmissionThatFailsIsComposedAgain) {
  FakeSender& sender = attach();
  ASSERT_NO_FATAL_FAILURE(show(sender));
  composer_->batch_answer = fail(ErrorCode::kUnavailable, "the device hangs");
  const int composed = composer_->composed;
  damage();
  EXPECT_EQ(composer_->composed, composed + 2);
  ASSERT_NO_FATAL_FAILURE(show(sender));
  EXPECT_EQ(sender.frames().size(), 2U);
}

TEST_F(Batched, APhoneThatGoesLeavesNothingOpen) {
  FakeSender& sender = attach();
  ASSERT_NO_FATAL_FAILURE(show(sender));
  const int composed = composer_->composed;
  display_->damage({0, 0, 50, 50});
  ASSERT_EQ(composer_->composed, composed + 1);
  ASSERT_TRUE(composer_->in_batch);
  session_.reset();
  EXPECT_FALSE(composer_->in_batch);
  turn();
}

TEST_F(Batched, AnEncoderOnTheCpuWaitsForNobody) {
  device_encoder_ = false;
  FakeSender& sender = attach();
  ASSERT_NO_FATAL_FAILURE(show(sender));
  damage();
  EXPECT_EQ(composer_->batches, 0);
}

}  // namespace
}  // namespace rp
