#include "engine/transport/websocket_receiver.h"

#include <algorithm>
#include <cstring>

#include <openssl/rand.h>
#include <wslay/wslay.h>

namespace rp {

struct WebSocketReceiver::Callbacks {
  static WebSocketReceiver& self(void* user) { return *static_cast<WebSocketReceiver*>(user); }

  static ssize_t receive(wslay_event_context_ptr context, std::uint8_t* buffer, std::size_t length,
                         int, void* user) {
    auto& unread = self(user).unread_;
    if (unread.empty() || self(user).close_code_ != 0) {
      wslay_event_set_error(context, WSLAY_ERR_WOULDBLOCK);
      return -1;
    }
    const std::size_t taken = std::min(length, unread.size());
    std::memcpy(buffer, unread.data(), taken);
    unread = unread.subspan(taken);
    return static_cast<ssize_t>(taken);
  }

  static ssize_t send(wslay_event_context_ptr, const std::uint8_t* data, std::size_t length, int,
                      void* user) {
    auto& replies = *self(user).replies_;
    replies.insert(replies.end(), data, data + length);
    return static_cast<ssize_t>(length);
  }

  static int make_mask(wslay_event_context_ptr, std::uint8_t* buffer, std::size_t length, void*) {
    return RAND_bytes(buffer, static_cast<int>(length)) == 1 ? 0 : -1;
  }

  static void frame_started(wslay_event_context_ptr,
                            const wslay_event_on_frame_recv_start_arg* frame, void* user) {
    auto& receiver = self(user);
    receiver.framed_bytes_ += receiver.header_bytes(frame->payload_length) + frame->payload_length;
    if (frame->opcode == WSLAY_TEXT_FRAME) {
      receiver.violation(WSLAY_CODE_UNSUPPORTED_DATA, "text message: all messages are binary");
    }
    if (wslay_is_ctrl_frame(frame->opcode)) return;
    receiver.fragmented_ = frame->fin == 0;
    if (frame->opcode != WSLAY_CONTINUATION_FRAME) receiver.message_bytes_ = 0;
    // Refused by what the header announces, before a byte of it is kept.
    if (frame->payload_length > receiver.max_message_bytes_ - receiver.message_bytes_) {
      receiver.violation(WSLAY_CODE_MESSAGE_TOO_BIG, "message is too big");
      return;
    }
    receiver.message_bytes_ += frame->payload_length;
  }

  static void message_came(wslay_event_context_ptr, const wslay_event_on_msg_recv_arg* message,
                           void* user) {
    auto& receiver = self(user);
    if (receiver.close_code_ != 0) return;
    const std::span bytes(message->msg, message->msg_length);
    if (message->opcode == WSLAY_BINARY_FRAME) {
      if (!receiver.stopped_) receiver.listener_.on_message(bytes);
    } else if (message->opcode == WSLAY_CONNECTION_CLOSE) {
      // wslay gives the payload with its code in front.
      const auto reason = bytes.subspan(std::min<std::size_t>(2, bytes.size()));
      const auto code = message->status_code == 0 ? std::uint16_t{WSLAY_CODE_NO_STATUS_RCVD}
                                                  : message->status_code;
      receiver.listener_.on_close(code,
                                  {reinterpret_cast<const char*>(reason.data()), reason.size()});
    }
  }
};

Result<std::unique_ptr<WebSocketReceiver>> WebSocketReceiver::create(WebSocketRole role,
                                                                     std::size_t max_message_bytes,
                                                                     Listener& listener) {
  std::unique_ptr<WebSocketReceiver> receiver(
      new WebSocketReceiver(role, listener, max_message_bytes));
  wslay_event_callbacks callbacks{};
  callbacks.recv_callback = Callbacks::receive;
  callbacks.send_callback = Callbacks::send;
  callbacks.genmask_callback = Callbacks::make_mask;
  callbacks.on_frame_recv_start_callback = Callbacks::frame_started;
  callbacks.on_msg_recv_callback = Callbacks::message_came;
  const auto init = role == WebSocketRole::kServer ? wslay_event_context_server_init
                                                   : wslay_event_context_client_init;
  if (init(&receiver->context_, &callbacks, receiver.get()) != 0) {
    return fail(ErrorCode::kExhausted, "set up WebSocket");
  }
  wslay_event_config_set_max_recv_msg_length(receiver->context_, max_message_bytes);
  return receiver;
}

WebSocketReceiver::~WebSocketReceiver() { wslay_event_context_free(context_); }

// RFC 6455, section 5.2; clients mask, servers do not.
std::uint64_t WebSocketReceiver::header_bytes(std::uint64_t payload_bytes) const {
  const std::uint64_t length_bytes = payload_bytes < 126 ? 0 : payload_bytes <= 0xFFFF ? 2 : 8;
  return 2 + length_bytes + (masked_ ? 4 : 0);
}

void WebSocketReceiver::violation(std::uint16_t code, const char* what) {
  if (close_code_ != 0) return;
  close_code_ = code;
  violation_ = what;
}

Status WebSocketReceiver::feed(std::span<const std::uint8_t> bytes,
                               std::vector<std::uint8_t>& replies) {
  unread_ = bytes;
  fed_bytes_ += bytes.size();
  replies_ = &replies;
  const int received = wslay_event_recv(context_);
  if (received != 0) violation(WSLAY_CODE_PROTOCOL_ERROR, "WebSocket frame is malformed");
  // wslay queues a close frame of its own for what it refuses: read its code, which says why.
  if (close_code_ == 0 && wslay_event_get_close_sent(context_) == 0 &&
      wslay_event_get_close_received(context_) == 0 &&
      wslay_event_get_read_enabled(context_) == 0) {
    std::vector<std::uint8_t> refusal;
    replies_ = &refusal;
    (void)wslay_event_send(context_);
    const std::uint16_t code = wslay_event_get_status_code_sent(context_);
    violation(code, "WebSocket protocol violation");
  }
  if (close_code_ != 0) return fail(ErrorCode::kInvalid, violation_);
  replies_ = &replies;
  if (wslay_event_send(context_) != 0)
    return fail(ErrorCode::kInternal, "answer a WebSocket frame");
  return {};
}

}  // namespace rp
