// Front: the one port of a host. TLS, HTTP, then one of three ways: /api/… to the controller,
// /stream to a shard, anything else a file of the page. It holds no state worth keeping, knows no
// phone, and a gateway is this without shards. Thread rule: one loop, of its own.
//
//   accept ─► limit per address ─► TLS ─► HTTP ─┬─ /api/…   ApiProxy ─► controller's unix socket
//                                               ├─ /stream  StreamGate ─ ticket ─► StreamSink (a
//                                               shard) └─ others   StaticFiles
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/http/router.h"
#include "engine/base/http/server.h"
#include "engine/base/metrics.h"
#include "engine/front/address_limiter.h"
#include "engine/front/api_proxy.h"
#include "engine/front/static_files.h"
#include "engine/front/stream_gate.h"
#include "engine/transport/tls_context.h"

namespace rp {

struct FrontOptions {
  std::string controller_socket = {};  // /run/rackphone/api/api.sock
  std::size_t max_connections = 1024;  // in HTTP; streams have left it
  std::size_t max_connections_per_address = 64;
  AddressLimits connection_rate{.per_second = 20, .burst = 200};
};

struct FrontParts {
  EventLoop& loop;
  std::shared_ptr<TlsContext> tls;  // shared with the streams handed on
  TicketVerifier& tickets;
  StreamSink& sink;
  Registry& metrics;
  std::optional<StaticFiles> files = {};  // of the page; without them 404
};

class Front {
 public:
  // What the parts refer to must outlive it. kDenied: the process may not read the page.
  [[nodiscard]] static Result<std::unique_ptr<Front>> create(FrontParts parts,
                                                             FrontOptions options);
  Front(const Front&) = delete;
  Front& operator=(const Front&) = delete;

  // Serves TLS on this listening socket (listen_everywhere, listen_tcp); any number of them.
  [[nodiscard]] Status listen(UniqueFd listener);
  void stop_listening() { server_.stop_listening(); }

 private:
  Front(FrontParts parts, FrontOptions options);
  void add_routes();
  using AddCounter =
      std::function<void(std::string name, std::string help, Labels labels, const Counter&)>;
  void register_metrics();
  void register_tls_metrics(const AddCounter& add);
  [[nodiscard]] std::unique_ptr<ByteStream> begin_tls(UniqueFd socket);

  FrontParts parts_;
  AddressLimiter limiter_;
  Counter limited_;
  ApiProxy api_;
  StreamGate gate_;
  Router router_;
  HttpServer server_;
  std::vector<Registry::Handle> metric_handles_;
};

// A TCP listener for all IPv4 and IPv6 addresses, or IPv4 alone where the kernel has no IPv6.
// kExists, saying so, when the port is in use.
[[nodiscard]] Result<UniqueFd> listen_everywhere(std::uint16_t port);

// In every answer of the front: what a browser may do with what it gets. Scripts come from this
// host only.
[[nodiscard]] HttpHeaders security_headers();

}  // namespace rp
