// Goal: a peer that breaks RFC 6455 is told the right close code and costs nothing more.
// Method: raw bytes against a server-side WebSocketSender; the answer's bytes are read back.
#include <array>
#include <functional>

#include <gtest/gtest.h>

#include "engine/transport/websocket_sender.h"
#include "tests/support/recording_listener.h"
#include "tests/support/stream_pair.h"

namespace rp {
namespace {

using Bytes = std::vector<std::uint8_t>;

class RawPeer : public testing::Test, public ByteStreamListener {
 protected:
  void SetUp() override {
    loop_ = std::move(*EventLoop::create(clock_));
    StreamPair streams = make_plain_streams();
    peer_ = std::move(streams.client);
    ASSERT_TRUE(peer_->attach(*loop_, *this).has_value());
    peer_->set_interest(true, false);
    start(std::move(streams.server), {});
  }
  void start(std::unique_ptr<ByteStream> stream, Bytes already_read) {
    auto sender = WebSocketSender::create(*loop_, std::move(stream), WebSocketRole::kServer,
                                          std::move(already_read));
    ASSERT_TRUE(sender.has_value());
    sender_ = std::move(*sender);
    sender_->set_listener(listener_);
  }
  void on_ready(bool, bool) override {
    std::array<std::uint8_t, 4096> buffer;
    const auto got = peer_->read(buffer);
    if (got) answer_.insert(answer_.end(), buffer.begin(), buffer.begin() + long(*got));
    if (!got && got.error().code != ErrorCode::kWouldBlock) {
      ended_ = true;
      peer_->detach();
    }
  }
  void write(const Bytes& bytes) {
    const auto put = peer_->write(bytes);
    ASSERT_TRUE(put.has_value() && *put == bytes.size());
  }
  bool until(const std::function<bool()>& condition) {
    const TimePoint deadline = clock_.now() + std::chrono::seconds(10);
    while (!condition()) {
      if (clock_.now() > deadline) return false;
      loop_->run_once(Duration(1'000));
    }
    return true;
  }
  // The code of the close frame that `bytes` are answered with.
  int close_code_for(const Bytes& bytes) {
    write(bytes);
    if (!until([&] { return answer_.size() >= 4; })) return 0;
    EXPECT_EQ(answer_[0], 0x88);
    return answer_[2] << 8 | answer_[3];
  }
  // A masked frame with a zero mask.
  static Bytes frame(std::uint8_t first, std::size_t length, const Bytes& payload) {
    Bytes bytes = {first};
    if (length < 126) {
      bytes.push_back(static_cast<std::uint8_t>(0x80 | length));
    } else {
      bytes.push_back(0x80 | 127);
      for (int shift = 56; shift >= 0; shift -= 8) {
        bytes.push_back(static_cast<std::uint8_t>(length >> shift));
      }
    }
    bytes.insert(bytes.end(), 4, 0);
    bytes.insert(bytes.end(), payload.begin(), payload.end());
    return bytes;
  }

  SystemClock clock_;
  std::unique_ptr<EventLoop> loop_;
  std::unique_ptr<ByteStream> peer_;
  RecordingListener listener_;
  std::unique_ptr<WebSocketSender> sender_;
  Bytes answer_;
  bool ended_ = false;
};

TEST_F(RawPeer, UnmaskedFramesAre1002) { EXPECT_EQ(close_code_for({0x82, 1, 7}), 1002); }
TEST_F(RawPeer, ReservedBitsAre1002) { EXPECT_EQ(close_code_for(frame(0xC2, 1, {7})), 1002); }
TEST_F(RawPeer, UnknownOpcodesAre1002) { EXPECT_EQ(close_code_for(frame(0x83, 1, {7})), 1002); }
TEST_F(RawPeer, TextIs1003) { EXPECT_EQ(close_code_for(frame(0x81, 1, {'a'})), 1003); }
TEST_F(RawPeer, FragmentedPingsAre1002) { EXPECT_EQ(close_code_for(frame(0x09, 0, {})), 1002); }
TEST_F(RawPeer, ContinuationOfNothingIs1002) {
  EXPECT_EQ(close_code_for(frame(0x80, 1, {7})), 1002);
}

TEST_F(RawPeer, AHugeLengthIs1009AtItsFirstByte) {
  EXPECT_EQ(close_code_for(frame(0x82, std::size_t{1} << 40, {7})), 1009);
}

TEST_F(RawPeer, FragmentsTogetherTooLargeAre1009) {
  const std::size_t part = limits::kMaxClientMessageBytes / 2 + 1;
  Bytes bytes = frame(0x02, part, {});
  write(bytes);
  for (std::size_t left = part; left > 0;) {
    const Bytes chunk(std::min<std::size_t>(left, 16'384), 1);
    const auto put = peer_->write(chunk);
    if (put) left -= *put;
    loop_->run_once(Duration(0));
  }
  EXPECT_EQ(close_code_for(frame(0x80, part, {7})), 1009);
  EXPECT_TRUE(listener_.messages.empty());
}

TEST_F(RawPeer, FragmentsBecomeOneMessage) {
  write(frame(0x02, 1, {1}));
  write(frame(0x89, 2, {5, 6}));  // a ping may come in between
  write(frame(0x80, 1, {2}));
  ASSERT_TRUE(until([&] { return !listener_.messages.empty() && answer_.size() >= 4; }));
  EXPECT_EQ(listener_.messages[0], (Bytes{1, 2}));
  EXPECT_EQ(answer_, (Bytes{0x8A, 2, 5, 6}));
}

TEST_F(RawPeer, AnswersAPeersCloseAndEndsTheStream) {
  write(frame(0x88, 2, {1000 >> 8, 1000 & 0xFF}));
  ASSERT_TRUE(until([&] { return ended_ && listener_.closed.has_value(); }));
  EXPECT_EQ(answer_, (Bytes{0x88, 2, 1000 >> 8, 1000 & 0xFF}));
  EXPECT_EQ(listener_.closed->code, ErrorCode::kClosed);
  EXPECT_EQ(sender_->close_code(), 1000);
}

TEST_F(RawPeer, EndWithoutACloseFrameIsNotInOrder) {
  ASSERT_TRUE(peer_->finish_writing().has_value());
  ASSERT_TRUE(until([&] { return listener_.closed.has_value(); }));
  EXPECT_EQ(listener_.closed->code, ErrorCode::kUnavailable);
}

TEST_F(RawPeer, APeerThatNeverAnswersACloseIsLeft) {
  const TimePoint before = clock_.now();
  sender_->close(1001, "");
  ASSERT_TRUE(until([&] { return listener_.closed.has_value(); }));
  EXPECT_EQ(listener_.closed->code, ErrorCode::kTimeout);
  EXPECT_GE(clock_.now() - before, WebSocketSender::kCloseTimeout);
}

TEST_F(RawPeer, BytesReadBehindTheUpgradeCount) {
  StreamPair streams = make_plain_streams();
  start(std::move(streams.server), frame(0x82, 1, {42}));
  ASSERT_TRUE(until([&] { return !listener_.messages.empty(); }));
  EXPECT_EQ(listener_.messages[0], Bytes{42});
}

}  // namespace
}  // namespace rp
