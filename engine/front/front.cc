#include "engine/front/front.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "engine/base/http/json.h"
#include "engine/base/log.h"
#include "engine/base/socket_stream.h"
#include "engine/transport/tls_stream.h"

namespace rp {

HttpHeaders security_headers() {
  return {
      // Lit writes its styles into the page; video frames and images made in the page are blob: and
      // data:.
      {"Content-Security-Policy",
       "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
       "img-src 'self' data: blob:; font-src 'self'; connect-src 'self'; media-src 'self' blob:; "
       "worker-src 'self' blob:; manifest-src 'self'; base-uri 'none'; form-action 'self'; "
       "frame-ancestors 'none'"},
      {"Cross-Origin-Opener-Policy", "same-origin"},
      {"Cross-Origin-Embedder-Policy", "require-corp"},
      {"Cross-Origin-Resource-Policy", "same-origin"},
      {"X-Content-Type-Options", "nosniff"},
      {"X-Frame-Options", "DENY"},
      {"Referrer-Policy", "no-referrer"},
      {"Strict-Transport-Security", "max-age=31536000"},
      {"Permissions-Policy",
       "camera=(self), microphone=(self), clipboard-read=(self), clipboard-write=(self), "
       "fullscreen=(self), geolocation=()"},
      {"Cache-Control", "no-store"},
  };
}

Result<UniqueFd> listen_everywhere(std::uint16_t port) {
  // An IPv6 socket takes IPv4 too (as ::ffff:a.b.c.d), unless the host has no IPv6.
  constexpr int kBacklog = 1024;
  auto both = listen_tcp({"::", port}, kBacklog);
  if (both || both.error().errno_value == EADDRINUSE || both.error().errno_value == EACCES)
    return both;
  return listen_tcp({"0.0.0.0", port}, kBacklog);
}

Result<std::unique_ptr<Front>> Front::create(FrontParts parts, FrontOptions options) {
  if (parts.files) RP_TRY(parts.files->check());
  std::unique_ptr<Front> front(new Front(std::move(parts), std::move(options)));
  front->add_routes();
  front->register_metrics();
  return front;
}

Front::Front(FrontParts parts, FrontOptions options)
    : parts_(std::move(parts)),
      limiter_(parts_.loop.clock(), options.connection_rate),
      api_(parts_.loop, std::move(options.controller_socket)),
      gate_(parts_.loop, parts_.tickets, parts_.sink),
      server_(parts_.loop, router_.handler(),
              {.max_connections = options.max_connections,
               .max_connections_per_peer = options.max_connections_per_address,
               .default_headers = security_headers()}) {}

void Front::add_routes() {
  router_.add("*", "/api/*", [this](const HttpRequest& request, const HttpResponder& responder) {
    api_.handle(request, responder);
  });
  router_.add("GET", "/stream", [this](const HttpRequest& request, const HttpResponder& responder) {
    gate_.handle(request, responder);
  });
  router_.add_sync("GET", "/healthz", [](const HttpRequest&) {
    return HttpResponse{200, {{"Content-Type", "application/json"}}, "{\"status\":\"ok\"}\n"};
  });
  router_.add_sync("*", "/*", [this](const HttpRequest& request) {
    if (!parts_.files)
      return json_error(404, "not_found", {}, "there is no page here: see --web-root");
    return parts_.files->serve(request);
  });
}

Status Front::listen(UniqueFd listener) {
  return server_.listen(std::move(listener),
                        [this](UniqueFd socket) { return begin_tls(std::move(socket)); });
}

std::unique_ptr<ByteStream> Front::begin_tls(UniqueFd socket) {
  const std::string peer = peer_address(socket.get());
  if (!limiter_.allow(peer)) {
    limited_.add();
    log_limited(LogLevel::kWarning, "front.address_limited", {{"peer", peer}});
    return nullptr;
  }
  const int on = 1;
  // Best effort: a socket without it is only slower.
  ::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  auto stream = TlsStream::accept(parts_.tls, std::move(socket));
  if (!stream) {
    log_limited(LogLevel::kError, "front.tls_failed", {{"error", stream.error()}});
    return nullptr;
  }
  return std::move(*stream);
}

void Front::register_metrics() {
  const auto add = [this](std::string name, std::string help, Labels labels,
                          const Counter& counter) {
    metric_handles_.push_back(
        parts_.metrics.add(std::move(name), std::move(help), std::move(labels), counter));
  };
  const HttpServerCounters& http = server_.counters();
  const StreamGateCounters& gate = gate_.counters();
  const std::string refused = "rackphone_front_refused_total";
  const std::string refused_help = "Connections, requests and streams the front refused, by reason";
  add("rackphone_front_connections_total", "Connections the front accepted", {}, http.connections);
  add("rackphone_front_requests_total", "HTTP requests the front took", {}, http.requests);
  add("rackphone_front_api_requests_total", "Requests passed to the controller", {},
      api_.counters().requests);
  add("rackphone_front_api_failures_total", "Requests the controller did not answer", {},
      api_.counters().failures);
  add("rackphone_front_streams_total", "Streams handed to the shards", {}, gate.opened);
  add(refused, refused_help, {{"reason", "rate"}}, limited_);
  add(refused, refused_help, {{"reason", "connections"}}, http.refused);
  add(refused, refused_help, {{"reason", "malformed"}}, http.faults);
  add(refused, refused_help, {{"reason", "slow"}}, http.timeouts);
  add(refused, refused_help, {{"reason", "handshake"}}, gate.bad_handshakes);
  add(refused, refused_help, {{"reason", "ticket"}}, gate.bad_tickets);
  add(refused, refused_help, {{"reason", "version"}}, gate.bad_versions);
  add(refused, refused_help, {{"reason", "lost"}}, gate.lost);
  register_tls_metrics(add);
  metric_handles_.push_back(
      parts_.metrics.add("rackphone_front_open_connections", "Connections in HTTP now", {},
                         [this] { return static_cast<double>(server_.open_connections()); }));
}

void Front::register_tls_metrics(const AddCounter& add) {
  const TlsCounters& tls = parts_.tls->counters();
  const std::string streams = "rackphone_tls_streams_total";
  const std::string help = "Streams by who makes the TLS records that are sent";
  add(streams, help, {{"records", "process"}}, tls.by_process);
  add(streams, help, {{"records", "kernel"}}, tls.by_kernel);
  add(streams, help, {{"records", "card"}}, tls.by_card);
  add("rackphone_tls_refused_total", "Streams the kernel's TLS could not take", {}, tls.refused);
  add("rackphone_tls_key_updates_total", "Key updates by viewers whose stream the kernel sends", {},
      tls.key_updates);
  add("rackphone_tls_key_update_ends_total", "Streams ended because the kernel takes no new key",
      {}, tls.ended_by_key_update);
  add("rackphone_tls_handed_over_total", "Streams handed to another process", {}, tls.handed_over);
}

}  // namespace rp
