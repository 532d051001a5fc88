// WireEcho: parses messages and serialises them again, for tests and fuzzers: what one direction
// loses or changes shows as a difference in bytes. Hand it to dispatch() of either direction.
// Thread rule: one thread.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "engine/wire/dispatch.h"

namespace rp::wire {

class WireEcho final : public ClientMessages, public ServerMessages {
 public:
  std::vector<std::uint8_t> out;

  Status on_hello(const Hello& v) override { return put(v); }
  Status on_resize(const Resize& v) override { return put(v); }
  Status on_rotate(const Rotate& v) override { return put(v); }
  Status on_quality(const Quality& v) override { return put(v); }
  Status on_ack(const Ack& v) override { return put(v); }
  Status on_ping(const Ping& v) override { return put(v); }
  Status on_key_request() override { return put(KeyRequest{}); }
  Status on_visibility(const Visibility& v) override { return put(v); }
  Status on_touch(const Touch& v) override { return put(v); }
  Status on_pointer(const Pointer& v) override { return put(v); }
  Status on_wheel(const Wheel& v) override { return put(v); }
  Status on_key(const Key& v) override { return put(v); }
  Status on_text(const Text& v) override { return put(v); }
  Status on_clipboard(const Clipboard& v) override {
    append_client_clipboard(out, v);
    return {};
  }

  void on_welcome(const Welcome& v) override { append(out, v); }
  void on_video(const Video& v, std::span<const std::uint8_t> data) override {
    const auto header = serialise(v, data.size());
    out.insert(out.end(), header.begin(), header.end());
    out.insert(out.end(), data.begin(), data.end());
  }
  void on_tiles(const Tiles& v, std::span<const std::uint8_t> operations) override {
    const auto header = serialise(v, operations.size());
    out.insert(out.end(), header.begin(), header.end());
    out.insert(out.end(), operations.begin(), operations.end());
  }
  void on_display(const DisplayShape& v) override { append(out, v); }
  void on_cursor(const Cursor& v) override { RP_CHECK(append(out, v).has_value()); }
  void on_pong(const Pong& v) override { append(out, v); }
  void on_stats(const Stats& v) override { append(out, v); }
  void on_text_input(const TextInput& v) override { append(out, v); }
  void on_notice(const Notice& v) override { append(out, v); }
  void on_phone_clipboard(const Clipboard& v) override { append_phone_clipboard(out, v); }

 private:
  template <typename T>
  Status put(const T& value) {
    append(out, value);
    return {};
  }
};

}  // namespace rp::wire
