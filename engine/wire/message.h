// The frame around every message of the stream protocol (docs/wire_format.md), and the way through
// the messages laid end to end in one WebSocket message. Thread rule: plain values.
//
//   0        1        2                 4                                   8
//   +--------+--------+-----------------+-----------------------------------+---------------
//   |  type  | flags  |     stream      |           body_bytes              |  body …
//   |   u8   |   u8   |      u16        |              u32                  |
//   +--------+--------+-----------------+-----------------------------------+---------------
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "engine/base/result.h"

namespace rp::wire {

inline constexpr std::uint16_t kProtocolVersion = 1;
inline constexpr std::size_t kHeaderBytes = 8;

enum class MessageType : std::uint8_t {
  // client to server
  kHello = 0x01,
  kResize = 0x02,
  kRotate = 0x03,
  kQuality = 0x04,
  kAck = 0x05,
  kPing = 0x06,
  kKeyRequest = 0x07,
  kVisibility = 0x08,
  kTouch = 0x10,
  kPointer = 0x11,
  kWheel = 0x12,
  kKey = 0x13,
  kText = 0x14,
  kClipboard = 0x15,
  // server to client
  kWelcome = 0x81,
  kVideo = 0x82,
  kDisplay = 0x83,
  kCursor = 0x84,
  kPong = 0x86,
  kStats = 0x87,
  kTextInput = 0x88,
  kNotice = 0x89,
  kPhoneClipboard = 0x8A,
  kTiles = 0x90,
};

// WebSocket close codes of the protocol.
enum class CloseCode : std::uint16_t {
  kNormal = 1000,
  kGoingAway = 1001,
  kTooBig = 1009,
  kProtocolError = 4400,
  kTicket = 4401,
  kNoPhone = 4404,
  kSilent = 4408,
  kTakenOver = 4409,
  kVersion = 4426,
  kTooMany = 4429,
  kServerFull = 4430,
};

// One message, borrowed from the bytes it was read from. `type` may be one we do not know.
struct MessageView {
  MessageType type{};
  std::uint8_t flags = 0;
  std::uint16_t stream = 0;
  std::span<const std::uint8_t> body = {};
};

// while (reader.more()) { RP_ASSIGN(const MessageView view, reader.next()); … }
class MessageReader {
 public:
  explicit MessageReader(std::span<const std::uint8_t> bytes) : left_(bytes) {}
  [[nodiscard]] bool more() const { return !left_.empty(); }
  // kInvalid when a header or body reaches past the end; reading must then stop.
  [[nodiscard]] Result<MessageView> next();

 private:
  std::span<const std::uint8_t> left_;
};

}  // namespace rp::wire
