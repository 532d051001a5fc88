#include "engine/base/http/server_connection.h"

#include <poll.h>

#include <array>
#include <utility>

#include "engine/base/http/json.h"

namespace rp {

namespace {

// After the last answer what the peer still sends is read and dropped for a while: closing with
// unread bytes makes the kernel send a reset, which can destroy the answer before the peer has read
// it.
constexpr std::size_t kMaxDrainBytes = 4 << 20;
constexpr Duration kDrainTimeout = std::chrono::seconds(2);
constexpr std::size_t kReadBytes = 16'384;

}  // namespace

HttpServer::Connection::Connection(ConnectionContext context, std::unique_ptr<ByteStream> stream,
                                   std::function<void()> removed)
    : context_(context),
      stream_(std::move(stream)),
      removed_(std::move(removed)),
      deadline_(context.loop.timer([this] { on_deadline(); })),
      parser_(context.options.limits) {}

void HttpServer::Connection::start() {
  if (!stream_->attach(context_.loop, *this)) return close();
  arm_for_reading();
  set_interest();
}

void HttpServer::Connection::abandon() {
  removed_ = nullptr;
  close();
}

void HttpServer::Connection::close() {
  if (phase_ == Phase::kClosed) return;
  phase_ = Phase::kClosed;
  deadline_.cancel();
  stream_.reset();
  if (removed_) std::exchange(removed_, nullptr)();
}

void HttpServer::Connection::set_interest() {
  if (phase_ == Phase::kClosed) return;
  stream_->set_interest(phase_ == Phase::kReading || phase_ == Phase::kDraining,
                        phase_ == Phase::kWriting);
}

void HttpServer::Connection::on_ready(bool readable, bool /*writable*/) {
  const auto self = shared_from_this();
  switch (phase_) {
    case Phase::kReading:
      if (readable) read_some();
      break;
    case Phase::kWaiting:
      // Nothing was asked for, so the peer is gone, or the call came for nothing.
      if (hung_up()) close();
      break;
    case Phase::kDraining:
      drain();
      break;
    case Phase::kWriting:
    case Phase::kClosed:
      break;
  }
  advance();
}

bool HttpServer::Connection::hung_up() const {
  pollfd poll_fd{.fd = stream_->fd(), .events = 0, .revents = 0};
  return ::poll(&poll_fd, 1, 0) == 1 && (poll_fd.revents & (POLLHUP | POLLERR)) != 0;
}

void HttpServer::Connection::read_some() {
  std::array<std::uint8_t, kReadBytes> buffer;
  const auto got = stream_->read(buffer);
  if (!got) {
    if (got.error().code != ErrorCode::kWouldBlock) close();
    return;
  }
  if (const auto fed = parser_.feed(std::span(buffer).first(*got)); !fed) fault(fed.error());
}

void HttpServer::Connection::drain() {
  std::array<std::uint8_t, kReadBytes> buffer;
  const auto got = stream_->read(buffer);
  if (got) drained_ += *got;
  if (drained_ > kMaxDrainBytes || (!got && got.error().code != ErrorCode::kWouldBlock)) close();
}

void HttpServer::Connection::advance() {
  if (advancing_) return;
  advancing_ = true;
  bool moving = true;
  while (moving) {
    moving = false;
    if (phase_ == Phase::kReading) {
      if (parser_.done()) {
        dispatch();
        moving = true;
      } else if (parser_.wants_continue()) {
        out_ = "HTTP/1.1 100 Continue\r\n\r\n";
        interim_ = true;
        phase_ = Phase::kWriting;
        moving = true;
      } else {
        arm_for_reading();
      }
    } else if (phase_ == Phase::kWriting && flush()) {
      after_write();
      moving = true;
    }
  }
  advancing_ = false;
  set_interest();
}

// Each deadline counts from the begin of its part, not from the last byte: one byte a second must
// not hold a connection for ever.
void HttpServer::Connection::arm_for_reading() {
  ReadDeadline wanted = ReadDeadline::kIdle;
  Duration delay = context_.options.idle_timeout;
  if (parser_.head_done()) {
    wanted = ReadDeadline::kBody;
    delay = context_.options.body_timeout;
  } else if (parser_.started()) {
    wanted = ReadDeadline::kHead;
    delay = context_.options.head_timeout;
  }
  if (wanted == read_deadline_) return;
  read_deadline_ = wanted;
  deadline_.arm_after(delay);
}

void HttpServer::Connection::dispatch() {
  read_deadline_ = ReadDeadline::kNone;
  auto taken = parser_.take();
  if (!taken) return fault(taken.error());
  context_.counters.requests.add();
  keep_alive_ = taken->keep_alive;
  head_only_ = taken->request.method == "HEAD";
  taken->request.peer = stream_->peer();
  phase_ = Phase::kWaiting;
  deadline_.arm_after(context_.options.handler_timeout);
  const std::uint64_t number = ++request_number_;
  const std::weak_ptr<Connection> weak = weak_from_this();
  context_.handler(std::move(taken->request), HttpResponder(
                                                  [weak, number](HttpResponse response) {
                                                    const auto self = weak.lock();
                                                    if (self && self->request_number_ == number) {
                                                      self->respond(std::move(response));
                                                    }
                                                  },
                                                  [weak, number]() -> std::optional<HttpUpgrade> {
                                                    const auto self = weak.lock();
                                                    if (!self || self->request_number_ != number)
                                                      return std::nullopt;
                                                    return self->take_stream();
                                                  }));
}

void HttpServer::Connection::respond(HttpResponse response) {
  if (phase_ != Phase::kWaiting) return;
  queue(std::move(response));
  advance();
}

void HttpServer::Connection::queue(HttpResponse response) {
  for (const auto& [name, value] : context_.options.default_headers.fields()) {
    if (!response.headers.contains(name)) response.headers.add(name, value);
  }
  out_ = serialise(response, {.keep_alive = keep_alive_,
                              .head_only = head_only_,
                              .date_unix_seconds = context_.loop.clock().unix_seconds()});
  interim_ = false;
  written_ = 0;
  phase_ = Phase::kWriting;
  read_deadline_ = ReadDeadline::kNone;
  deadline_.arm_after(context_.options.write_timeout);
}

bool HttpServer::Connection::flush() {
  while (written_ < out_.size()) {
    const auto* data = reinterpret_cast<const std::uint8_t*>(out_.data());
    const auto wrote = stream_->write(std::span(data, out_.size()).subspan(written_));
    if (!wrote) {
      if (wrote.error().code != ErrorCode::kWouldBlock) close();
      return false;
    }
    written_ += *wrote;
    if (!interim_) deadline_.arm_after(context_.options.write_timeout);
  }
  return true;
}

void HttpServer::Connection::after_write() {
  out_ = {};
  written_ = 0;
  if (std::exchange(interim_, false)) {
    phase_ = Phase::kReading;
    return;
  }
  if (!keep_alive_) {
    phase_ = Phase::kDraining;
    deadline_.arm_after(kDrainTimeout);
    // A TLS stream that would block here says its goodbye never; the deadline ends it all the same.
    if (const auto ended = stream_->finish_writing();
        !ended && ended.error().code != ErrorCode::kWouldBlock) {
      close();
    }
    return;
  }
  phase_ = Phase::kReading;
  if (const auto fed = parser_.feed({}); !fed) fault(fed.error());
}

void HttpServer::Connection::fault(const HttpFault& fault) {
  context_.counters.faults.add();
  keep_alive_ = false;
  head_only_ = false;
  queue(json_error(fault.status, fault.status == 400 ? "invalid" : "too_large", {}, fault.message));
}

void HttpServer::Connection::on_deadline() {
  const auto self = shared_from_this();
  if (phase_ == Phase::kWaiting) {
    keep_alive_ = false;
    respond(json_error(504, "timeout", {}, "the request took too long and was given up"));
    return;
  }
  if (phase_ == Phase::kReading && read_deadline_ != ReadDeadline::kIdle) {
    context_.counters.timeouts.add();
    keep_alive_ = false;
    queue(json_error(408, "timeout", {}, "the request came too slowly"));
    advance();
    return;
  }
  if (phase_ == Phase::kWriting) context_.counters.timeouts.add();
  close();
}

std::optional<HttpUpgrade> HttpServer::Connection::take_stream() {
  if (phase_ != Phase::kWaiting) return std::nullopt;
  stream_->detach();
  HttpUpgrade upgrade{std::move(stream_), parser_.take_leftover()};
  close();
  return upgrade;
}

}  // namespace rp
