// HttpClient: asks an HTTP/1.1 server over a unix socket or TCP, each request on its own connection
// with its own deadline; answers are whole and bounded. fetch() is the blocking form for the
// command line. Thread rule: the loop's thread; fetch() from any thread that has no loop of its own
// to keep turning.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <variant>

#include "engine/base/event_loop.h"
#include "engine/base/http/codec.h"
#include "engine/base/socket_stream.h"

namespace rp {

// Where a server is: the path of its unix socket, or an address.
using HttpEndpoint = std::variant<std::string, SocketAddress>;

struct HttpClientOptions {
  HttpLimits limits{.head_bytes = limits::kMaxHttpHeaderBytes, .body_bytes = 8 << 20};
  std::size_t max_requests = 256;  // at once; more are answered kExhausted
};

class HttpClient {
 public:
  using Done = std::function<void(Result<HttpResponse>)>;

  HttpClient(EventLoop& loop, HttpEndpoint endpoint, HttpClientOptions options = {});
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;
  // Requests under way are dropped; their callbacks do not come.
  ~HttpClient();

  // `done` comes once, on a later turn of the loop. kUnavailable or kNotFound: nobody listens
  // there; kTimeout: no whole answer in time; kClosed: the answer was cut; kInvalid: not HTTP.
  void send(const HttpRequest& request, Duration timeout, Done done);
  [[nodiscard]] std::size_t pending() const { return exchanges_.size(); }

 private:
  class Exchange;
  void finish(std::uint64_t id, Result<HttpResponse> result);

  EventLoop& loop_;
  HttpEndpoint endpoint_;
  HttpClientOptions options_;
  std::uint64_t next_id_ = 1;
  std::unordered_map<std::uint64_t, std::shared_ptr<Exchange>> exchanges_;
};

[[nodiscard]] Result<HttpResponse> fetch(const HttpEndpoint& endpoint, const HttpRequest& request,
                                         Duration timeout);

}  // namespace rp
