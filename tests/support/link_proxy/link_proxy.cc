#include "tests/support/link_proxy/link_proxy.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <deque>
#include <vector>

namespace rp {

namespace {

constexpr std::size_t kChunkBytes = 1'400;  // about a packet
constexpr std::size_t kMaxDelayedBytes = 8 << 20;

void set_int(int fd, int level, int option, int value) {
  (void)::setsockopt(fd, level, option, &value, sizeof value);
}

}  // namespace

// One client and its way to the target: two pipes of chunks, each with the time it may leave.
class LinkProxy::Connection {
 public:
  Connection(LinkProxy& proxy, std::unique_ptr<SocketStream> client,
             std::unique_ptr<SocketStream> target)
      : proxy_(proxy),
        client_(std::move(client)),
        target_(std::move(target)),
        down_(*target_, *client_, true),
        up_(*client_, *target_, false),
        timer_(proxy.loop_.timer([this] { turn(); })) {
    for (const auto* stream : {client_.get(), target_.get()}) {
      set_int(stream->fd(), IPPROTO_TCP, TCP_NODELAY, 1);
      set_int(stream->fd(), IPPROTO_TCP, TCP_NOTSENT_LOWAT, 16 * 1024);
    }
  }
  Status start() {
    RP_TRY(client_->attach(proxy_.loop_, listener_));
    RP_TRY(target_->attach(proxy_.loop_, listener_));
    update();
    return {};
  }
  // What waits in front of the rate leaves at the new one.
  void rate_changed() {
    const TimePoint now = proxy_.loop_.clock().now();
    down_.rate_free = now;
    for (Chunk& chunk : down_.chunks) {
      if (chunk.leaves - proxy_.shape_.one_way <= now) continue;  // has passed the rate
      down_.rate_free = down_.rate_free + time_at_rate(chunk.bytes.size());
      chunk.leaves = down_.rate_free + proxy_.shape_.one_way;
    }
    update();
  }
  [[nodiscard]] bool over() const { return broken_ || (down_.finished && up_.finished); }

 private:
  struct Chunk {
    std::vector<std::uint8_t> bytes;
    std::size_t sent = 0;
    TimePoint leaves;
  };
  struct Pipe {
    Pipe(ByteStream& source, ByteStream& sink, bool is_shaped)
        : from(source), to(sink), shaped(is_shaped) {}
    ByteStream& from;
    ByteStream& to;
    bool shaped;
    std::deque<Chunk> chunks;
    std::size_t bytes = 0;
    TimePoint rate_free;  // when the last chunk has passed the rate
    bool sink_full = false;
    bool source_ended = false;
    bool finished = false;
  };
  struct Listener final : ByteStreamListener {
    explicit Listener(Connection& c) : connection(c) {}
    void on_ready(bool, bool) override { connection.turn(); }
    Connection& connection;
  };

  [[nodiscard]] Duration time_at_rate(std::size_t bytes) const {
    if (proxy_.shape_.rate_kbps == 0) return Duration(0);
    return Duration(static_cast<std::int64_t>(bytes * 8'000 / proxy_.shape_.rate_kbps));
  }
  // Bytes that have not passed the rate yet.
  [[nodiscard]] std::size_t waiting_bytes(const Pipe& pipe) const {
    if (!pipe.shaped || proxy_.shape_.rate_kbps == 0) return 0;
    const Duration left = pipe.rate_free - proxy_.loop_.clock().now();
    return static_cast<std::size_t>(std::max<std::int64_t>(left.count(), 0)) *
           proxy_.shape_.rate_kbps / 8'000;
  }
  [[nodiscard]] bool takes_more(const Pipe& pipe) const {
    return !pipe.source_ended && pipe.bytes < kMaxDelayedBytes && !proxy_.paused() &&
           waiting_bytes(pipe) < proxy_.shape_.queue_bytes;
  }

  void fill(Pipe& pipe) {
    const TimePoint now = proxy_.loop_.clock().now();
    while (takes_more(pipe)) {
      std::array<std::uint8_t, kChunkBytes> buffer;
      const auto got = pipe.from.read(buffer);
      if (!got) {
        if (got.error().code == ErrorCode::kWouldBlock) return;
        broken_ = broken_ || got.error().code != ErrorCode::kClosed;
        pipe.source_ended = true;
        return;
      }
      TimePoint passed = now;
      if (pipe.shaped && proxy_.shape_.rate_kbps > 0) {
        passed = pipe.rate_free = std::max(pipe.rate_free, now) + time_at_rate(*got);
      }
      pipe.bytes += *got;
      pipe.chunks.push_back({{buffer.begin(), buffer.begin() + static_cast<long>(*got)},
                             0,
                             passed + proxy_.shape_.one_way});
    }
  }

  void drain(Pipe& pipe) {
    const TimePoint now = proxy_.loop_.clock().now();
    pipe.sink_full = false;
    while (!pipe.chunks.empty() && !proxy_.paused() && pipe.chunks.front().leaves <= now) {
      Chunk& chunk = pipe.chunks.front();
      const auto put =
          pipe.to.write(std::span<const std::uint8_t>(chunk.bytes).subspan(chunk.sent));
      if (!put) {
        pipe.sink_full = put.error().code == ErrorCode::kWouldBlock;
        broken_ = broken_ || !pipe.sink_full;
        return;
      }
      chunk.sent += *put;
      pipe.bytes -= *put;
      if (chunk.sent == chunk.bytes.size()) pipe.chunks.pop_front();
    }
    if (pipe.source_ended && pipe.chunks.empty() && !pipe.finished) {
      (void)pipe.to.finish_writing();
      pipe.finished = true;
    }
  }

  void turn() {
    for (Pipe* pipe : {&down_, &up_}) {
      fill(*pipe);
      drain(*pipe);
    }
    if (over()) {
      client_->detach();
      target_->detach();
      // Destroyed on the next turn: this may be running inside one of its own streams.
      proxy_.loop_.post([&proxy = proxy_, alive = std::weak_ptr<int>(proxy_.alive_)] {
        if (alive.expired()) return;
        std::erase_if(proxy.connections_, [](const auto& c) { return c->over(); });
      });
      return;
    }
    update();
  }

  void update() {
    client_->set_interest(takes_more(up_), down_.sink_full);
    target_->set_interest(takes_more(down_), up_.sink_full);
    // The next time something can change without an event: a chunk leaves, or the queue has room.
    const TimePoint now = proxy_.loop_.clock().now();
    TimePoint next = now + std::chrono::milliseconds(50);
    bool timed = proxy_.paused();
    for (const Pipe* pipe : {&down_, &up_}) {
      if (!pipe->chunks.empty() && !pipe->sink_full) {
        next = std::min(next, std::max(pipe->chunks.front().leaves, now));
        timed = true;
      }
      timed = timed || (!pipe->source_ended && !takes_more(*pipe));
      if (!takes_more(*pipe)) next = std::min(next, now + std::chrono::milliseconds(2));
    }
    if (timed) timer_.arm_at(std::max(next, now + Duration(200)));
  }

  LinkProxy& proxy_;
  std::unique_ptr<SocketStream> client_;
  std::unique_ptr<SocketStream> target_;
  Pipe down_;
  Pipe up_;
  Listener listener_{*this};
  EventLoop::Timer timer_;
  bool broken_ = false;
};

LinkProxy::LinkProxy(EventLoop& loop, SocketAddress target, LinkShape shape)
    : loop_(loop), target_(std::move(target)), shape_(shape) {}

LinkProxy::~LinkProxy() = default;

Result<std::unique_ptr<LinkProxy>> LinkProxy::create(EventLoop& loop, const SocketAddress& listen,
                                                     const SocketAddress& target, LinkShape shape) {
  std::unique_ptr<LinkProxy> proxy(new LinkProxy(loop, target, shape));
  RP_ASSIGN(proxy->listener_, listen_tcp(listen));
  RP_ASSIGN(proxy->port_, local_port(proxy->listener_.get()));
  LinkProxy* raw = proxy.get();
  RP_ASSIGN(proxy->watch_,
            loop.watch(raw->listener_.get(), EPOLLIN, [raw](std::uint32_t) { raw->accept_all(); }));
  return proxy;
}

void LinkProxy::accept_all() {
  for (;;) {
    auto accepted = accept_socket(listener_.get());
    if (!accepted) return;
    auto connecting = connect_tcp(target_);
    if (!connecting) return;
    // A window no larger than the queue that is modelled, so that the kernel's buffers add little
    // to it; a smaller one than loopback's large segments makes TCP wait 200 ms at times.
    set_int(connecting->get(), SOL_SOCKET, SO_RCVBUF, static_cast<int>(shape_.queue_bytes));
    auto client = SocketStream::create(std::move(*accepted));
    auto target = SocketStream::create(std::move(*connecting));
    if (!client || !target) return;
    connections_.push_back(
        std::make_unique<Connection>(*this, std::move(*client), std::move(*target)));
    if (!connections_.back()->start()) connections_.pop_back();
  }
}

void LinkProxy::set_rate(std::uint32_t kbps) {
  shape_.rate_kbps = kbps;
  for (const auto& connection : connections_) {
    if (!connection->over()) connection->rate_changed();
  }
}

void LinkProxy::pause(Duration time) { paused_until_ = loop_.clock().now() + time; }
bool LinkProxy::paused() const { return loop_.clock().now() < paused_until_; }
void LinkProxy::drop() { connections_.clear(); }

}  // namespace rp
