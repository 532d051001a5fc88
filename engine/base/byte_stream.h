// ByteStream: a connected, non-blocking stream of bytes on an event loop: plain TCP or unix here
// (engine/base/socket_stream.h), TLS in engine/transport. What HTTP and WebSocket are built on.
//
// Readiness is level triggered: while an interest is set and the stream can serve it, on_ready()
// keeps coming, one call a turn of the loop. A call may come for nothing: read() or write() then
// say kWouldBlock. Thread rule: the loop it is attached to. Between detach() and attach() it may
// move to another thread.
#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "engine/base/event_loop.h"
#include "engine/base/result.h"

namespace rp {

class ByteStreamListener {
 public:
  virtual ~ByteStreamListener() = default;
  // May destroy the stream. Errors and the peer's end are found by read() or write().
  virtual void on_ready(bool readable, bool writable) = 0;
};

class ByteStream {
 public:
  virtual ~ByteStream() = default;

  // Joins `loop`, with no interest set. `listener` is told; both must outlive the attachment. A
  // stream that is attached already is detached first.
  [[nodiscard]] virtual Status attach(EventLoop& loop, ByteStreamListener& listener) = 0;
  // Leaves the loop; no call comes after it returns. The stream keeps its state and buffered bytes.
  virtual void detach() = 0;
  // What on_ready() is wanted for. Only while attached.
  virtual void set_interest(bool read, bool write) = 0;

  // 1 to buffer.size() bytes. kWouldBlock: none now; kClosed: the peer ended the stream in order;
  // anything else: the connection is broken.
  [[nodiscard]] virtual Result<std::size_t> read(std::span<std::uint8_t> buffer) = 0;
  // Takes 1 or more bytes from the front of `parts`, laid end to end (at most 16 parts are looked
  // at). After kWouldBlock the next write must offer the same bytes again, possibly followed by
  // more.
  [[nodiscard]] virtual Result<std::size_t> write(std::span<const iovec> parts) = 0;
  [[nodiscard]] Result<std::size_t> write(std::span<const std::uint8_t> bytes);
  // Tells the peer that no more bytes follow; reading goes on. kWouldBlock: call again when
  // writable.
  [[nodiscard]] virtual Status finish_writing() = 0;

  // The socket, for its options and TCP_INFO; borrowed.
  [[nodiscard]] virtual int fd() const = 0;
  // The peer's numeric address without its port ("192.0.2.7", "2001:db8::1"); "unix" for a unix
  // socket.
  [[nodiscard]] virtual const std::string& peer() const = 0;
};

}  // namespace rp
