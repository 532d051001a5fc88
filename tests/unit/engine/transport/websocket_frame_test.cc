// Goal: frame headers are RFC 6455's, at each change of the length's form.
// Method: the bytes of section 5.7's examples and of the borders.
#include "engine/transport/websocket_frame.h"

#include <vector>

#include <gtest/gtest.h>

namespace rp {
namespace {

using Bytes = std::vector<std::uint8_t>;

Bytes header(std::uint64_t payload_bytes, const WebSocketMask* mask = nullptr) {
  const auto made = websocket_header(WebSocketOpcode::kBinary, payload_bytes, mask);
  return {made.span().begin(), made.span().end()};
}

TEST(WebSocketFrame, LengthTakesItsShortestForm) {
  EXPECT_EQ(header(0), (Bytes{0x82, 0}));
  EXPECT_EQ(header(125), (Bytes{0x82, 125}));
  EXPECT_EQ(header(126), (Bytes{0x82, 126, 0, 126}));
  EXPECT_EQ(header(256), (Bytes{0x82, 126, 1, 0}));
  EXPECT_EQ(header(65'535), (Bytes{0x82, 126, 0xFF, 0xFF}));
  EXPECT_EQ(header(65'536), (Bytes{0x82, 127, 0, 0, 0, 0, 0, 1, 0, 0}));
}

TEST(WebSocketFrame, MaskFollowsTheLength) {
  const WebSocketMask mask = {0x37, 0xFA, 0x21, 0x3D};
  EXPECT_EQ(header(5, &mask), (Bytes{0x82, 0x85, 0x37, 0xFA, 0x21, 0x3D}));
  Bytes hello = {'H', 'e', 'l', 'l', 'o'};
  apply_websocket_mask(hello, mask, 0);
  EXPECT_EQ(hello, (Bytes{0x7F, 0x9F, 0x4D, 0x51, 0x58}));
}

TEST(WebSocketFrame, MaskGoesOnAtAnOffset) {
  const WebSocketMask mask = {1, 2, 3, 4};
  Bytes bytes(7, 0);
  apply_websocket_mask(std::span(bytes).first(3), mask, 0);
  apply_websocket_mask(std::span(bytes).subspan(3), mask, 3);
  EXPECT_EQ(bytes, (Bytes{1, 2, 3, 4, 1, 2, 3}));
}

}  // namespace
}  // namespace rp
