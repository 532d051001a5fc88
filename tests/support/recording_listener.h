// RecordingListener: a SenderListener that keeps what it was told. Thread rule: the sender's loop.
#pragma once

#include <optional>
#include <vector>

#include "engine/transport/sender.h"

namespace rp {

class RecordingListener final : public SenderListener {
 public:
  using Bytes = std::vector<std::uint8_t>;
  std::vector<Bytes> messages;
  std::vector<Bytes> payloads;
  int ready_calls = 0;
  std::optional<Error> closed;
  int calls_after_close = 0;

  void on_message(std::span<const std::uint8_t> bytes) override {
    note();
    messages.emplace_back(bytes.begin(), bytes.end());
  }
  void on_ready_for_frame() override {
    note();
    ++ready_calls;
  }
  void on_payload_free(Bytes payload) override {
    note();
    payloads.push_back(std::move(payload));
  }
  void on_closed(const Error& why) override {
    note();
    closed = why;
  }

 private:
  void note() {
    if (closed) ++calls_after_close;
  }
};

}  // namespace rp
