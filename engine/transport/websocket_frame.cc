#include "engine/transport/websocket_frame.h"

#include <algorithm>

namespace rp {

WebSocketHeader websocket_header(WebSocketOpcode opcode, std::uint64_t payload_bytes,
                                 const WebSocketMask* mask) {
  constexpr std::uint8_t kFinal = 0x80;
  constexpr std::uint8_t kMasked = 0x80;
  WebSocketHeader header;
  const auto put = [&](std::uint64_t byte) {
    header.bytes[header.size++] = static_cast<std::uint8_t>(byte);
  };
  const auto put_length = [&](int bytes) {
    for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) put(payload_bytes >> shift & 0xFF);
  };
  const std::uint8_t masked = mask != nullptr ? kMasked : 0;
  put(kFinal | static_cast<std::uint8_t>(opcode));
  if (payload_bytes < 126) {
    put(masked | payload_bytes);
  } else if (payload_bytes <= UINT16_MAX) {
    put(masked | 126U);
    put_length(2);
  } else {
    put(masked | 127U);
    put_length(8);
  }
  if (mask != nullptr) {
    std::copy(mask->begin(), mask->end(), header.bytes.begin() + static_cast<long>(header.size));
    header.size += mask->size();
  }
  return header;
}

void apply_websocket_mask(std::span<std::uint8_t> bytes, const WebSocketMask& mask,
                          std::size_t offset) {
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] ^= mask[(offset + i) % mask.size()];
}

}  // namespace rp
