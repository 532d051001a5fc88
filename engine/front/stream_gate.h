// StreamGate: the way from GET /stream to a shard (docs/wire_format.md). Checks the WebSocket
// handshake (RFC 6455 4.2.1), the Origin and the ticket among the sub-protocols, answers 101 and
// hands the bare connection on. A browser's script sees only close codes, so a refused ticket too
// is answered with a whole handshake, then a close frame: 4401, or 4426 when no version is common.
// Thread rule: the front's loop.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "engine/base/http/responder.h"
#include "engine/base/metrics.h"
#include "engine/base/ticket.h"
#include "engine/front/stream_sink.h"

namespace rp {

struct StreamGateCounters {
  Counter opened;
  Counter bad_handshakes;  // answered 400, 403, 426
  Counter bad_tickets;     // closed 4401
  Counter bad_versions;    // closed 4426
  Counter lost;            // the peer went or stalled during the handshake
};

class StreamGate {
 public:
  // All must outlive the gate.
  StreamGate(EventLoop& loop, TicketVerifier& tickets, StreamSink& sink);
  ~StreamGate();

  void handle(const HttpRequest& request, const HttpResponder& responder);
  [[nodiscard]] const StreamGateCounters& counters() const { return counters_; }

 private:
  class Opening;
  struct Offer;
  void open(const HttpRequest& request, const HttpResponder& responder, const Offer& offer);
  void remove(std::uint64_t id);

  EventLoop& loop_;
  TicketVerifier& tickets_;
  StreamSink& sink_;
  StreamGateCounters counters_;
  std::uint64_t next_id_ = 1;
  std::unordered_map<std::uint64_t, std::shared_ptr<Opening>> openings_;
};

// Sec-WebSocket-Accept for a Sec-WebSocket-Key (RFC 6455 4.2.2).
[[nodiscard]] std::string websocket_accept(std::string_view key);
// True when the request comes from this host's own pages, or from no page at all: browsers always
// send Origin with a WebSocket, and other programs need a ticket as well.
[[nodiscard]] bool is_same_origin(const HttpRequest& request);

}  // namespace rp
