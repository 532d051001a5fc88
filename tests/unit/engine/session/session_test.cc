// Goal: what the session promises of frames: none without damage or viewer, none queued behind a
// busy stage, none dropped after encoding, a key frame for every newcomer, and a phone that
// outlives its viewers. Method: FakeDisplay, an encoder finished by hand, FakeSender; time is moved
// by hand.
#include "tests/unit/engine/session/session_rig.h"

namespace rp {
namespace {

using std::chrono::milliseconds;

TEST_F(SessionTest, NewcomerGetsAKeyFrameWithoutDamage) {
  const FakeSender& sender = attach();
  ASSERT_EQ(encoder_->submitted, 1);
  EXPECT_TRUE(encoder_->requests[0].force_key);
  encoder_->finish();
  EXPECT_EQ(sender.frames().size(), 1U);
}

TEST_F(SessionTest, PictureAtRestIsRefinedUntilTheEncoderSaysItIsFine) {
  FakeSender& sender = settled();
  ASSERT_EQ(sender.frames().size(), 2U);
  EXPECT_EQ(sender.frames()[1].header[1] & wire::kVideoAtRest, wire::kVideoAtRest);
  damage();
  encoder_->finish(false);
  turn();
  acknowledge(sender);
  turn(milliseconds(99));
  EXPECT_EQ(encoder_->submitted, 3);
  for (int i = 0; i < 3; ++i) {
    turn(milliseconds(100));
    ASSERT_EQ(encoder_->submitted, 4 + i);
    EXPECT_FALSE(encoder_->requests[0].force_key);
    encoder_->finish(i == 2);
    turn();
    acknowledge(sender);
  }
  for (int i = 0; i < 50; ++i) turn(milliseconds(20));
  EXPECT_EQ(encoder_->submitted, 6);
}

TEST_F(SessionTest, AnEncoderThatIsNeverContentIsNotAskedForever) {
  FakeSender& sender = settled();
  damage();
  for (int i = 0; i < 100 && encoder_->in_flight() > 0; ++i) {
    encoder_->finish(false);
    turn();
    acknowledge(sender);
    turn(milliseconds(100));
  }
  EXPECT_EQ(encoder_->in_flight(), 0);
  EXPECT_LT(encoder_->submitted, 60);
}

TEST_F(SessionTest, AFinePictureIsNotSentAgain) {
  FakeSender& sender = settled();
  damage();
  encoder_->finish(true);
  turn();
  acknowledge(sender);
  for (int i = 0; i < 50; ++i) turn(milliseconds(20));
  EXPECT_EQ(encoder_->submitted, 3);
}

TEST_F(SessionTest, StillPhoneIsNeverCapturedAgain) {
  const FakeSender& sender = settled();
  const int scenes = display_->scenes_taken;
  for (int i = 0; i < 100; ++i) turn(milliseconds(20));
  EXPECT_EQ(display_->scenes_taken, scenes);
  EXPECT_EQ(sender.frames().size(), 2U);
}

TEST_F(SessionTest, UnwatchedPhoneIsNotEncodedButMayDrawFiveTimesASecond) {
  for (int i = 0; i < 100; ++i) {
    damage();
    turn(milliseconds(20));
  }
  EXPECT_EQ(encoders_made_, 0);
  EXPECT_GE(display_->frames_done.size(), 8U);
  EXPECT_LE(display_->frames_done.size(), 12U);
}

TEST_F(SessionTest, DamageDuringEncodingBecomesOneLaterFrame) {
  settled();
  damage();
  ASSERT_EQ(encoder_->submitted, 3);
  for (int i = 0; i < 10; ++i) {
    turn(milliseconds(17));
    damage();
  }
  EXPECT_EQ(encoder_->submitted, 3);  // the encoder is busy
  encoder_->finish();
  turn();
  EXPECT_EQ(encoder_->submitted, 4);  // all that happened since, once
  EXPECT_NE(registry_.render().find("rackphone_frames_skipped_total{phone=\"p1\"} 9"),
            std::string::npos);
}

TEST_F(SessionTest, BlockedViewerStopsCapturesNotTheApp) {
  FakeSender& sender = settled();
  sender.block(true);
  turn();
  const int scenes = display_->scenes_taken;
  damage();
  EXPECT_EQ(display_->scenes_taken, scenes);
  sender.block(false);
  turn();
  EXPECT_EQ(display_->scenes_taken, scenes + 1);
}

TEST_F(SessionTest, NothingIsComposedBeforeTheEncodersTurn) {
  FakeSender& sender = settled();
  const int scenes = display_->scenes_taken;
  const int submitted = encoder_->submitted;
  encoder_->has_turn = false;
  damage();
  turn(milliseconds(50));
  EXPECT_EQ(display_->scenes_taken, scenes);
  EXPECT_EQ(encoder_->asked_with, 0U);
  receive(sender, wire::Touch{41, wire::TouchAction::kDown, 0, 0, 0});
  EXPECT_EQ(display_->scenes_taken, scenes);
  EXPECT_EQ(encoder_->asked_with, 41U);  // now it is urgent
  encoder_->give_turn();
  EXPECT_EQ(display_->scenes_taken, scenes + 1);
  EXPECT_EQ(encoder_->submitted, submitted + 1);
}

TEST_F(SessionTest, EncodedFrameWaitsForTheSenderAndIsNotLost) {
  FakeSender& sender = settled();
  damage();
  sender.block(true);
  turn();
  encoder_->finish();
  turn();
  EXPECT_EQ(sender.frames().size(), 2U);
  damage();
  EXPECT_EQ(encoder_->submitted, 3);
  sender.block(false);
  turn();
  EXPECT_EQ(sender.frames().size(), 3U);
}

TEST_F(SessionTest, SequencesCountUpByOne) {
  FakeSender& sender = settled();
  for (int i = 0; i < 5; ++i) {
    turn(milliseconds(17));
    damage();
    encoder_->finish();
    turn();
    acknowledge(sender);
  }
  ASSERT_EQ(sender.frames().size(), 7U);
  for (std::uint32_t i = 0; i < 7; ++i) EXPECT_EQ(sender.frames()[i].sequence, i + 1);
}

TEST_F(SessionTest, FailedEncodingIsFollowedByAKeyFrame) {
  settled();
  damage();
  encoder_->fail_one();
  turn(milliseconds(17));
  ASSERT_EQ(encoder_->requests.size(), 1U);
  EXPECT_TRUE(encoder_->requests[0].force_key);
}

TEST_F(SessionTest, AnEncoderWhoseDeviceIsGoneIsReplacedWithoutNewDamage) {
  settled();
  encoder_->gone = true;
  damage();
  turn(milliseconds(17));
  EXPECT_EQ(encoders_made_, 2);
  ASSERT_EQ(encoder_->requests.size(), 1U);
  EXPECT_TRUE(encoder_->requests[0].force_key);
}

TEST_F(SessionTest, WhatADeviceTakesIsToldAndGoesByVideoNotByTiles) {
  FakeSender& sender = attach(wire::kFeatureLosslessTiles);
  encoder_->finish();
  turn();
  acknowledge(sender);
  damage();
  turn(milliseconds(33));
  EXPECT_EQ(encoder_->in_flight(), 0);  // the same pixels as before, as tiles can tell
  composer_->formats = std::make_shared<SourceFormats>();
  display_->layers.emplace_back().buffer = std::make_shared<TiledBuffer>();
  damage();
  turn(milliseconds(33));
  EXPECT_EQ(encoder_->in_flight(), 1);
  EXPECT_EQ(display_->source_formats, composer_->formats);
}

TEST_F(SessionTest, AFilmIsCodedInAWindowOfItsOwnUntilMoreMoves) {
  constexpr Rect kFilm{0, 181, 720, 405};
  composer_->grain = true;
  FakeSender& sender = attach(wire::kFeatureLosslessTiles);
  const auto show = [&](Rect moved) {
    encoder_->finish();
    turn();
    acknowledge(sender);
    display_->damage(moved);
    turn(milliseconds(33));
    ASSERT_EQ(encoder_->in_flight(), 1);
  };
  for (int i = 0; i < 80 && encoders_made_ == 1; ++i) show(kFilm);
  ASSERT_EQ(encoders_made_, 2);
  EXPECT_EQ(encoder_->requests[0].picture->size, (Size{720, 416}));
  EXPECT_EQ(encoder_->requests[0].shown, (Rect{0, 5, 720, 405}));
  encoder_->requests[0].force_key = true;  // as a new encoder does of its own accord
  show(kFilm);
  const auto& sent = sender.frames().back();
  std::vector<std::uint8_t> message = sent.header;
  message.insert(message.end(), sent.payload.begin(), sent.payload.end());
  wire::MessageReader reader(message);
  const auto parsed = wire::parse_video(*reader.next());
  ASSERT_TRUE(parsed);
  EXPECT_TRUE(parsed->video.key_frame);
  EXPECT_EQ(parsed->video.width_px, 720);
  EXPECT_EQ(parsed->video.height_px, 1280);
  EXPECT_EQ(parsed->video.shown, (wire::Area{0, 181, 720, 405}));
  EXPECT_EQ(parsed->video.coded, (wire::Area{0, 176, 720, 416}));
  EXPECT_EQ(encoders_made_, 2);

  show({0, 0, 720, 1280});
  EXPECT_EQ(encoders_made_, 3);
  EXPECT_EQ(encoder_->requests[0].picture->size, (Size{720, 1280}));
}

TEST_F(SessionTest, SecondViewerTakesOver) {
  const FakeSender& first = settled();
  // The first sender lives until the loop has told its end; its code is read before that.
  auto sender = std::make_unique<FakeSender>(*loop_);
  FakeSender& second = *sender;
  session_->attach(std::move(sender), {"ada", "s2", "", "192.0.2.2"});
  EXPECT_EQ(first.close_code(), 4409);
  wire::Hello hello;
  hello.width_px = 720;
  hello.height_px = 1280;
  receive(second, hello);
  EXPECT_EQ(session_->status().viewers, 1);
  ASSERT_EQ(encoder_->requests.size(), 1U);
  EXPECT_TRUE(encoder_->requests[0].force_key);
}

TEST_F(SessionTest, ViewerGoneReleasesInputAndKeepsThePhone) {
  FakeSender& sender = settled();
  sender.lose();
  turn();
  EXPECT_EQ(session_->status().viewers, 0);
  EXPECT_EQ(display_->input.back(), "release_input");
  attach();
  EXPECT_EQ(session_->status().viewers, 1);
}

TEST_F(SessionTest, ResizeChangesTheDisplayAndTheEncoder) {
  FakeSender& sender = settled();
  receive(sender, wire::Resize{400, 800, 120});
  turn(milliseconds(100));
  EXPECT_EQ(display_->mode().size, (Size{400, 800}));
  EXPECT_EQ(encoders_made_, 2);
  ASSERT_EQ(encoder_->requests.size(), 1U);
  EXPECT_TRUE(encoder_->requests[0].force_key);
}

TEST_F(SessionTest, PhoneWithItsOwnScaleGetsThePixelsForIt) {
  own_scale_120_ = 240;
  make_session();
  EXPECT_EQ(display_->mode().scale_120, 120);
  attach();  // 720 × 1280 at scale 1
  EXPECT_EQ(display_->mode().size, (Size{1440, 2560}));
  EXPECT_EQ(display_->mode().scale_120, 120);
}

TEST_F(SessionTest, FrameNamesTheInputItAnswers) {
  FakeSender& sender = settled();
  receive(sender, wire::Touch{41, wire::TouchAction::kDown, 0, 0, 0});
  turn(milliseconds(1));
  damage();
  ASSERT_EQ(encoder_->requests.size(), 1U);
  EXPECT_EQ(encoder_->requests[0].stamps.input_sequence, 41U);
}

TEST_F(SessionTest, CallbackWithoutDamageCostsNoPicture) {
  const FakeSender& sender = settled();
  const std::size_t done = display_->frames_done.size();
  display_->want_frame();
  turn(milliseconds(17));
  EXPECT_EQ(display_->frames_done.size(), done + 1);
  EXPECT_EQ(encoder_->submitted, 2);
  EXPECT_EQ(sender.frames().size(), 2U);
}

TEST_F(SessionTest, AFullMachineShowsFewerPicturesAndAppsDrawNoMore) {
  FakeSender& sender = settled();
  const auto in_a_second = [&] {
    const int pictures = encoder_->submitted;
    const std::size_t callbacks = display_->frames_done.size();
    for (int ms = 0; ms < 1'000; ms += 4) {
      turn(milliseconds(4));
      damage();
      if (encoder_->in_flight() == 0) continue;
      encoder_->finish(true);
      turn();
      acknowledge(sender);
    }
    return std::pair(encoder_->submitted - pictures, display_->frames_done.size() - callbacks);
  };
  EXPECT_GE(in_a_second().first, 55);
  session_->set_least_interval(milliseconds(33));
  const auto [pictures, callbacks] = in_a_second();
  EXPECT_NEAR(pictures, 30, 3);
  EXPECT_LE(callbacks, 33U);
  EXPECT_EQ(encoder_->rates.back().framerate, 30U);
  session_->set_least_interval({});
  EXPECT_GE(in_a_second().first, 55);
}

TEST_F(SessionTest, QualityFirstTakesFewerPicturesWhileTheyAreCoarse) {
  FakeSender& sender = settled();
  const auto pictures_in_a_second = [&](int qp) {
    const int before = encoder_->submitted;
    for (int ms = 0; ms < 1'000; ms += 4) {
      turn(milliseconds(4));
      damage();
      if (encoder_->in_flight() == 0) continue;
      encoder_->finish(false, qp);
      turn();
      acknowledge(sender);
    }
    return encoder_->submitted - before;
  };
  EXPECT_GE(pictures_in_a_second(45), 40) << "automatic gives up half at most";
  receive(sender, wire::Quality{wire::QualityMode::kQualityFirst, 0, 0});
  (void)pictures_in_a_second(45);
  EXPECT_LE(pictures_in_a_second(45), 20);
  EXPECT_EQ(encoder_->rates.back().framerate, 15U);
  receive(sender, wire::Quality{wire::QualityMode::kSpeedFirst, 0, 0});
  EXPECT_GE(pictures_in_a_second(45), 55);
}

}  // namespace
}  // namespace rp
