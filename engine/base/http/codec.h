// The bytes of HTTP/1.1 (RFC 9112), both directions, without a socket: feed what arrived, take
// whole messages; Boost.Beast's parser does the reading behind these names. Everything is bounded:
// a head or body beyond HttpLimits is a fault with the status that answers it. Fuzzed:
// tests/fuzz/http. Thread rule: one thread at a time.
#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "engine/base/http/message.h"
#include "engine/base/limits.h"

namespace rp {

struct HttpLimits {
  std::size_t head_bytes = limits::kMaxHttpHeaderBytes;
  std::size_t body_bytes = limits::kMaxHttpBodyBytes;
};

// Why bytes are no message, and the status that says so: 400, 413, 431, 501 or 505.
struct HttpFault {
  int status = 400;
  std::string message;
};

class HttpRequestParser {
 public:
  explicit HttpRequestParser(HttpLimits limits = {});
  HttpRequestParser(HttpRequestParser&&) noexcept;
  HttpRequestParser& operator=(HttpRequestParser&&) noexcept;
  ~HttpRequestParser();

  // Takes bytes of the peer. After a fault the parser is spent. Bytes after a whole request are
  // kept for the next; feed nothing more until take().
  [[nodiscard]] std::expected<void, HttpFault> feed(std::span<const std::uint8_t> bytes);
  [[nodiscard]] bool done() const;
  // Some bytes of a request are here (a slow peer is in the middle of one).
  [[nodiscard]] bool started() const;
  [[nodiscard]] bool head_done() const;
  // The head is here, the body is not, and the peer waits for "100 Continue" (RFC 9110 10.1.1).
  // True once.
  [[nodiscard]] bool wants_continue();

  struct Taken {
    HttpRequest request;  // path and query filled
    bool keep_alive = false;
  };
  // The whole request; only when done(). A bad target or Host is a fault. The parser is then ready
  // for the next request: call feed({}) to look at bytes already here.
  [[nodiscard]] std::expected<Taken, HttpFault> take();
  // What came after the last request taken (a client that sends on before an upgrade is answered).
  [[nodiscard]] std::string take_leftover();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

class HttpResponseParser {
 public:
  // `head_only`: the answer to a HEAD request, whose length is not followed by a body.
  explicit HttpResponseParser(HttpLimits limits = {}, bool head_only = false);
  HttpResponseParser(HttpResponseParser&&) noexcept;
  HttpResponseParser& operator=(HttpResponseParser&&) noexcept;
  ~HttpResponseParser();

  [[nodiscard]] Status feed(std::span<const std::uint8_t> bytes);
  // The peer ended the connection: completes a body without a length, or kClosed when cut short.
  [[nodiscard]] Status feed_end();
  [[nodiscard]] bool done() const;
  [[nodiscard]] HttpResponse take();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

struct HttpWriteOptions {
  bool keep_alive = false;
  bool head_only = false;              // the answer to HEAD: the length is told, the body left out
  std::int64_t date_unix_seconds = 0;  // 0: no Date field
};

// The message's bytes. Content-Length and Connection are written here and taken out of `headers`;
// control characters in a field become spaces, so that no value can begin a field of its own.
[[nodiscard]] std::string serialise(const HttpResponse& response, const HttpWriteOptions& options);
// As above; adds "Host: rackphone" when there is none. One request a connection (Connection:
// close).
[[nodiscard]] std::string serialise(const HttpRequest& request);

// "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110 5.6.7).
[[nodiscard]] std::string http_date(std::int64_t unix_seconds);

}  // namespace rp
