#include "engine/front/stream_gate.h"

#include <array>
#include <utility>
#include <vector>

#include <openssl/evp.h>

#include "engine/base/base64.h"
#include "engine/base/http/json.h"
#include "engine/base/log.h"
#include "engine/transport/websocket_frame.h"

namespace rp {

namespace {

constexpr std::string_view kProtocol = "rackphone.v1";
constexpr std::string_view kTicketPrefix = "ticket.";
constexpr std::uint16_t kCloseTicket = 4401;
constexpr std::uint16_t kCloseVersion = 4426;
// For the answer to leave, and for the peer's goodbye after a refusal.
constexpr Duration kOpeningTimeout = std::chrono::seconds(5);
constexpr std::size_t kMaxGoodbyeBytes = 65'536;

std::string close_frame(std::uint16_t code, std::string_view reason) {
  // RFC 6455 5.5: a control frame's payload is at most 125 bytes.
  std::string payload{static_cast<char>(code >> 8), static_cast<char>(code & 0xff)};
  payload += reason.substr(0, 123);
  const auto header = websocket_header(WebSocketOpcode::kClose, payload.size(), nullptr);
  return std::string(reinterpret_cast<const char*>(header.bytes.data()), header.size) + payload;
}

std::string handshake_answer(const HttpRequest& request, std::string_view protocol) {
  std::string out =
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
      "Sec-WebSocket-Accept: ";
  out += websocket_accept(request.headers.get("Sec-WebSocket-Key"));
  if (!protocol.empty()) {
    out += "\r\nSec-WebSocket-Protocol: ";
    out += protocol;
  }
  out += "\r\n\r\n";
  return out;
}

// What is wrong with the handshake itself; status 0 when nothing is.
HttpResponse handshake_fault(const HttpRequest& request) {
  const HttpHeaders& headers = request.headers;
  if (!headers.lists("Upgrade", "websocket") || !headers.lists("Connection", "upgrade")) {
    HttpResponse response =
        json_error(426, "upgrade_required", "Upgrade", "/stream is a WebSocket: send an upgrade");
    response.headers.set("Upgrade", "websocket");
    return response;
  }
  if (headers.get("Sec-WebSocket-Version") != "13") {
    HttpResponse response = json_error(426, "upgrade_required", "Sec-WebSocket-Version",
                                       "Sec-WebSocket-Version must be 13");
    response.headers.set("Sec-WebSocket-Version", "13");
    return response;
  }
  const auto key = base64_decode(headers.get("Sec-WebSocket-Key"));
  if (!key || key->size() != 16 || headers.count("Sec-WebSocket-Key") != 1) {
    return json_error(400, "invalid", "Sec-WebSocket-Key",
                      "Sec-WebSocket-Key must be the base64 of 16 bytes");
  }
  if (!is_same_origin(request)) {
    return json_error(403, "denied", "Origin", "streams open only from this host's own pages");
  }
  return {0, {}, {}};
}

}  // namespace

std::string websocket_accept(std::string_view key) {
  const std::string text = std::string(key) + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  std::array<unsigned char, 20> digest{};
  RP_CHECK(::EVP_Digest(text.data(), text.size(), digest.data(), nullptr, ::EVP_sha1(), nullptr) ==
           1);
  return base64_encode({reinterpret_cast<const char*>(digest.data()), digest.size()});
}

bool is_same_origin(const HttpRequest& request) {
  if (!request.headers.contains("Origin")) return true;
  return request.headers.count("Origin") == 1 &&
         equals_ignoring_case(request.headers.get("Origin"),
                              "https://" + std::string(request.headers.get("Host")));
}

// What the client offers: the sub-protocol to answer with, and its ticket.
struct StreamGate::Offer {
  std::string protocol;
  std::string ticket;
};

// One connection between the HTTP server and the sink: its answer is on the way out.
class StreamGate::Opening final : public ByteStreamListener,
                                  public std::enable_shared_from_this<Opening> {
 public:
  Opening(StreamGate& gate, std::uint64_t id, HttpUpgrade upgrade, std::string out)
      : gate_(gate),
        id_(id),
        stream_(std::move(upgrade.stream)),
        early_(upgrade.leftover.begin(), upgrade.leftover.end()),
        out_(std::move(out)),
        deadline_(gate.loop_.timer([this] {
          if (written_ < out_.size()) gate_.counters_.lost.add();
          end();
        })) {}

  // With a ticket the stream goes to the sink once all is written; without, it is drained and
  // closed.
  void start(std::optional<StreamTicket> ticket) {
    ticket_ = std::move(ticket);
    deadline_.arm_after(kOpeningTimeout);
    if (!stream_->attach(gate_.loop_, *this)) return end();
    stream_->set_interest(false, true);
  }

  void on_ready(bool readable, bool /*writable*/) override {
    const auto self = shared_from_this();
    if (written_ < out_.size()) {
      write_some();
    } else if (readable) {
      drain();
    }
  }

 private:
  void write_some() {
    const auto* data = reinterpret_cast<const std::uint8_t*>(out_.data());
    const auto wrote = stream_->write(std::span(data, out_.size()).subspan(written_));
    if (!wrote) {
      if (wrote.error().code == ErrorCode::kWouldBlock) return;
      gate_.counters_.lost.add();
      return end();
    }
    written_ += *wrote;
    if (written_ < out_.size()) return;
    if (ticket_) return hand_over();
    stream_->set_interest(true, false);
  }

  void hand_over() {
    stream_->detach();
    // Not before the ticket was good: strangers do not reach the kernel's TLS.
    stream_->expect_bulk();
    gate_.counters_.opened.add();
    gate_.sink_.accept_stream(std::move(stream_), std::move(early_), std::move(*ticket_));
    end();
  }

  void drain() {
    std::array<std::uint8_t, 4096> buffer;
    const auto got = stream_->read(buffer);
    if (got) drained_ += *got;
    if (drained_ > kMaxGoodbyeBytes || (!got && got.error().code != ErrorCode::kWouldBlock)) end();
  }

  void end() {
    deadline_.cancel();
    stream_.reset();
    gate_.remove(id_);
  }

  StreamGate& gate_;
  std::uint64_t id_;
  std::unique_ptr<ByteStream> stream_;
  std::vector<std::uint8_t> early_;
  std::string out_;
  std::size_t written_ = 0;
  std::size_t drained_ = 0;
  std::optional<StreamTicket> ticket_;
  EventLoop::Timer deadline_;
};

StreamGate::StreamGate(EventLoop& loop, TicketVerifier& tickets, StreamSink& sink)
    : loop_(loop), tickets_(tickets), sink_(sink) {}

StreamGate::~StreamGate() = default;

void StreamGate::remove(std::uint64_t id) { openings_.erase(id); }

void StreamGate::handle(const HttpRequest& request, const HttpResponder& responder) {
  if (HttpResponse fault = handshake_fault(request); fault.status != 0) {
    counters_.bad_handshakes.add();
    return responder.send(std::move(fault));
  }
  Offer offer;
  for (const std::string& name : request.headers.list("Sec-WebSocket-Protocol")) {
    if (name.starts_with(kTicketPrefix)) {
      offer.ticket = name.substr(kTicketPrefix.size());
    } else if (offer.protocol.empty() || name == kProtocol) {
      offer.protocol = name;
    }
  }
  open(request, responder, offer);
}

void StreamGate::open(const HttpRequest& request, const HttpResponder& responder,
                      const Offer& offer) {
  auto upgrade = responder.take_stream();
  if (!upgrade) return;
  std::string out = handshake_answer(request, offer.protocol);
  std::optional<StreamTicket> good;
  if (offer.protocol != kProtocol) {
    counters_.bad_versions.add();
    out += close_frame(kCloseVersion, "this server speaks rackphone.v1");
  } else if (auto ticket = tickets_.verify(offer.ticket); !ticket) {
    counters_.bad_tickets.add();
    log_limited(LogLevel::kWarning, "front.ticket_refused",
                {{"peer", request.peer}, {"error", ticket.error()}});
    out += close_frame(kCloseTicket, ticket.error().message());
  } else {
    good = StreamTicket{ticket->phone, ticket->user,   ticket->session,
                        ticket->role,  ticket->device, request.peer};
  }
  const std::uint64_t id = next_id_++;
  auto opening = std::make_shared<Opening>(*this, id, std::move(*upgrade), std::move(out));
  openings_.emplace(id, opening);
  opening->start(std::move(good));
}

}  // namespace rp
