// Sender: one viewer's way out and in: whole messages over one connection, with back-pressure that
// is felt before a frame is encoded. Implementations: WebSocket over TLS (engine/transport), a fake
// for tests; kTLS and DPDK-SRTP drivers later. One contract suite (tests/contract/sender) holds
// them all.
//
//   session: ready_for_frame()? ── no ─► wait for on_ready_for_frame(); newer damage replaces older
//                │ yes
//                ▼ compose, encode
//            send_frame() ─► user-space queue ─► TLS ─► socket (TCP_NOTSENT_LOWAT) ─► viewer
//                                                                        acknowledge() ◄─ ACK
//
// Thread rule: the viewer's shard. Listener calls come on that loop, never from inside a call into
// the sender.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "engine/base/clock.h"
#include "engine/base/metrics.h"
#include "engine/base/result.h"

namespace rp {

class SenderListener {
 public:
  virtual ~SenderListener() = default;
  // One WebSocket message, whole; the bytes are valid during the call. May call Sender::close().
  virtual void on_message(std::span<const std::uint8_t> bytes) = 0;
  // ready_for_frame() has turned true.
  virtual void on_ready_for_frame() = 0;
  // A frame's payload has been written out (or dropped with the connection): memory for reuse.
  virtual void on_payload_free(std::vector<std::uint8_t> payload) = 0;
  // The connection is gone; the last call. kClosed when in order. The owner destroys the sender
  // after it returns.
  virtual void on_closed(const Error& why) = 0;
};

// What is known of the link, from TCP_INFO and acknowledgements.
struct LinkEstimate {
  std::uint32_t bandwidth_kbps = 0;  // 0: not known yet
  Duration rtt{0};                   // smoothed
  Duration rtt_min{0};               // lowest lately
  Duration queue_delay{0};           // how much older than need be frames arrive now, all of them
  std::uint32_t queued_kbps = 0;     // what came out of a queue lately; 0: there was none
  std::size_t bytes_in_flight = 0;   // unacknowledged
  std::uint32_t delivery_kbps = 0;   // what was acknowledged in the last 300 ms
  bool saturated = false;            // in that time a frame had to wait for the link
};

struct SenderCounters {
  Counter messages;
  Counter frames;
  Counter bytes;
  Counter blocked;  // times ready_for_frame() turned false
};

class Sender {
 public:
  virtual ~Sender() = default;
  // Set once before the loop turns; must outlive the sender.
  virtual void set_listener(SenderListener& listener) = 0;

  // One small message (a copy is taken). kExhausted when 64 KiB of such are unsent (1.5 MiB for one
  // message alone): the peer does not read, close it.
  [[nodiscard]] virtual Status send(std::span<const std::uint8_t> message) = 0;
  // A frame: header and payload go out as one message, the payload is not copied. Only when
  // ready_for_frame(); otherwise kWouldBlock and the payload stays with the caller.
  [[nodiscard]] virtual Status send_frame(std::span<const std::uint8_t> header,
                                          std::vector<std::uint8_t>&& payload,
                                          std::uint32_t sequence) = 0;
  // False while limits::kMaxUnacknowledgedFrames frames are unacknowledged, while more bytes are
  // under way than the link carries in one to two minimal round trips plus one frame (see
  // LinkEstimator), or while the socket is full.
  [[nodiscard]] virtual bool ready_for_frame() const = 0;
  // The viewer has frame `sequence` (and all before it).
  virtual void acknowledge(std::uint32_t sequence, TimePoint now) = 0;
  [[nodiscard]] virtual LinkEstimate estimate() const = 0;
  [[nodiscard]] virtual const SenderCounters& counters() const = 0;
  // Sends what is queued and a close frame with this WebSocket code, then on_closed().
  virtual void close(std::uint16_t code, std::string_view reason) = 0;
};

}  // namespace rp
