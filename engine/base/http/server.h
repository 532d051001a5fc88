// HttpServer: HTTP/1.1 over ByteStreams on one event loop: unix sockets for the control doors, TLS
// for the front. Connections are kept alive; requests of one connection are handled one after
// another (a pipelining peer waits in its own socket). Every phase has a deadline, every size a
// bound, so that a slow, huge or cut request costs its own connection only; what went wrong is
// answered in JSON. Thread rule: the loop's thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "engine/base/byte_stream.h"
#include "engine/base/http/codec.h"
#include "engine/base/http/responder.h"
#include "engine/base/metrics.h"

namespace rp {

struct HttpServerOptions {
  HttpLimits limits = {};
  std::size_t max_connections = 256;
  std::size_t max_connections_per_peer = 256;            // of one address; "unix" counts as one
  Duration idle_timeout = std::chrono::seconds(75);      // between requests
  Duration head_timeout = std::chrono::seconds(10);      // first byte to whole head and body begun
  Duration body_timeout = std::chrono::seconds(30);      // head to whole body
  Duration handler_timeout = std::chrono::seconds(120);  // request to answer: 504 then
  Duration write_timeout = std::chrono::seconds(30);     // without any progress
  HttpHeaders default_headers = {};  // in every answer that does not set them itself
};

struct HttpServerCounters {
  Counter connections;
  Counter refused;  // over max_connections or max_connections_per_peer
  Counter requests;
  Counter faults;    // answered 4xx by the server itself: not HTTP, too long
  Counter timeouts;  // a peer too slow
};

class HttpServer {
 public:
  // `loop` must outlive the server; the handler is called on it.
  HttpServer(EventLoop& loop, HttpHandler handler, HttpServerOptions options = {});
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;
  ~HttpServer();

  // Makes the stream of an accepted socket (TLS, say); null refuses the connection.
  using Wrap = std::function<std::unique_ptr<ByteStream>(UniqueFd socket)>;
  // Serves what comes to this listening socket; any number of them. Plain without a `wrap`.
  [[nodiscard]] Status listen(UniqueFd listener, Wrap wrap = {});
  // Serves one connected stream. Over the cap it is dropped, counted.
  void adopt(std::unique_ptr<ByteStream> stream);
  // Accepts no more; connections at hand go on.
  void stop_listening();

  [[nodiscard]] const HttpServerCounters& counters() const { return counters_; }
  [[nodiscard]] std::size_t open_connections() const { return connections_.size(); }

 private:
  class Connection;
  struct Listener {
    UniqueFd socket;
    Wrap wrap;
    EventLoop::Watch watch;
  };
  void accept_some(const Listener& listener);
  void remove(std::uint64_t id, const std::string& peer);

  EventLoop& loop_;
  HttpHandler handler_;
  HttpServerOptions options_;
  HttpServerCounters counters_;
  std::vector<std::unique_ptr<Listener>> listeners_;
  EventLoop::Timer resume_accepting_;
  std::uint64_t next_id_ = 1;
  // Shared with responders (weakly) and with the call in progress.
  std::unordered_map<std::uint64_t, std::shared_ptr<Connection>> connections_;
  std::unordered_map<std::string, std::size_t> per_peer_;
};

// A unix socket at `path` with this mode and, unless -1, owner. What a dead process left at the
// path is replaced; kExists, naming the path, when a living one answers there.
struct UnixListenOptions {
  unsigned mode = 0600;
  int uid = -1;
  int gid = -1;
};
[[nodiscard]] Result<UniqueFd> listen_unix_fresh(const std::string& path,
                                                 const UnixListenOptions& options);

}  // namespace rp
