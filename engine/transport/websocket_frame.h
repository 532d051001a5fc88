// Headers of outgoing WebSocket frames (RFC 6455, section 5.2). Payloads are sent from where they
// lie.
//
//    0 1 2 3 4 5 6 7 8                16                32
//   +-+-----+-------+-+-------------+----------------------------- … --+---------------------+
//   |F| RSV |opcode |M| length (7)  | length (16 or 64, big-endian)    | mask (32) if M      |
//   +-+-----+-------+-+-------------+----------------------------- … --+---------------------+
//
// Thread rule: plain functions.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace rp {

enum class WebSocketOpcode : std::uint8_t {
  kText = 1,
  kBinary = 2,
  kClose = 8,
  kPing = 9,
  kPong = 10
};

using WebSocketMask = std::array<std::uint8_t, 4>;

inline constexpr std::size_t kMaxWebSocketHeaderBytes = 14;

struct WebSocketHeader {
  std::array<std::uint8_t, kMaxWebSocketHeaderBytes> bytes{};
  std::size_t size = 0;
  [[nodiscard]] std::span<const std::uint8_t> span() const { return std::span(bytes).first(size); }
};

// The header of a whole (unfragmented) message's one frame. `mask`: null for a server.
[[nodiscard]] WebSocketHeader websocket_header(WebSocketOpcode opcode, std::uint64_t payload_bytes,
                                               const WebSocketMask* mask);
// Masks or unmasks in place; `offset` is the first byte's place in the payload.
void apply_websocket_mask(std::span<std::uint8_t> bytes, const WebSocketMask& mask,
                          std::size_t offset);

}  // namespace rp
