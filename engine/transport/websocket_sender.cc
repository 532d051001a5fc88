#include "engine/transport/websocket_sender.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <utility>

#include <fmt/core.h>
#include <openssl/rand.h>

namespace rp {

namespace {

constexpr std::size_t kReadBytes = 16 * 1024;
constexpr int kReadsPerTurn = 16;  // then others on the loop have their turn
constexpr std::size_t kMaxPartsPerWrite = 16;
constexpr std::size_t kFreeHeads = 8;
constexpr int kNotSentLowWater_bytes = 16 * 1024;
constexpr std::size_t kMaxReasonBytes =
    123;  // RFC 6455, section 5.5: a control frame's 125 less the code

WebSocketMask random_mask() {
  WebSocketMask mask{};
  // Masking protects proxies, not secrets: a failure of the generator leaves zeros, still valid.
  (void)RAND_bytes(mask.data(), static_cast<int>(mask.size()));
  return mask;
}

void append_bytes(std::vector<std::uint8_t>& out, std::span<const std::uint8_t> bytes) {
  out.insert(out.end(), bytes.begin(), bytes.end());
}

}  // namespace

Result<std::unique_ptr<WebSocketSender>> WebSocketSender::create(
    EventLoop& loop, std::unique_ptr<ByteStream> stream, WebSocketRole role,
    std::vector<std::uint8_t> already_read) {
  std::unique_ptr<WebSocketSender> sender(new WebSocketSender(loop, std::move(stream), role));
  const std::size_t max_message_bytes =
      role == WebSocketRole::kServer ? limits::kMaxClientMessageBytes : kMaxServerMessageBytes;
  RP_ASSIGN(sender->receiver_, WebSocketReceiver::create(role, max_message_bytes, *sender));
  RP_TRY(sender->stream_->attach(loop, *sender));
  WebSocketSender* raw = sender.get();
  sender->later_ = loop.timer([raw] { raw->on_later(); });
  sender->close_deadline_ = loop.timer([raw] {
    raw->end(Error{ErrorCode::kTimeout, 0, "the peer did not answer the close"});
  });
  sender->set_socket_options();
  sender->already_read_ = std::move(already_read);
  if (!sender->already_read_.empty()) sender->later_.arm_after(Duration(0));
  sender->update_interest();
  return sender;
}

WebSocketSender::~WebSocketSender() { stream_->detach(); }

void WebSocketSender::set_socket_options() {
  const int on = 1;
  // Both fail on a unix socket, which needs neither.
  (void)::setsockopt(stream_->fd(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  (void)::setsockopt(stream_->fd(), IPPROTO_TCP, TCP_NOTSENT_LOWAT, &kNotSentLowWater_bytes,
                     sizeof kNotSentLowWater_bytes);
}

Status WebSocketSender::send(std::span<const std::uint8_t> message) {
  if (state_ != State::kOpen) return fail(ErrorCode::kClosed, "the stream is closed");
  const bool fits = small_bytes_ == 0 ? message.size() <= kMaxSingleMessageBytes
                                      : small_bytes_ + message.size() <= kMaxQueuedBytes;
  if (!fits) return fail(ErrorCode::kExhausted, "the viewer does not read its messages");
  queue_small(WebSocketOpcode::kBinary, message);
  counters_.messages.add();
  flush();
  return {};
}

Status WebSocketSender::send_frame(std::span<const std::uint8_t> header,
                                   std::vector<std::uint8_t>&& payload, std::uint32_t sequence) {
  if (state_ != State::kOpen) return fail(ErrorCode::kClosed, "the stream is closed");
  if (!ready_for_frame()) return fail(ErrorCode::kWouldBlock, "the link is not ready for a frame");
  Outgoing out;
  if (!free_heads_.empty()) {
    out.head = std::move(free_heads_.back());
    free_heads_.pop_back();
  }
  const bool masks = role_ == WebSocketRole::kClient;
  const WebSocketMask mask = masks ? random_mask() : WebSocketMask{};
  const auto ws = websocket_header(WebSocketOpcode::kBinary, header.size() + payload.size(),
                                   masks ? &mask : nullptr);
  append_bytes(out.head, ws.span());
  append_bytes(out.head, header);
  out.payload = std::move(payload);
  out.frame = true;
  if (masks) {
    apply_websocket_mask(std::span(out.head).subspan(ws.size), mask, 0);
    apply_websocket_mask(out.payload, mask, header.size());
  }
  link_.on_sent(sequence, out.head.size() + out.payload.size(), loop_.clock().now());
  counters_.frames.add();
  ++frames_queued_;
  out_.push_back(std::move(out));
  flush();
  return {};
}

bool WebSocketSender::ready_for_frame() const {
  const bool ready =
      state_ == State::kOpen && frames_queued_ == 0 && link_.may_send(loop_.clock().now());
  if (!ready && told_ready_) {
    told_ready_ = false;
    counters_.blocked.add();
  }
  return ready;
}

void WebSocketSender::acknowledge(std::uint32_t sequence, TimePoint now) {
  link_.on_acknowledged(sequence, now);
  tell_if_ready();
}

void WebSocketSender::tell_if_ready() {
  if (!told_ready_ && ready_for_frame()) later_.arm_after(Duration(0));
}

LinkEstimate WebSocketSender::estimate() const {
  LinkEstimate estimate = link_.estimate(loop_.clock().now());
  if (estimate.rtt.count() > 0) return estimate;
  // No frame was acknowledged yet: what the kernel saw of the handshake is better than nothing.
  tcp_info info{};
  socklen_t length = sizeof info;
  if (::getsockopt(stream_->fd(), IPPROTO_TCP, TCP_INFO, &info, &length) == 0) {
    estimate.rtt = Duration(info.tcpi_rtt);
  }
  return estimate;
}

std::vector<std::uint8_t>& WebSocketSender::small_queue() {
  // Messages behind each other share one entry, also one that is partly written: its bytes only
  // grow.
  if (out_.empty() || out_.back().frame) {
    out_.emplace_back();
    if (!free_heads_.empty()) {
      out_.back().head = std::move(free_heads_.back());
      free_heads_.pop_back();
    }
  }
  return out_.back().head;
}

void WebSocketSender::queue_small(WebSocketOpcode opcode, std::span<const std::uint8_t> payload) {
  const bool masks = role_ == WebSocketRole::kClient;
  const WebSocketMask mask = masks ? random_mask() : WebSocketMask{};
  const auto ws = websocket_header(opcode, payload.size(), masks ? &mask : nullptr);
  auto& head = small_queue();
  append_bytes(head, ws.span());
  append_bytes(head, payload);
  if (masks) apply_websocket_mask(std::span(head).last(payload.size()), mask, 0);
  small_bytes_ += ws.size + payload.size();
}

void WebSocketSender::flush() {
  while (state_ != State::kClosed && !out_.empty()) {
    std::array<iovec, kMaxPartsPerWrite> parts;
    std::size_t count = 0;
    for (Outgoing& out : out_) {
      std::size_t skip = out.sent_bytes;
      for (auto* bytes : {&out.head, &out.payload}) {
        const std::size_t skipped = std::min(skip, bytes->size());
        skip -= skipped;
        if (bytes->size() == skipped || count == parts.size()) continue;
        parts[count++] = {bytes->data() + skipped, bytes->size() - skipped};
      }
      if (count == parts.size()) break;
    }
    const Result<std::size_t> put = stream_->write(std::span<const iovec>(parts.data(), count));
    if (!put) {
      if (put.error().code != ErrorCode::kWouldBlock) end(put.error());
      break;
    }
    counters_.bytes.add(*put);
    retire_sent(*put);
  }
  if (state_ == State::kClosing && out_.empty()) linger_or_end();
  update_interest();
}

void WebSocketSender::retire_sent(std::size_t bytes) {
  while (bytes > 0) {
    Outgoing& out = out_.front();
    const std::size_t size = out.head.size() + out.payload.size();
    const std::size_t taken = std::min(bytes, size - out.sent_bytes);
    out.sent_bytes += taken;
    bytes -= taken;
    if (!out.frame) small_bytes_ -= taken;
    if (out.sent_bytes < size) return;
    if (out.frame) {
      --frames_queued_;
      free_payloads_.push_back(std::move(out.payload));
      later_.arm_after(Duration(0));
    }
    if (free_heads_.size() < kFreeHeads && out.head.capacity() <= kMaxQueuedBytes) {
      out.head.clear();
      free_heads_.push_back(std::move(out.head));
    }
    out_.pop_front();
  }
}

void WebSocketSender::update_interest() {
  if (state_ == State::kClosed) return;
  stream_->set_interest(true, !out_.empty());
}

void WebSocketSender::on_ready(bool readable, bool writable) {
  if (writable) {
    flush();
    tell_if_ready();
  }
  if (readable) read_some();
}

void WebSocketSender::read_some() {
  std::array<std::uint8_t, kReadBytes> buffer;
  for (int i = 0; i < kReadsPerTurn && state_ != State::kClosed; ++i) {
    const Result<std::size_t> got = stream_->read(buffer);
    if (!got) {
      if (got.error().code == ErrorCode::kWouldBlock) return;
      // The end of the bytes is in order only behind close frames.
      const bool in_order = got.error().code == ErrorCode::kClosed && close_code_ != 0;
      end(in_order || got.error().code != ErrorCode::kClosed
              ? got.error()
              : Error{ErrorCode::kUnavailable, 0, "the peer went away without a close frame"});
      return;
    }
    if (!take(std::span(buffer).first(*got))) return;
  }
}

// False when nothing more is to be read now.
bool WebSocketSender::take(std::span<const std::uint8_t> bytes) {
  const bool broken = receiver_->close_code() != 0;
  if (broken || peer_closed_) return true;  // read and dropped while lingering
  replies_.clear();
  const Status fed = receiver_->feed(bytes, replies_);
  if (!fed) {
    if (state_ == State::kOpen) close(receiver_->close_code(), fed.error().operation);
    return state_ != State::kClosed;
  }
  if (!replies_.empty() &&
      (state_ == State::kOpen || (peer_closed_ && state_ == State::kClosing))) {
    append_bytes(small_queue(), replies_);
    small_bytes_ += replies_.size();
  }
  if (small_bytes_ > kMaxSingleMessageBytes + kMaxQueuedBytes) {
    end(Error{ErrorCode::kExhausted, 0, "the peer sends pings and reads no pongs"});
    return false;
  }
  if (!replies_.empty() || peer_closed_) flush();
  return state_ != State::kClosed;
}

void WebSocketSender::on_message(std::span<const std::uint8_t> bytes) {
  if (state_ == State::kOpen) listener_->on_message(bytes);
}

void WebSocketSender::on_close(std::uint16_t code, std::string_view reason) {
  peer_closed_ = true;
  peer_reason_ = fmt::format("closed by the peer: {} {}", code, reason);
  if (close_code_ == 0) close_code_ = code;
  if (state_ == State::kOpen) {
    // The answer is among the receiver's replies, queued when feed() returns.
    state_ = State::kClosing;
    close_deadline_.arm_after(kCloseTimeout);
  } else if (state_ == State::kLingering) {
    end(Error{ErrorCode::kClosed, 0, "closed in order"});
  }
}

void WebSocketSender::close(std::uint16_t code, std::string_view reason) {
  if (state_ != State::kOpen) return;
  state_ = State::kClosing;
  receiver_->stop();
  close_code_ = code;
  std::vector<std::uint8_t> payload = {static_cast<std::uint8_t>(code >> 8),
                                       static_cast<std::uint8_t>(code & 0xFF)};
  std::size_t reason_bytes = std::min(reason.size(), kMaxReasonBytes);
  while (reason_bytes < reason.size() && reason_bytes > 0 &&
         (static_cast<std::uint8_t>(reason[reason_bytes]) & 0xC0) == 0x80) {
    --reason_bytes;  // the reason is UTF-8: cut at a character
  }
  payload.insert(payload.end(), reason.begin(), reason.begin() + static_cast<long>(reason_bytes));
  queue_small(WebSocketOpcode::kClose, payload);
  close_deadline_.arm_after(kCloseTimeout);
  flush();
}

Result<HandedStream> WebSocketSender::hand_over() {
  if (state_ != State::kOpen) return fail(ErrorCode::kClosed, "the stream is closed");
  if (!out_.empty() || !receiver_->idle()) {
    return fail(ErrorCode::kWouldBlock, "a message is half sent or half received");
  }
  RP_ASSIGN(HandedStream handed, stream_->hand_over());
  state_ = State::kClosed;
  later_.cancel();
  handed.unread.insert(handed.unread.begin(), already_read_.begin(), already_read_.end());
  return handed;
}

void WebSocketSender::linger_or_end() {
  if (peer_closed_) {
    // A server ends the connection at once; its peer then sees the end behind the close frame.
    (void)stream_->finish_writing();
    end(Error{ErrorCode::kClosed, 0, peer_reason_});
  } else {
    // Ending now could reset the connection and lose the close frame: wait for the peer's.
    state_ = State::kLingering;
  }
}

void WebSocketSender::end(Error why) {
  if (state_ == State::kClosed) return;
  if (state_ == State::kLingering) (void)stream_->finish_writing();
  state_ = State::kClosed;
  end_ = std::move(why);
  stream_->detach();
  close_deadline_.cancel();
  for (Outgoing& out : out_) {
    if (out.frame) free_payloads_.push_back(std::move(out.payload));
  }
  out_.clear();
  later_.arm_after(Duration(0));
}

void WebSocketSender::on_later() {
  if (!already_read_.empty()) {
    const std::vector<std::uint8_t> bytes = std::move(already_read_);
    already_read_.clear();
    (void)take(bytes);
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
