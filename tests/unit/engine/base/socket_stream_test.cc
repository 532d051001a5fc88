// Goal: plain sockets carry bytes with readiness that is level triggered, and addresses are read
// exactly. Method: a socket pair and loopback TCP on one loop; waits on conditions with a deadline.
#include "engine/base/socket_stream.h"

#include <array>
#include <functional>
#include <vector>

#include <gtest/gtest.h>

namespace rp {
namespace {

struct Noting final : ByteStreamListener {
  int readable = 0;
  int writable = 0;
  void on_ready(bool r, bool w) override {
    readable += r ? 1 : 0;
    writable += w ? 1 : 0;
  }
};

class SocketStreamTest : public testing::Test {
 protected:
  void SetUp() override {
    auto sockets = socket_pair();
    ASSERT_TRUE(sockets.has_value());
    a_ = std::move(*SocketStream::create(std::move(sockets->first)));
    b_ = std::move(*SocketStream::create(std::move(sockets->second)));
    ASSERT_TRUE(a_->attach(*loop_, noting_).has_value());
  }
  SystemClock clock_;
  std::unique_ptr<EventLoop> loop_ = std::move(*EventLoop::create(clock_));
  Noting noting_;
  std::unique_ptr<SocketStream> a_;
  std::unique_ptr<SocketStream> b_;
};

TEST_F(SocketStreamTest, TellsOnlyWhatWasAskedFor) {
  const std::vector<std::uint8_t> bytes = {1, 2, 3};
  ASSERT_EQ(b_->write(std::span<const std::uint8_t>(bytes)).value_or(0), 3U);
  loop_->run_once(Duration(0));
  EXPECT_EQ(noting_.readable + noting_.writable, 0);
  a_->set_interest(true, false);
  loop_->run_once(Duration(0));
  loop_->run_once(Duration(0));
  EXPECT_EQ(noting_.readable, 2) << "level triggered";
  EXPECT_EQ(noting_.writable, 0);
  std::array<std::uint8_t, 16> buffer;
  EXPECT_EQ(a_->read(buffer).value_or(0), 3U);
  EXPECT_EQ(a_->read(buffer).error().code, ErrorCode::kWouldBlock);
}

TEST_F(SocketStreamTest, JoinsPartsAndEndsInOrder) {
  std::uint8_t one[] = {1};
  std::uint8_t two[] = {2, 3};
  const std::array<iovec, 2> parts = {iovec{one, 1}, iovec{two, 2}};
  ASSERT_EQ(b_->write(parts).value_or(0), 3U);
  ASSERT_TRUE(b_->finish_writing().has_value());
  std::array<std::uint8_t, 16> buffer;
  EXPECT_EQ(a_->read(buffer).value_or(0), 3U);
  EXPECT_EQ(buffer[2], 3);
  EXPECT_EQ(a_->read(buffer).error().code, ErrorCode::kClosed);
  EXPECT_EQ(a_->peer(), "unix");
}

TEST_F(SocketStreamTest, WritingToNobodyIsAnErrorNotASignal) {
  b_.reset();
  const std::vector<std::uint8_t> bytes = {1};
  const auto put = a_->write(std::span<const std::uint8_t>(bytes));
  ASSERT_FALSE(put.has_value());
  EXPECT_EQ(put.error().code, ErrorCode::kUnavailable);
}

TEST(SocketAddress, ReadsHostAndPort) {
  EXPECT_EQ(parse_socket_address("127.0.0.1:443")->port, 443);
  EXPECT_EQ(parse_socket_address("[::1]:0")->host, "::1");
  for (const char* bad : {"", "443", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "::1:443",
                          "localhost:1", "127.0.0.1:4x"}) {
    const auto parsed = parse_socket_address(bad);
    ASSERT_FALSE(parsed.has_value()) << bad;
    EXPECT_EQ(parsed.error().code, ErrorCode::kInvalid);
  }
}

TEST(Sockets, RefusalsAreNamed) {
  EXPECT_EQ(listen_unix(std::string(200, 'x'), 0600).error().code, ErrorCode::kInvalid);
  const auto listener = listen_tcp({"127.0.0.1", 0});
  ASSERT_TRUE(listener.has_value());
  EXPECT_EQ(accept_socket(listener->get()).error().code, ErrorCode::kWouldBlock);
  const auto port = local_port(listener->get());
  ASSERT_TRUE(port.has_value());
  const auto again = listen_tcp({"127.0.0.1", *port});
  ASSERT_FALSE(again.has_value());
  EXPECT_EQ(again.error().code, ErrorCode::kExists);
}

}  // namespace
}  // namespace rp
