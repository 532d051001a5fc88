#include "engine/wire/dispatch.h"

namespace rp::wire {

namespace {

// Hands a parsed message on, or its error back.
template <typename T, typename Call>
Status pass(const Result<T>& parsed, Call&& call) {
  if (!parsed) return forward(parsed.error());
  if constexpr (std::is_void_v<decltype(call(*parsed))>) {
    call(*parsed);
    return {};
  } else {
    return call(*parsed);
  }
}

Status dispatch_one(const MessageView& m, ClientMessages& to) {
  switch (m.type) {
    case MessageType::kHello:
      return pass(parse_hello(m), [&](const auto& v) { return to.on_hello(v); });
    case MessageType::kResize:
      return pass(parse_resize(m), [&](const auto& v) { return to.on_resize(v); });
    case MessageType::kRotate:
      return pass(parse_rotate(m), [&](const auto& v) { return to.on_rotate(v); });
    case MessageType::kQuality:
      return pass(parse_quality(m), [&](const auto& v) { return to.on_quality(v); });
    case MessageType::kAck:
      return pass(parse_ack(m), [&](const auto& v) { return to.on_ack(v); });
    case MessageType::kPing:
      return pass(parse_ping(m), [&](const auto& v) { return to.on_ping(v); });
    case MessageType::kKeyRequest:
      return to.on_key_request();
    case MessageType::kVisibility:
      return pass(parse_visibility(m), [&](const auto& v) { return to.on_visibility(v); });
    case MessageType::kTouch:
      return pass(parse_touch(m), [&](const auto& v) { return to.on_touch(v); });
    case MessageType::kPointer:
      return pass(parse_pointer(m), [&](const auto& v) { return to.on_pointer(v); });
    case MessageType::kWheel:
      return pass(parse_wheel(m), [&](const auto& v) { return to.on_wheel(v); });
    case MessageType::kKey:
      return pass(parse_key(m), [&](const auto& v) { return to.on_key(v); });
    case MessageType::kText:
      return pass(parse_text(m), [&](const auto& v) { return to.on_text(v); });
    case MessageType::kClipboard:
      return pass(parse_clipboard(m), [&](const auto& v) { return to.on_clipboard(v); });
    default:
      return {};
  }
}

Status dispatch_one(const MessageView& m, ServerMessages& to) {
  switch (m.type) {
    case MessageType::kWelcome:
      return pass(parse_welcome(m), [&](const auto& v) { to.on_welcome(v); });
    case MessageType::kVideo:
      return pass(parse_video(m), [&](const auto& v) { to.on_video(v.video, v.data); });
    case MessageType::kTiles:
      return pass(parse_tiles(m), [&](const auto& v) { to.on_tiles(v.tiles, v.data); });
    case MessageType::kDisplay:
      return pass(parse_display(m), [&](const auto& v) { to.on_display(v); });
    case MessageType::kCursor:
      return pass(parse_cursor(m), [&](const auto& v) { to.on_cursor(v); });
    case MessageType::kPong:
      return pass(parse_pong(m), [&](const auto& v) { to.on_pong(v); });
    case MessageType::kStats:
      return pass(parse_stats(m), [&](const auto& v) { to.on_stats(v); });
    case MessageType::kTextInput:
      return pass(parse_text_input(m), [&](const auto& v) { to.on_text_input(v); });
    case MessageType::kNotice:
      return pass(parse_notice(m), [&](const auto& v) { to.on_notice(v); });
    case MessageType::kPhoneClipboard:
      return pass(parse_clipboard(m), [&](const auto& v) { to.on_phone_clipboard(v); });
    default:
      return {};
  }
}

template <typename Receiver>
Status dispatch_all(std::span<const std::uint8_t> bytes, Receiver& receiver) {
  MessageReader reader(bytes);
  while (reader.more()) {
    RP_ASSIGN(const MessageView view, reader.next());
    RP_TRY(dispatch_one(view, receiver));
  }
  return {};
}

}  // namespace

Status dispatch(std::span<const std::uint8_t> bytes, ClientMessages& receiver) {
  return dispatch_all(bytes, receiver);
}

Status dispatch(std::span<const std::uint8_t> bytes, ServerMessages& receiver) {
  return dispatch_all(bytes, receiver);
}

}  // namespace rp::wire
