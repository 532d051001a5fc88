// LoadViewer::Upgrade: the way of one connection from nothing to an open stream, without blocking:
// TCP, TLS, GET /stream and its 101. Thread rule: its loop's thread.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "bench/capacity/viewer/load_viewer.h"
#include "engine/base/byte_stream.h"

namespace rp {

class LoadViewer::Upgrade final : private ByteStreamListener {
 public:
  // `done` comes once, on a later turn of the loop; it may destroy this.
  using Done = std::function<void(Result<std::unique_ptr<WebSocketSender>>)>;
  Upgrade(EventLoop& loop, Done done)
      : loop_(loop), done_(std::move(done)), deadline_(loop.timer([this] { timed_out(); })) {}

  [[nodiscard]] Status start(const std::shared_ptr<TlsContext>& tls,
                             const LoadViewerOptions& options);

 private:
  void on_ready(bool readable, bool writable) override;
  void timed_out();
  void finish(Result<std::unique_ptr<WebSocketSender>> result);
  [[nodiscard]] Status write_request();
  [[nodiscard]] Status read_answer();  // kWouldBlock until its head is whole

  EventLoop& loop_;
  Done done_;
  EventLoop::Timer deadline_;
  std::unique_ptr<ByteStream> stream_;
  std::string request_;
  std::string answer_;
};

}  // namespace rp
