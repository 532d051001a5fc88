// From the bytes of one WebSocket message to typed calls, in order: ClientMessages for what a
// server receives, ServerMessages for what a viewer receives. Unknown types are skipped; the first
// error, of the bytes or of a call, ends the walk and is returned. Thread rule: the caller's.
#pragma once

#include <cstdint>
#include <span>

#include "engine/wire/control.h"
#include "engine/wire/cursor.h"
#include "engine/wire/hello.h"
#include "engine/wire/input.h"
#include "engine/wire/text.h"
#include "engine/wire/video.h"

namespace rp::wire {

class ClientMessages {
 public:
  virtual ~ClientMessages() = default;
  [[nodiscard]] virtual Status on_hello(const Hello& hello) = 0;
  [[nodiscard]] virtual Status on_resize(const Resize& resize) = 0;
  [[nodiscard]] virtual Status on_rotate(const Rotate& rotate) = 0;
  [[nodiscard]] virtual Status on_quality(const Quality& quality) = 0;
  [[nodiscard]] virtual Status on_ack(const Ack& ack) = 0;
  [[nodiscard]] virtual Status on_ping(const Ping& ping) = 0;
  [[nodiscard]] virtual Status on_key_request() = 0;
  [[nodiscard]] virtual Status on_visibility(const Visibility& visibility) = 0;
  [[nodiscard]] virtual Status on_touch(const Touch& touch) = 0;
  [[nodiscard]] virtual Status on_pointer(const Pointer& pointer) = 0;
  [[nodiscard]] virtual Status on_wheel(const Wheel& wheel) = 0;
  [[nodiscard]] virtual Status on_key(const Key& key) = 0;
  [[nodiscard]] virtual Status on_text(const Text& text) = 0;
  [[nodiscard]] virtual Status on_clipboard(const Clipboard& clipboard) = 0;
};
// kInvalid: the peer's bytes are wrong; its text is fit for a close reason
// (CloseCode::kProtocolError).
[[nodiscard]] Status dispatch(std::span<const std::uint8_t> bytes, ClientMessages& receiver);

// A viewer takes what it needs; the rest is checked and dropped.
class ServerMessages {
 public:
  virtual ~ServerMessages() = default;
  virtual void on_welcome(const Welcome&) {}
  virtual void on_video(const Video&, std::span<const std::uint8_t> /*data*/) {}
  virtual void on_tiles(const Tiles&, std::span<const std::uint8_t> /*operations*/) {}
  virtual void on_display(const DisplayShape&) {}
  virtual void on_cursor(const Cursor&) {}
  virtual void on_pong(const Pong&) {}
  virtual void on_stats(const Stats&) {}
  virtual void on_text_input(const TextInput&) {}
  virtual void on_notice(const Notice&) {}
  virtual void on_phone_clipboard(const Clipboard&) {}
};
[[nodiscard]] Status dispatch(std::span<const std::uint8_t> bytes, ServerMessages& receiver);

}  // namespace rp::wire
