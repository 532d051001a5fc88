// LinkEmulator: links with rate, delay and loss on kernels whose traffic control has none (netem):
// a thread between two TUN devices (Linux, Documentation/networking/tuntap.rst) that hands each
// IPv4 packet on when LinkSchedule says, so that TCP on either side sees real distance and real
// loss.
//
//   engine ─ TUN ═ LinkSchedule down, a lane a viewer ═► TUN ─ viewers
//                ◄═ LinkSchedule up, delay and loss ═
//
// It holds at most kMaxPackets each way; what is more is dropped, as a full link drops it. Thread
// rule: one thread; the work is done on one of its own.
#pragma once

#include <array>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "bench/capacity/host/link_schedule.h"
#include "engine/base/result.h"
#include "engine/base/unique_fd.h"

namespace rp {

// A device of this name in the calling thread's network namespace, which goes with the descriptor.
[[nodiscard]] Result<UniqueFd> make_tun(const std::string& name);

struct LinkEmulatorOptions {
  UniqueFd engine_side;  // TUN devices, IFF_NO_PI, non-blocking
  UniqueFd viewer_side;
  LinkConditions down;  // engine to viewers
  LinkConditions up;
  int viewers = 1;
  // The viewer an address (host byte order) belongs to; below 0: none, the packet is dropped.
  std::function<int(std::uint32_t address)> viewer_of;
};

class LinkEmulator {
 public:
  [[nodiscard]] static Result<std::unique_ptr<LinkEmulator>> start(LinkEmulatorOptions options);
  LinkEmulator(const LinkEmulator&) = delete;
  LinkEmulator& operator=(const LinkEmulator&) = delete;
  ~LinkEmulator();

  static constexpr std::size_t kMaxPackets = 32'768;
  // CPU time of its thread.
  [[nodiscard]] Duration cpu_time() const;

 private:
  struct Way {
    int from;
    int to;
    LinkSchedule schedule;
    std::multimap<TimePoint, std::vector<std::byte>> under_way = {};
  };
  LinkEmulator(LinkEmulatorOptions options, UniqueFd stop);
  void run();
  void take(Way& way, bool down);
  static void deliver(Way& way, TimePoint now);

  LinkEmulatorOptions options_;
  UniqueFd stop_;
  SystemClock clock_;
  Way down_;
  Way up_;
  std::array<std::byte, 65'536> buffer_{};
  std::thread thread_;
};

// Source or destination of an IPv4 packet (RFC 791), in host byte order; nothing: it is none.
struct PacketAddresses {
  std::uint32_t source = 0;
  std::uint32_t destination = 0;
};
[[nodiscard]] std::optional<PacketAddresses> packet_addresses(std::span<const std::byte> packet);

}  // namespace rp
