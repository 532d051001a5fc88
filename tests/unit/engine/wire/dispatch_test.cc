// Goal: messages laid end to end arrive in order, unknown ones are skipped, the first error stops.
// Method: hand-laid sequences into a receiver that notes what came.
#include "engine/wire/dispatch.h"

#include <gtest/gtest.h>

#include "engine/wire/bytes.h"
#include "tests/support/wire_echo.h"

namespace rp::wire {
namespace {

using Bytes = std::vector<std::uint8_t>;

Status to_server(const Bytes& bytes, WireEcho& echo) {
  return dispatch(bytes, static_cast<ClientMessages&>(echo));
}

TEST(Dispatch, WalksMessagesInOrder) {
  Bytes bytes;
  append(bytes, Touch{1, TouchAction::kDown, 0, 10, 20});
  append(bytes, Touch{2, TouchAction::kDown, 1, 30, 40});
  append(bytes, KeyRequest{});
  WireEcho echo;
  ASSERT_TRUE(to_server(bytes, echo).has_value());
  EXPECT_EQ(echo.out, bytes);
}

TEST(Dispatch, SkipsUnknownTypesAndTheOtherDirection) {
  Bytes bytes;
  ByteWriter(bytes, MessageType{0x2F}).reserved(100);
  append(bytes, Pong{1, 2});
  Bytes ping;
  append(ping, Ping{7});
  bytes.insert(bytes.end(), ping.begin(), ping.end());
  WireEcho echo;
  ASSERT_TRUE(to_server(bytes, echo).has_value());
  EXPECT_EQ(echo.out, ping);
}

TEST(Dispatch, IgnoresFieldsAddedAtTheEnd) {
  Bytes bytes;
  ByteWriter(bytes, MessageType::kPing).integer(std::uint64_t{7}).reserved(5);
  Bytes plain;
  append(plain, Ping{7});
  WireEcho echo;
  ASSERT_TRUE(to_server(bytes, echo).has_value());
  EXPECT_EQ(echo.out, plain);
}

TEST(Dispatch, StopsAtTheFirstError) {
  Bytes bytes;
  append(bytes, Ping{1});
  const std::size_t first = bytes.size();
  append(bytes, Rotate{4});
  append(bytes, Ping{2});
  WireEcho echo;
  const Status status = to_server(bytes, echo);
  ASSERT_FALSE(status.has_value());
  EXPECT_EQ(status.error().message(), "ROTATE quarter_turns must be 0 to 3");
  EXPECT_EQ(echo.out.size(), first);
}

TEST(Dispatch, RefusesABodyThatReachesPastTheEnd) {
  Bytes bytes;
  append(bytes, Ping{1});
  for (std::size_t cut = 1; cut < bytes.size(); ++cut) {
    WireEcho echo;
    const Status status =
        to_server(Bytes(bytes.begin(), bytes.end() - static_cast<long>(cut)), echo);
    ASSERT_FALSE(status.has_value()) << cut;
    EXPECT_EQ(status.error().code, ErrorCode::kInvalid);
    EXPECT_TRUE(echo.out.empty());
  }
}

TEST(Dispatch, ReturnsTheReceiversError) {
  class Strict final : public ClientMessages {
   public:
    Status on_hello(const Hello&) override { return no(); }
    Status on_resize(const Resize&) override { return no(); }
    Status on_rotate(const Rotate&) override { return no(); }
    Status on_quality(const Quality&) override { return no(); }
    Status on_ack(const Ack&) override { return no(); }
    Status on_ping(const Ping&) override { return no(); }
    Status on_key_request() override { return no(); }
    Status on_visibility(const Visibility&) override { return no(); }
    Status on_touch(const Touch&) override { return no(); }
    Status on_pointer(const Pointer&) override { return no(); }
    Status on_wheel(const Wheel&) override { return no(); }
    Status on_key(const Key&) override { return no(); }
    Status on_text(const Text&) override { return no(); }
    Status on_clipboard(const Clipboard&) override { return no(); }

   private:
    static Status no() { return fail(ErrorCode::kDenied, "HELLO must come first"); }
  } strict;
  Bytes bytes;
  append(bytes, KeyRequest{});
  const Status status = dispatch(bytes, strict);
  ASSERT_FALSE(status.has_value());
  EXPECT_EQ(status.error().code, ErrorCode::kDenied);
}

}  // namespace
}  // namespace rp::wire
