// HostNetwork: how phones reach the outside and nothing else. One bridge per instance with a
// private /20; a veth per phone on an isolated bridge port, so that phones do not hear each other;
// nftables drops what phones send to the host or with another's address, and masquerades the rest.
// IPv4 only; the bridge table drops all else. All state lives in the kernel under the instance's
// names, so that a new process finds it again. Thread rule: any thread, one phone from one thread
// at a time.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "containers/runtime/runc/instance.h"
#include "engine/base/result.h"

namespace rp {

class HostNetwork {
 public:
  // `subnet` is "a.b.c.0/20", or empty for the first of ours no route of the host overlaps.
  HostNetwork(const Instance& instance, std::string subnet);

  // Makes bridge, firewall and forwarding, or puts right what differs; phones attached stay
  // attached.
  [[nodiscard]] Status up();
  // Removes all of it, and switches forwarding off again if it was off and no other instance needs
  // it.
  [[nodiscard]] Status down();

  // Gives the network namespace of process `pid` an eth0 with the slot's address.
  [[nodiscard]] Status attach(int slot, std::string_view id, pid_t pid);
  // The phone's id for each slot that has a veth.
  [[nodiscard]] std::map<int, std::string> attached() const;
  [[nodiscard]] Status detach(int slot);

  // Valid after up().
  [[nodiscard]] std::string address(int slot) const;
  [[nodiscard]] std::string gateway() const;

 private:
  [[nodiscard]] Status choose_subnet();
  [[nodiscard]] Status make_bridge() const;
  [[nodiscard]] std::string firewall() const;
  [[nodiscard]] std::string firewall_element(int slot) const;
  [[nodiscard]] std::string subnet_text() const;

  const Instance& instance_;
  std::string wanted_subnet_;
  std::uint32_t subnet_ = 0;  // host byte order; 0 before up()
};

// The name servers phones use: the host's, less those on loopback, which a phone cannot reach; read
// from `resolv_conf`, and from systemd-resolved's list where the former names only loopback.
[[nodiscard]] std::vector<std::string> upstream_resolvers(
    const std::string& resolv_conf = "/etc/resolv.conf",
    const std::string& resolved_conf = "/run/systemd/resolve/resolv.conf");

}  // namespace rp
