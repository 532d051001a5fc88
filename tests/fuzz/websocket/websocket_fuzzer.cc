// Goal: no bytes of a peer crash the WebSocket receiver, deliver more than the bound, or make it
// answer more than it was sent. Method: the first byte chooses role and piece size; the rest is fed
// in such pieces. How the bytes are cut must not change what is delivered.
#include <algorithm>
#include <cstdint>
#include <span>

#include "engine/transport/websocket_receiver.h"

namespace {

constexpr std::size_t kMaxMessageBytes = 1'000;

struct Delivered final : rp::WebSocketReceiver::Listener {
  std::vector<std::vector<std::uint8_t>> messages;
  int closes = 0;
  void on_message(std::span<const std::uint8_t> bytes) override {
    RP_CHECK(bytes.size() <= kMaxMessageBytes);
    RP_CHECK(closes == 0);
    messages.emplace_back(bytes.begin(), bytes.end());
  }
  void on_close(std::uint16_t code, std::string_view reason) override {
    RP_CHECK(++closes == 1 && code >= 1'000 && reason.size() <= 123);
  }
};

Delivered feed(rp::WebSocketRole role, std::span<const std::uint8_t> bytes, std::size_t piece) {
  Delivered delivered;
  auto receiver = rp::WebSocketReceiver::create(role, kMaxMessageBytes, delivered);
  RP_CHECK(receiver.has_value());
  std::vector<std::uint8_t> replies;
  const std::size_t most = bytes.size() * 4 + 256;
  while (!bytes.empty() && delivered.closes == 0) {
    const auto part = bytes.first(std::min(piece, bytes.size()));
    bytes = bytes.subspan(part.size());
    if (!(*receiver)->feed(part, replies)) {
      RP_CHECK((*receiver)->close_code() != 0);
      break;
    }
  }
  RP_CHECK(replies.size() <= most);
  return delivered;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const auto role = (data[0] & 1) != 0 ? rp::WebSocketRole::kClient : rp::WebSocketRole::kServer;
  const std::span bytes(data + 1, size - 1);
  const Delivered pieces = feed(role, bytes, 1 + data[0] / 2U);
  const Delivered whole = feed(role, bytes, SIZE_MAX);
  RP_CHECK(pieces.messages == whole.messages);
  return 0;
}
