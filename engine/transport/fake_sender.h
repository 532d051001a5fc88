// FakeSender: a Sender without a connection, for tests of what uses one. It keeps what was sent,
// lets the test play the viewer, and follows the same contract (tests/contract/sender). Thread
// rule: the test's loop.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/event_loop.h"
#include "engine/base/limits.h"
#include "engine/transport/sender.h"

namespace rp {

class FakeSender final : public Sender {
 public:
  struct Frame {
    std::vector<std::uint8_t> header;
    std::vector<std::uint8_t> payload;  // a copy
    std::uint32_t sequence = 0;
  };

  explicit FakeSender(EventLoop& loop);

  void set_listener(SenderListener& listener) override { listener_ = &listener; }
  [[nodiscard]] Status send(std::span<const std::uint8_t> message) override;
  [[nodiscard]] Status send_frame(std::span<const std::uint8_t> header,
                                  std::vector<std::uint8_t>&& payload,
                                  std::uint32_t sequence) override;
  [[nodiscard]] bool ready_for_frame() const override;
  void acknowledge(std::uint32_t sequence, TimePoint now) override;
  [[nodiscard]] LinkEstimate estimate() const override { return estimate_; }
  [[nodiscard]] const SenderCounters& counters() const override { return counters_; }
  void close(std::uint16_t code, std::string_view reason) override;

  // The test's side. What these cause is told to the listener on the loop's next turn.
  void receive(std::vector<std::uint8_t> message);  // the viewer sends
  void block(bool blocked);                         // the socket is full, or no longer
  void lose();                                      // the connection breaks
  void set_estimate(const LinkEstimate& estimate) { estimate_ = estimate; }
  [[nodiscard]] const std::vector<std::vector<std::uint8_t>>& messages() const { return messages_; }
  [[nodiscard]] const std::vector<Frame>& frames() const { return frames_; }
  [[nodiscard]] std::optional<std::uint16_t> close_code() const { return close_code_; }
  [[nodiscard]] const std::string& close_reason() const { return close_reason_; }

 private:
  void on_later();
  void tell_if_ready();

  EventLoop::Timer later_;
  SenderListener* listener_ = nullptr;
  std::vector<std::vector<std::uint8_t>> messages_;
  std::vector<Frame> frames_;
  std::vector<std::vector<std::uint8_t>> received_;
  std::vector<std::vector<std::uint8_t>> free_payloads_;
  std::vector<std::uint32_t> unacknowledged_;
  std::size_t unsent_bytes_ = 0;  // of small messages, while blocked
  LinkEstimate estimate_;
  mutable SenderCounters counters_;  // asking for readiness counts its loss
  bool blocked_ = false;
  mutable bool told_ready_ = true;
  bool closed_ = false;
  std::optional<Error> end_;
  std::optional<std::uint16_t> close_code_;
  std::string close_reason_;
};

}  // namespace rp
