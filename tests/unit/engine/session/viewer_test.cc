// Goal: the protocol's rules toward one viewer: hello first, bounded patience, merged resizes,
// limited key requests, and clear close codes. Method: a FakeSender plays the browser; time is
// moved by hand.
#include "engine/session/viewer.h"

#include <gtest/gtest.h>

#include "engine/session/input_router.h"
#include "engine/transport/fake_sender.h"

namespace rp {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

struct Owner final : ViewerOwner {
  void on_viewer_ready(Viewer&) override { ++ready; }
  void on_viewer_mode(Viewer&) override { ++modes; }
  void on_viewer_can_take_frame(Viewer&) override { ++can_take; }
  void on_viewer_wants_key(Viewer&) override { ++keys; }
  void on_viewer_ack(Viewer&, const ViewerAck& ack) override { acks.push_back(ack); }
  void on_viewer_rate(Viewer&) override { ++rates; }
  void on_viewer_payload_free(std::vector<std::uint8_t>) override { ++payloads; }
  void on_viewer_gone(Viewer&) override { ++gone; }
  InputRouter* viewer_input(Viewer&) override { return nullptr; }

  int ready = 0, modes = 0, can_take = 0, keys = 0, rates = 0, payloads = 0, gone = 0;
  std::vector<ViewerAck> acks;
};

class ViewerTest : public testing::Test {
 protected:
  ViewerTest() {
    auto sender = std::make_unique<FakeSender>(*loop_);
    sender_ = sender.get();
    viewer_ = std::make_unique<Viewer>(*loop_, std::move(sender),
                                       ViewerIdentity{"ada", "s1", "", "192.0.2.1"}, "Ada's phone",
                                       owner_);
  }

  void turn(Duration advance = Duration(0)) {
    clock_.advance(advance);
    for (int i = 0; i < 4; ++i) loop_->run_once(Duration(0));
  }
  template <typename Message>
  void receive(const Message& message) {
    std::vector<std::uint8_t> bytes;
    wire::append(bytes, message);
    sender_->receive(std::move(bytes));
    turn();
  }
  void hello() {
    wire::Hello hello;
    hello.width_px = 720;
    hello.height_px = 1280;
    hello.features = wire::kFeatureClipboard;
    receive(hello);
  }

  FakeClock clock_;
  std::unique_ptr<EventLoop> loop_ = *EventLoop::create(clock_);
  Owner owner_;
  FakeSender* sender_ = nullptr;
  std::unique_ptr<Viewer> viewer_;
};

TEST_F(ViewerTest, HelloIsAnsweredWithWelcome) {
  hello();
  EXPECT_EQ(owner_.ready, 1);
  EXPECT_TRUE(viewer_->watching());
  ASSERT_EQ(sender_->messages().size(), 1U);
  wire::MessageReader reader(sender_->messages()[0]);
  const auto welcome = wire::parse_welcome(*reader.next());
  ASSERT_TRUE(welcome);
  EXPECT_EQ(welcome->phone, "Ada's phone");
  EXPECT_EQ(welcome->session, "s1");
}

TEST_F(ViewerTest, InputBeforeHelloIsAProtocolError) {
  receive(wire::Key{1, 30, true});
  EXPECT_EQ(sender_->close_code(), 4400);
  EXPECT_NE(sender_->close_reason().find("HELLO"), std::string::npos);
  EXPECT_TRUE(viewer_->ended_by_error());
}

TEST_F(ViewerTest, HelloTwiceIsAProtocolError) {
  hello();
  hello();
  EXPECT_EQ(sender_->close_code(), 4400);
}

TEST_F(ViewerTest, UnknownVersionIsToldSo) {
  wire::Hello hello;
  hello.version_min = 2;
  hello.version_max = 9;
  hello.width_px = 720;
  hello.height_px = 1280;
  receive(hello);
  EXPECT_EQ(sender_->close_code(), 4426);
  EXPECT_EQ(owner_.ready, 0);
}

TEST_F(ViewerTest, GarbageIsAProtocolErrorWithAReason) {
  hello();
  sender_->receive({0x02, 0, 0, 0, 0xFF, 0xFF, 0, 0});
  turn();
  EXPECT_EQ(sender_->close_code(), 4400);
  EXPECT_FALSE(sender_->close_reason().empty());
}

TEST_F(ViewerTest, NoHelloInFiveSecondsEndsIt) {
  turn(milliseconds(4'999));
  EXPECT_FALSE(sender_->close_code());
  turn(milliseconds(1));
  EXPECT_EQ(sender_->close_code(), 4408);
}

TEST_F(ViewerTest, SilenceEndsItAndPingsKeepIt) {
  hello();
  for (int i = 0; i < 3; ++i) {
    turn(seconds(14));
    receive(wire::Ping{7});
  }
  EXPECT_FALSE(sender_->close_code());
  turn(seconds(15));
  EXPECT_EQ(sender_->close_code(), 4408);
}

TEST_F(ViewerTest, ResizesWithinATenthOfASecondAreOne) {
  hello();
  for (std::uint16_t i = 0; i < 50; ++i)
    receive(wire::Resize{static_cast<std::uint16_t>(400 + i), 900, 240});
  EXPECT_EQ(owner_.modes, 0);
  turn(milliseconds(100));
  EXPECT_EQ(owner_.modes, 1);
  const OutputMode mode = viewer_->wanted_mode({});
  EXPECT_EQ(mode.size, (Size{449, 900}));
  EXPECT_EQ(mode.scale_120, 240);
}

TEST_F(ViewerTest, OddQuarterTurnsSwapTheSides) {
  hello();
  receive(wire::Rotate{1});
  EXPECT_EQ(viewer_->wanted_mode({}).size, (Size{1280, 720}));
  receive(wire::Rotate{2});
  EXPECT_EQ(viewer_->wanted_mode({}).size, (Size{720, 1280}));
}

TEST_F(ViewerTest, KeyRequestsAreLimited) {
  hello();
  for (int i = 0; i < 20; ++i) receive(wire::KeyRequest{});
  EXPECT_EQ(owner_.keys, 1);
  turn(milliseconds(500));
  receive(wire::KeyRequest{});
  EXPECT_EQ(owner_.keys, 2);
}

TEST_F(ViewerTest, HiddenPageGetsNoFramesAndAKeyFrameOnReturn) {
  hello();
  receive(wire::Visibility{false});
  EXPECT_FALSE(viewer_->watching());
  EXPECT_FALSE(viewer_->can_take_frame());
  receive(wire::Visibility{true});
  EXPECT_TRUE(viewer_->watching());
  EXPECT_EQ(owner_.keys, 1);
}

TEST_F(ViewerTest, FrameCarriesItsStagesAndComesBackInTheAck) {
  hello();
  AccessUnit unit;
  unit.bytes = {0, 0, 0, 1, 0x65};
  unit.key = true;
  unit.size = {720, 1280};
  unit.stamps.sequence = 1;
  unit.stamps.committed = clock_.now();
  unit.stamps.captured = clock_.now() + Duration(100);
  unit.stamps.composed = clock_.now() + Duration(300);
  unit.stamps.encoded = clock_.now() + Duration(3'300);
  ASSERT_TRUE(viewer_->send_frame(unit, clock_.now() + Duration(3'350), {}));
  ASSERT_EQ(sender_->frames().size(), 1U);
  std::vector<std::uint8_t> whole = sender_->frames()[0].header;
  whole.insert(whole.end(), sender_->frames()[0].payload.begin(),
               sender_->frames()[0].payload.end());
  wire::MessageReader reader(whole);
  const auto parsed = wire::parse_video(*reader.next());
  ASSERT_TRUE(parsed);
  EXPECT_TRUE(parsed->video.key_frame);
  EXPECT_EQ(parsed->video.capture_us, 100U);
  EXPECT_EQ(parsed->video.compose_us, 200U);
  EXPECT_EQ(parsed->video.encode_us, 3'000U);
  EXPECT_EQ(parsed->video.send_us, 50U);
  EXPECT_EQ(parsed->data.size(), 5U);

  turn(milliseconds(20));
  wire::Ack ack;
  ack.sequence = 1;
  ack.input_to_photon_us = 30'000;
  receive(ack);
  ASSERT_EQ(owner_.acks.size(), 1U);
  EXPECT_EQ(owner_.acks[0].input_to_photon.count(), 30'000);
  EXPECT_NEAR(static_cast<double>(owner_.acks[0].delivery.count()), 16'650.0, 1.0);
}

TEST_F(ViewerTest, AckOfAFrameNeverSentIsIgnored) {
  hello();
  wire::Ack ack;
  ack.sequence = 99;
  receive(ack);
  EXPECT_TRUE(owner_.acks.empty());
  EXPECT_FALSE(sender_->close_code());
}

TEST_F(ViewerTest, BlockedSenderLeavesTheFrameWithTheCaller) {
  hello();
  sender_->block(true);
  turn();
  AccessUnit unit;
  unit.bytes = {1, 2, 3};
  unit.stamps.sequence = 1;
  EXPECT_FALSE(viewer_->send_frame(unit, clock_.now(), {}));
  EXPECT_EQ(unit.bytes.size(), 3U);
  sender_->block(false);
  turn();
  EXPECT_EQ(owner_.can_take, 1);
}

TEST_F(ViewerTest, LostConnectionIsTheLastCall) {
  hello();
  sender_->lose();
  turn();
  EXPECT_EQ(owner_.gone, 1);
  EXPECT_FALSE(viewer_->watching());
}

}  // namespace
}  // namespace rp
