#include "engine/transport/fake_sender.h"

#include <algorithm>
#include <utility>

namespace rp {

namespace {

constexpr std::size_t kMaxQueuedBytes = 64 * 1024;
constexpr std::size_t kMaxSingleMessageBytes = 1536 * 1024;

}  // namespace

FakeSender::FakeSender(EventLoop& loop) : later_(loop.timer([this] { on_later(); })) {}

Status FakeSender::send(std::span<const std::uint8_t> message) {
  if (closed_) return fail(ErrorCode::kClosed, "the stream is closed");
  const bool fits = unsent_bytes_ == 0 ? message.size() <= kMaxSingleMessageBytes
                                       : unsent_bytes_ + message.size() <= kMaxQueuedBytes;
  if (!fits) return fail(ErrorCode::kExhausted, "the viewer does not read its messages");
  if (blocked_) unsent_bytes_ += message.size();
  messages_.emplace_back(message.begin(), message.end());
  counters_.messages.add();
  counters_.bytes.add(message.size());
  return {};
}

Status FakeSender::send_frame(std::span<const std::uint8_t> header,
                              std::vector<std::uint8_t>&& payload, std::uint32_t sequence) {
  if (closed_) return fail(ErrorCode::kClosed, "the stream is closed");
  if (!ready_for_frame()) return fail(ErrorCode::kWouldBlock, "the link is not ready for a frame");
  frames_.push_back({{header.begin(), header.end()}, payload, sequence});
  unacknowledged_.push_back(sequence);
  counters_.frames.add();
  counters_.bytes.add(header.size() + payload.size());
  free_payloads_.push_back(std::move(payload));
  later_.arm_after(Duration(0));
  return {};
}

bool FakeSender::ready_for_frame() const {
  const bool ready =
      !closed_ && !blocked_ && unacknowledged_.size() < limits::kMaxUnacknowledgedFrames;
  if (!ready && told_ready_) {
    told_ready_ = false;
    counters_.blocked.add();
  }
  return ready;
}

void FakeSender::acknowledge(std::uint32_t sequence, TimePoint) {
  const auto found = std::find(unacknowledged_.begin(), unacknowledged_.end(), sequence);
  if (found != unacknowledged_.end()) unacknowledged_.erase(unacknowledged_.begin(), found + 1);
  tell_if_ready();
}

void FakeSender::tell_if_ready() {
  if (!told_ready_ && ready_for_frame()) later_.arm_after(Duration(0));
}

void FakeSender::close(std::uint16_t code, std::string_view reason) {
  if (closed_) return;
  closed_ = true;
  close_code_ = code;
  close_reason_ = reason;
  end_ = Error{ErrorCode::kClosed, 0, "closed in order"};
  later_.arm_after(Duration(0));
}

void FakeSender::receive(std::vector<std::uint8_t> message) {
  received_.push_back(std::move(message));
  later_.arm_after(Duration(0));
}

void FakeSender::block(bool blocked) {
  blocked_ = blocked;
  if (!blocked) unsent_bytes_ = 0;
  tell_if_ready();
}

void FakeSender::lose() {
  if (closed_) return;
  closed_ = true;
  end_ = Error{ErrorCode::kUnavailable, 0, "the peer went away"};
  later_.arm_after(Duration(0));
}

void FakeSender::on_later() {
  for (const auto& message : std::exchange(received_, {})) {
    if (!closed_) listener_->on_message(message);
  }
  for (auto& payload : std::exchange(free_payloads_, {})) {
    listener_->on_payload_free(std::move(payload));
  }
  if (end_) {
    const Error why = *std::exchange(end_, std::nullopt);
    listener_->on_closed(why);
    return;  // the owner may have destroyed us
  }
  if (!told_ready_ && ready_for_frame()) {
    told_ready_ = true;
    listener_->on_ready_for_frame();
  }
}

}  // namespace rp
