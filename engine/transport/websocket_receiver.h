// WebSocketReceiver: from a peer's bytes to whole messages, with RFC 6455's rules held by libwslay:
// masking, fragments, control frames, close codes, a bound on a message's size. No I/O: bytes in,
// calls and reply bytes out. Thread rule: one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/result.h"

struct wslay_event_context;

namespace rp {

enum class WebSocketRole { kServer, kClient };

class WebSocketReceiver {
 public:
  class Listener {
   public:
    virtual ~Listener() = default;
    // A whole binary message; valid during the call.
    virtual void on_message(std::span<const std::uint8_t> bytes) = 0;
    // The peer's close frame; 1005 when it names no code. Nothing comes after it.
    virtual void on_close(std::uint16_t code, std::string_view reason) = 0;
  };

  // `listener` must outlive the receiver.
  [[nodiscard]] static Result<std::unique_ptr<WebSocketReceiver>> create(
      WebSocketRole role, std::size_t max_message_bytes, Listener& listener);
  WebSocketReceiver(const WebSocketReceiver&) = delete;
  WebSocketReceiver& operator=(const WebSocketReceiver&) = delete;
  ~WebSocketReceiver();

  // Takes all of `bytes`. Pongs, and the answer to a close frame, are appended to `replies` as
  // whole frames. After a violation: kInvalid, close_code() says with which code the connection
  // must end, and feeding must stop. A listener may call stop().
  [[nodiscard]] Status feed(std::span<const std::uint8_t> bytes,
                            std::vector<std::uint8_t>& replies);
  // No more messages are delivered, also of bytes fed already; a close frame still is.
  void stop() { stopped_ = true; }
  // Nothing of a message has come that is not delivered: another receiver could go on from here.
  [[nodiscard]] bool idle() const { return fed_bytes_ == framed_bytes_ && !fragmented_; }
  // 1002, 1003, 1007 or 1009 after feed() failed.
  [[nodiscard]] std::uint16_t close_code() const { return close_code_; }

 private:
  struct Callbacks;
  WebSocketReceiver(WebSocketRole role, Listener& listener, std::size_t max_message_bytes)
      : masked_(role == WebSocketRole::kServer),
        listener_(listener),
        max_message_bytes_(max_message_bytes) {}
  [[nodiscard]] std::uint64_t header_bytes(std::uint64_t payload_bytes) const;
  void violation(std::uint16_t code, const char* what);

  const bool masked_;  // what comes
  Listener& listener_;
  const std::size_t max_message_bytes_;
  std::size_t message_bytes_ = 0;   // announced so far of the message being received
  std::uint64_t fed_bytes_ = 0;     // of all that came
  std::uint64_t framed_bytes_ = 0;  // that came and will, of the frames whose header has come
  bool fragmented_ = false;         // a message's last frame has not begun
  wslay_event_context* context_ = nullptr;
  std::span<const std::uint8_t> unread_;
  std::vector<std::uint8_t>* replies_ = nullptr;
  std::uint16_t close_code_ = 0;
  std::string violation_;
  bool stopped_ = false;
};

}  // namespace rp
