// Goal: every Sender keeps the promises of engine/transport/sender.h.
// Method: each implementation with a viewer played by the test; waits on conditions, never on time.
#include <algorithm>

#include <gtest/gtest.h>

#include "engine/base/limits.h"
#include "tests/contract/sender/rig.h"

namespace rp {
namespace {

using Bytes = SenderRig::Bytes;

class SenderContract : public testing::TestWithParam<SenderKind> {
 protected:
  std::unique_ptr<SenderRig> rig_ = GetParam().make();
  Sender& sender() { return rig_->sender(); }
  RecordingListener& listener() { return rig_->listener(); }
  Status send_frame(std::uint32_t sequence, std::size_t payload_bytes = 100) {
    return sender().send_frame(Bytes{0x82, 0}, Bytes(payload_bytes, std::uint8_t(sequence)),
                               sequence);
  }
};

TEST_P(SenderContract, MessagesArriveWholeAndInOrder) {
  const std::vector<Bytes> sent = {{}, {1}, Bytes(125, 2), Bytes(126, 3), Bytes(20'000, 4), {5}};
  for (const Bytes& message : sent) ASSERT_TRUE(sender().send(message).has_value());
  ASSERT_TRUE(rig_->until([&] { return rig_->received().size() == sent.size(); }));
  EXPECT_EQ(rig_->received(), sent);
  EXPECT_EQ(sender().counters().messages.value(), sent.size());
}

TEST_P(SenderContract, AFrameIsOneMessageAndItsMemoryComesBack) {
  const Bytes payload(70'000, 7);
  Bytes moved = payload;
  const auto* memory = moved.data();
  ASSERT_TRUE(sender().ready_for_frame());
  ASSERT_TRUE(sender().send_frame(Bytes{1, 2, 3}, std::move(moved), 1).has_value());
  EXPECT_TRUE(listener().payloads.empty()) << "no call from inside a call";
  ASSERT_TRUE(
      rig_->until([&] { return listener().payloads.size() == 1 && rig_->received().size() == 1; }));
  EXPECT_EQ(listener().payloads[0].data(), memory);
  Bytes expected(3 + payload.size(), 7);
  std::ranges::copy(Bytes{1, 2, 3}, expected.begin());
  EXPECT_EQ(rig_->received()[0], expected);
  EXPECT_EQ(sender().counters().frames.value(), 1U);
}

TEST_P(SenderContract, ReceivesWholeMessages) {
  const std::vector<Bytes> sent = {{}, {9}, Bytes(60'000, 8)};
  for (const Bytes& message : sent) rig_->viewer_sends(message);
  ASSERT_TRUE(rig_->until([&] { return listener().messages.size() == sent.size(); }));
  EXPECT_EQ(listener().messages, sent);
}

TEST_P(SenderContract, UnacknowledgedFramesAreBounded) {
  std::uint32_t sequence = 0;
  while (sender().ready_for_frame()) {
    ASSERT_LT(sequence, limits::kMaxUnacknowledgedFrames);
    ASSERT_TRUE(send_frame(++sequence).has_value());
    const std::size_t sent = sequence;
    ASSERT_TRUE(rig_->until([&] { return listener().payloads.size() == sent; }));
  }
  ASSERT_GE(sequence, 1U);
  EXPECT_EQ(sender().counters().blocked.value(), 1U);
  Bytes payload(10, 1);
  const Status refused = sender().send_frame({}, std::move(payload), sequence + 1);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::kWouldBlock);
  EXPECT_EQ(payload.size(), 10U) << "the payload stays with the caller";
}

TEST_P(SenderContract, AcknowledgingTurnsReadinessBack) {
  std::uint32_t sequence = 0;
  while (sender().ready_for_frame()) {
    ASSERT_TRUE(send_frame(++sequence).has_value());
    const std::size_t sent = sequence;
    ASSERT_TRUE(rig_->until([&] { return listener().payloads.size() == sent; }));
  }
  ASSERT_EQ(listener().ready_calls, 0);
  sender().acknowledge(sequence, rig_->now());
  EXPECT_EQ(listener().ready_calls, 0) << "no call from inside a call";
  ASSERT_TRUE(rig_->until([&] { return listener().ready_calls == 1; }));
  EXPECT_TRUE(sender().ready_for_frame());
  for (int i = 0; i < 5; ++i) rig_->turn();
  EXPECT_EQ(listener().ready_calls, 1) << "told once a turn of readiness";
}

TEST_P(SenderContract, AcknowledgingWhatWasNotSentChangesNothing) {
  sender().acknowledge(77, rig_->now());
  ASSERT_TRUE(send_frame(1).has_value());
  sender().acknowledge(5, rig_->now());
  sender().acknowledge(0, rig_->now());
  sender().acknowledge(1, rig_->now());
  sender().acknowledge(1, rig_->now());
  EXPECT_TRUE(sender().ready_for_frame());
}

TEST_P(SenderContract, AReaderThatStopsIsFeltAndCostsBoundedMemory) {
  rig_->viewer_reads(false);
  std::size_t accepted_bytes = 0;
  Status status;
  while (status) {
    ASSERT_LT(accepted_bytes, 64U << 20) << "an unread connection takes bytes without end";
    status = sender().send(Bytes(10'000, 1));
    if (status) accepted_bytes += 10'000;
    rig_->turn();
  }
  EXPECT_EQ(status.error().code, ErrorCode::kExhausted);
  EXPECT_FALSE(sender().ready_for_frame() && send_frame(1).has_value() &&
               sender().ready_for_frame() && send_frame(2).has_value() &&
               sender().ready_for_frame() && send_frame(3).has_value());
  rig_->viewer_reads(true);
  ASSERT_TRUE(rig_->until([&] { return rig_->received().size() >= accepted_bytes / 10'000; }));
  EXPECT_TRUE(sender().send(Bytes{1}).has_value());
}

TEST_P(SenderContract, ClosesInOrderWithItsCode) {
  ASSERT_TRUE(sender().send(Bytes{1}).has_value());
  sender().close(4409, "another device took over");
  EXPECT_FALSE(listener().closed.has_value()) << "no call from inside a call";
  ASSERT_TRUE(rig_->until([&] { return listener().closed.has_value(); }));
  EXPECT_EQ(listener().closed->code, ErrorCode::kClosed);
  EXPECT_EQ(rig_->close_code_seen(), 4409);
  EXPECT_EQ(rig_->received(), std::vector<Bytes>{{1}}) << "what was queued goes first";
  EXPECT_FALSE(sender().ready_for_frame());
  EXPECT_EQ(sender().send(Bytes{1}).error().code, ErrorCode::kClosed);
  sender().close(1000, "again");
  for (int i = 0; i < 5; ++i) rig_->turn();
  EXPECT_EQ(listener().calls_after_close, 0);
  rig_->destroy_sender();
}

TEST_P(SenderContract, AViewerThatVanishesMidFrameEndsTheStream) {
  ASSERT_TRUE(send_frame(1, 4 << 20).has_value());
  rig_->viewer_reads(false);
  rig_->viewer_vanishes();
  ASSERT_TRUE(rig_->until([&] { return listener().closed.has_value(); }));
  EXPECT_NE(listener().closed->code, ErrorCode::kWouldBlock);
  EXPECT_NE(listener().closed->code, ErrorCode::kTimeout);
  ASSERT_EQ(listener().payloads.size(), 1U) << "memory comes back with the connection's end";
  EXPECT_EQ(listener().calls_after_close, 0);
  rig_->destroy_sender();
}

INSTANTIATE_TEST_SUITE_P(All, SenderContract, testing::ValuesIn(sender_kinds()),
                         [](const auto& info) { return std::string(info.param.name); });

}  // namespace
}  // namespace rp
