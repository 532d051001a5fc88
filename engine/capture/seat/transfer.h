// Transfers: the bytes of selections on their way through pipes, pumped by the event loop. A client
// that stalls costs a pipe and a timer until the deadline, never a wait. Thread rule: the display's
// loop.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "engine/base/event_loop.h"
#include "engine/base/result.h"
#include "engine/base/unique_fd.h"

namespace rp {

inline constexpr Duration kTransferDeadline{5'000'000};

// Reads a pipe to its end.
class ReadTransfer {
 public:
  // kExhausted over limits::kMaxClipboardBytes, kTimeout after kTransferDeadline. Called once, from
  // the loop; it may destroy the transfer.
  using Done = std::function<void(Result<std::string>)>;

  // Starts to read; `fd` is the read end, non-blocking. Destroying the transfer ends it.
  [[nodiscard]] static Result<std::unique_ptr<ReadTransfer>> start(EventLoop& loop, UniqueFd fd,
                                                                   Done done);

 private:
  ReadTransfer(UniqueFd fd, Done done) : fd_(std::move(fd)), done_(std::move(done)) {}
  void read_some();
  void finish(Result<std::string> result);

  UniqueFd fd_;
  Done done_;
  std::string data_;
  EventLoop::Watch watch_;
  EventLoop::Timer deadline_;
};

// Writes one text to the descriptors clients hand in, several at a time.
class WriteTransfers {
 public:
  explicit WriteTransfers(EventLoop& loop);
  ~WriteTransfers();

  // Writes `text` and closes. Descriptors other than pipes, sockets and pseudo-terminals are
  // closed at once (a file's write could block), as are those over limits::kMaxTransfers.
  void start(UniqueFd fd, std::shared_ptr<const std::string> text);
  [[nodiscard]] std::size_t count() const { return running_.size(); }

 private:
  struct One;
  void write_some(One& one);
  void finish(One& one);

  EventLoop& loop_;
  std::vector<std::unique_ptr<One>> running_;
};

// A pipe whose read end does not block and whose write end, a client's, does.
struct Pipe {
  UniqueFd read;
  UniqueFd write;
};
[[nodiscard]] Result<Pipe> create_transfer_pipe();

}  // namespace rp
