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
#include <vector>

#include "engine/base/event_loop.h"
#include "engine/base/result.h"
#include "engine/base/unique_fd.h"

namespace rp {

class ByteStreamListener {
 public:
  virtual ~ByteStreamListener() = default;
  // May destroy the stream. Errors and the peer's end are found by read() or write().
  virtual void on_ready(bool readable, bool writable) = 0;
};

// A stream that has been given up so that another process can go on with it, without any secret.
struct HandedStream {
  enum class Kind : std::uint8_t {
    kPlain = 0,       // the socket's bytes are the stream's: SocketStream goes on
    kTlsRecords = 1,  // the socket does TLS both ways: OffloadedStream (engine/transport) goes on
  };
  Kind kind = Kind::kPlain;
  UniqueFd socket;
  std::vector<std::uint8_t> unread;  // came before what can be read from the socket
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

  // Much is going to be written from now on: a stream that somebody carries cheaper (TLS by the
  // kernel) changes over if it can. Nobody has to notice. Between two writes, attached or not.
  virtual void expect_bulk() {}
  // Gives the connection up. After success this stream is over and only to be destroyed; after an
  // error it goes on as before. kWouldBlock: not at this moment (a message of TLS is half read or
  // written), try again after the next read or write; kUnsupported: this connection cannot be.
  [[nodiscard]] virtual Result<HandedStream> hand_over() {
    return fail(ErrorCode::kUnsupported, "hand over a stream of this kind");
  }

  // The socket, for its options and TCP_INFO; borrowed.
  [[nodiscard]] virtual int fd() const = 0;
  // The peer's numeric address without its port ("192.0.2.7", "2001:db8::1"); "unix" for a unix
  // socket.
  [[nodiscard]] virtual const std::string& peer() const = 0;
};

}  // namespace rp
