// Goal: what the session promises of frames: none without damage or viewer, none queued behind a
// busy stage, none dropped after encoding, a key frame for every newcomer, and a phone that
// outlives its viewers. Method: FakeDisplay, an encoder finished by hand, FakeSender; time is moved
// by hand.
#include "engine/session/session.h"

#include <algorithm>
#include <random>

#include <gtest/gtest.h>

#include "engine/capture/fake_display.h"
#include "engine/transport/fake_sender.h"

namespace rp {
namespace {

using std::chrono::milliseconds;

struct NoComposer final : Composer {
  SharedSourceFormats formats = linear_source_formats();
  [[nodiscard]] const SharedSourceFormats& source_formats() const override { return formats; }
  bool grain = false;  // what is seen is other noise in each picture, which no tile packs
  Status compose(const Scene&, Picture& picture) override {
    picture.stale.clear();
    return {};
  }
  Status render(const Scene&, Rect, std::span<std::uint32_t> out) override {
    std::ranges::fill(out, 0xFF000000U);
    if (grain) std::ranges::generate(out, [this] { return std::uint32_t(noise()); });
    return {};
  }
  Status scan(const Scene&, Rect area, const Row& row) override {
    std::vector<std::uint32_t> pixels(static_cast<std::size_t>(area.width), 0xFF000000U);
    for (std::int32_t y = 0; y < area.height; ++y) {
      if (grain) std::ranges::generate(pixels, [this] { return std::uint32_t(noise()); });
      row(area.y + y, pixels.data());
    }
    return {};
  }
  std::mt19937 noise;
};

// Keeps what it is given until the test finishes it.
class ManualEncoder final : public Encoder {
 public:
  ManualEncoder(Size size, Completion completion)
      : size_(size), completion_(std::move(completion)) {}
  Status submit(EncodeRequest& request) override {
    if (request.picture->size != size_) return fail(ErrorCode::kInvalid, "size");
    if (gone) return fail(ErrorCode::kUnavailable, "the device is gone");
    requests.push_back(std::move(request));
    ++submitted;
    return {};
  }
  void set_rate(EncoderRate rate) override { rates.push_back(rate); }
  void recycle(AccessUnit) override { ++recycled; }
  int in_flight() const override { return static_cast<int>(requests.size()); }
  bool ask_turn(std::uint32_t input_sequence) override {
    asked_with = input_sequence;
    return has_turn;
  }
  void set_on_turn(std::function<void()> on_turn) override { on_turn_ = std::move(on_turn); }
  void give_turn() {
    has_turn = true;
    on_turn_();
  }
  std::string_view name() const override { return "manual"; }

  void finish(bool settled = true, int qp = 0) {
    ASSERT_FALSE(requests.empty());
    AccessUnit unit;
    unit.qp = qp;
    unit.settled = settled;
    unit.bytes = {1, 2, 3, 4};
    unit.key = requests.front().force_key;
    unit.size = size_;
    unit.shown = requests.front().shown;
    unit.stamps = requests.front().stamps;
    requests.erase(requests.begin());
    completion_(std::move(unit));
  }
  void fail_one() {
    requests.erase(requests.begin());
    completion_(fail(ErrorCode::kInternal, "encoder broke"));
  }

  std::vector<EncodeRequest> requests;
  std::vector<EncoderRate> rates;
  int submitted = 0;
  int recycled = 0;
  bool gone = false;
  bool has_turn = true;
  std::uint32_t asked_with = 0;

 private:
  std::function<void()> on_turn_;
  Size size_;
  Completion completion_;
};

class SessionTest : public testing::Test {
 protected:
  SessionTest() { make_session(); }

  void make_session() {
    session_.reset();
    SessionParts parts{
        *loop_,
        registry_,
        [this](EventLoop& loop, const DisplayOptions& options,
               DisplayListener& listener) -> Result<std::unique_ptr<Display>> {
          auto display = std::make_unique<FakeDisplay>(loop, std::move(options), listener);
          display_ = display.get();
          return display;
        },
        composer_,
        tile_scratch_,
        [this](const EncoderSettings& settings,
               Encoder::Completion completion) -> Result<std::unique_ptr<Encoder>> {
          ++encoders_made_;
          auto encoder = std::make_unique<ManualEncoder>(settings.size, std::move(completion));
          encoder_ = encoder.get();
          return encoder;
        }};
    SessionOptions options;
    options.id = "p1";
    options.name = "Phone 1";
    options.own_scale_120 = own_scale_120_;
    session_ = *Session::create(std::move(parts), std::move(options));
  }

  void turn(Duration advance = Duration(0)) {
    clock_.advance(advance);
    for (int i = 0; i < 4; ++i) loop_->run_once(Duration(0));
  }
  FakeSender& attach(std::uint32_t features = 0) {
    auto sender = std::make_unique<FakeSender>(*loop_);
    FakeSender& fake = *sender;
    session_->attach(std::move(sender), {"ada", "s1", "", "192.0.2.1"});
    wire::Hello hello;
    hello.width_px = 720;
    hello.height_px = 1280;
    hello.features = features;
    receive(fake, hello);
    return fake;
  }
  template <typename Message>
  void receive(FakeSender& sender, const Message& message) {
    std::vector<std::uint8_t> bytes;
    wire::append(bytes, message);
    sender.receive(std::move(bytes));
    turn();
  }
  void acknowledge(FakeSender& sender) {
    wire::Ack ack;
    ack.sequence = sender.frames().back().sequence;
    receive(sender, ack);
  }
  // A viewer with its first picture shown, everything at rest.
  FakeSender& settled() {
    FakeSender& sender = attach();
    encoder_->finish(false);
    turn();
    acknowledge(sender);
    turn(milliseconds(100));
    encoder_->finish();  // the refinement
    turn();
    acknowledge(sender);
    turn(milliseconds(100));
    return sender;
  }
  void damage() {
    display_->damage({0, 0, 100, 100});
    turn();
  }

  FakeClock clock_;
  std::unique_ptr<EventLoop> loop_ = *EventLoop::create(clock_);
  Registry registry_;
  TileScratch tile_scratch_;
  std::shared_ptr<NoComposer> composer_ = std::make_shared<NoComposer>();
  FakeDisplay* display_ = nullptr;
  ManualEncoder* encoder_ = nullptr;
  int encoders_made_ = 0;
  std::int32_t own_scale_120_ = 0;
  std::unique_ptr<Session> session_;
};

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

struct TiledBuffer final : FrameBuffer {
  TiledBuffer() { modifier_ = 0x0100'0000'0000'0001; }
  const std::uint8_t* begin_cpu_read() override { return nullptr; }
  bool end_cpu_read() override { return true; }
};

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
