// One connection of an HttpServer: reading → waiting for the handler → writing → reading …, or
// closing. Private to engine/base/http. Thread rule: the server's loop.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "engine/base/http/server.h"

namespace rp {

struct ConnectionContext {
  EventLoop& loop;
  const HttpHandler& handler;
  const HttpServerOptions& options;
  HttpServerCounters& counters;
};

class HttpServer::Connection final : public ByteStreamListener,
                                     public std::enable_shared_from_this<Connection> {
 public:
  // `removed` takes the connection out of its server; called once.
  Connection(ConnectionContext context, std::unique_ptr<ByteStream> stream,
             std::function<void()> removed);
  void start();
  // The server goes: close without telling it.
  void abandon();
  void on_ready(bool readable, bool writable) override;

 private:
  enum class Phase { kReading, kWaiting, kWriting, kDraining, kClosed };

  void read_some();
  void drain();
  // Goes on from phase to phase until the peer or the handler must act.
  void advance();
  void dispatch();
  void respond(HttpResponse response);
  void queue(HttpResponse response);
  bool flush();  // false: not all is written yet, or the connection closed
  void after_write();
  void fault(const HttpFault& fault);
  void on_deadline();
  void set_interest();
  void arm_for_reading();
  void close();
  [[nodiscard]] bool hung_up() const;
  [[nodiscard]] std::optional<HttpUpgrade> take_stream();

  ConnectionContext context_;
  std::unique_ptr<ByteStream> stream_;
  std::function<void()> removed_;
  EventLoop::Timer deadline_;
  HttpRequestParser parser_;
  Phase phase_ = Phase::kReading;
  enum class ReadDeadline { kNone, kIdle, kHead, kBody };
  ReadDeadline read_deadline_ = ReadDeadline::kNone;
  bool advancing_ = false;
  bool keep_alive_ = false;
  bool head_only_ = false;
  bool interim_ = false;              // what is being written is "100 Continue"
  std::uint64_t request_number_ = 0;  // so that a late answer cannot answer the next request
  std::string out_;
  std::size_t written_ = 0;
  std::size_t drained_ = 0;
};

}  // namespace rp
