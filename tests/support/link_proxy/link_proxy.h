// LinkProxy: a TCP relay that behaves like a slow, far link, for tests on kernels without netem. It
// shapes what goes from the target to the clients, the way pictures take; the other way it only
// delays.
//
//   client ◄─ delay ◄─ [ rate, at most queue_bytes waiting ] ◄─ target
//   client ─────────────────────── delay ────────────────────► target
//
// Its own buffers are bounded: a full queue stops the reading, which TCP carries back to the
// target. Thread rule: one loop.
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>

#include "engine/base/event_loop.h"
#include "engine/base/socket_stream.h"

namespace rp {

struct LinkShape {
  std::uint32_t rate_kbps = 0;       // 0: unlimited
  Duration one_way{0};               // each way
  std::size_t queue_bytes = 64'000;  // waiting in front of the rate, as a router's buffer
};

class LinkProxy {
 public:
  [[nodiscard]] static Result<std::unique_ptr<LinkProxy>> create(EventLoop& loop,
                                                                 const SocketAddress& listen,
                                                                 const SocketAddress& target,
                                                                 LinkShape shape);
  LinkProxy(const LinkProxy&) = delete;
  LinkProxy& operator=(const LinkProxy&) = delete;
  ~LinkProxy();

  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] const LinkShape& shape() const { return shape_; }
  // Take effect for what has not yet passed the rate.
  void set_rate(std::uint32_t kbps);
  void set_one_way(Duration delay) { shape_.one_way = delay; }
  // Nothing passes, either way, for this long; connections stay.
  void pause(Duration time);
  // Ends all connections; new ones are taken.
  void drop();
  [[nodiscard]] bool paused() const;

 private:
  class Connection;
  LinkProxy(EventLoop& loop, SocketAddress target, LinkShape shape);
  void accept_all();

  EventLoop& loop_;
  SocketAddress target_;
  LinkShape shape_;
  UniqueFd listener_;
  std::uint16_t port_ = 0;
  EventLoop::Watch watch_;
  TimePoint paused_until_;
  // Posted tasks look at it before they touch the proxy.
  std::shared_ptr<int> alive_ = std::make_shared<int>(0);
  std::list<std::unique_ptr<Connection>> connections_;
};

}  // namespace rp
