// WebSocketSender: a Sender over any ByteStream whose HTTP upgrade is done. Server side for the
// engine, client side (masking) for headless viewers and tests.
//
//   send()/send_frame() ─► out_ [ message | frame head + payload | … ] ─► ByteStream
//   on_message()        ◄─ WebSocketReceiver ◄───────────────────────────┘
//
// Memory per connection is bounded: small messages by kMaxQueuedBytes, frames by one unsent one,
// input by the role's message limit. Thread rule: as Sender.
#pragma once

#include <array>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/byte_stream.h"
#include "engine/base/event_loop.h"
#include "engine/transport/link_estimator.h"
#include "engine/transport/sender.h"
#include "engine/transport/websocket_frame.h"
#include "engine/transport/websocket_receiver.h"

namespace rp {

class WebSocketSender final : public Sender,
                              private ByteStreamListener,
                              private WebSocketReceiver::Listener {
 public:
  static constexpr std::size_t kMaxQueuedBytes = 64 * 1024;
  static constexpr std::size_t kMaxSingleMessageBytes = 1536 * 1024;
  // A client takes what servers send: key frames of large displays.
  static constexpr std::size_t kMaxServerMessageBytes = 32 * 1024 * 1024;
  static constexpr Duration kCloseTimeout = std::chrono::seconds(2);

  // `already_read`: bytes that came behind the HTTP upgrade. Sets the socket's options
  // (TCP_NODELAY, TCP_NOTSENT_LOWAT). `loop` must outlive the sender.
  [[nodiscard]] static Result<std::unique_ptr<WebSocketSender>> create(
      EventLoop& loop, std::unique_ptr<ByteStream> stream, WebSocketRole role,
      std::vector<std::uint8_t> already_read = {});
  ~WebSocketSender() override;

  void set_listener(SenderListener& listener) override { listener_ = &listener; }
  [[nodiscard]] Status send(std::span<const std::uint8_t> message) override;
  [[nodiscard]] Status send_frame(std::span<const std::uint8_t> header,
                                  std::vector<std::uint8_t>&& payload,
                                  std::uint32_t sequence) override;
  [[nodiscard]] bool ready_for_frame() const override;
  void acknowledge(std::uint32_t sequence, TimePoint now) override;
  [[nodiscard]] LinkEstimate estimate() const override;
  [[nodiscard]] const SenderCounters& counters() const override { return counters_; }
  void close(std::uint16_t code, std::string_view reason) override;
  // Gives the connection up between two messages, for WebSocketSender::create() in another process
  // (`unread` is its already_read). After success there are no more calls to the listener, and the
  // sender is only to be destroyed; unacknowledged frames are the owner's to remember. kWouldBlock:
  // something is half sent or half received, try again later; else as ByteStream::hand_over().
  [[nodiscard]] Result<HandedStream> hand_over();
  // Of the close frame that ended the stream, the peer's or ours, whichever came first; 0 before.
  [[nodiscard]] std::uint16_t close_code() const { return close_code_; }

 private:
  // Whole WebSocket frames of small messages laid end to end, or one frame with its payload apart.
  struct Outgoing {
    std::vector<std::uint8_t> head;
    std::vector<std::uint8_t> payload;
    std::size_t sent_bytes = 0;  // of head and payload together
    bool frame = false;
  };
  // kClosing: a close frame is queued. kLingering: it has left; the peer's is awaited. kClosed:
  // over.
  enum class State { kOpen, kClosing, kLingering, kClosed };

  WebSocketSender(EventLoop& loop, std::unique_ptr<ByteStream> stream, WebSocketRole role)
      : loop_(loop), stream_(std::move(stream)), role_(role) {}
  void on_ready(bool readable, bool writable) override;
  void on_message(std::span<const std::uint8_t> bytes) override;
  void on_close(std::uint16_t code, std::string_view reason) override;

  void set_socket_options();
  void read_some();
  [[nodiscard]] bool take(std::span<const std::uint8_t> bytes);
  void flush();
  void retire_sent(std::size_t bytes);
  void queue_small(WebSocketOpcode opcode, std::span<const std::uint8_t> payload);
  std::vector<std::uint8_t>& small_queue();
  void queue_close(std::uint16_t code, std::string_view reason);
  void linger_or_end();
  void end(Error why);
  void update_interest();
  void on_later();
  void tell_if_ready();

  EventLoop& loop_;
  std::unique_ptr<ByteStream> stream_;
  const WebSocketRole role_;
  SenderListener* listener_ = nullptr;
  std::unique_ptr<WebSocketReceiver> receiver_;
  State state_ = State::kOpen;
  bool peer_closed_ = false;  // its close frame has come
  std::string peer_reason_;   // what it said; hostile text
  std::uint16_t close_code_ = 0;
  std::optional<Error> end_;  // why, once state_ is kClosed and until on_closed() is told
  std::deque<Outgoing> out_;
  std::size_t small_bytes_ = 0;  // unsent, of small messages
  std::size_t frames_queued_ = 0;
  std::vector<std::vector<std::uint8_t>> free_heads_;
  std::vector<std::vector<std::uint8_t>> free_payloads_;  // to be given back on the next turn
  std::vector<std::uint8_t> already_read_;
  std::vector<std::uint8_t> replies_;
  LinkEstimator link_;
  mutable SenderCounters counters_;  // asking for readiness counts its loss
  mutable bool told_ready_ = true;   // what the listener believes of ready_for_frame()
  EventLoop::Timer later_;           // what must be told from the loop, not from inside a call
  EventLoop::Timer close_deadline_;
};

}  // namespace rp
