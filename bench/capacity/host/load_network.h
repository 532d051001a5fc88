// LoadNetwork: the network between the engine and a load's viewers: a network namespace for the
// viewers, a veth pair to it, and on each side what tc(8) makes of the conditions asked for: each
// viewer has a link of its own rate, all have the delay and loss, both ways. Needs root, and for
// delay and loss a kernel with netem. Addresses are those kept for benchmarks (RFC 2544,
// 198.18/15). Thread rule: one thread; enter() from the thread that shall live in the namespace.
//
//   engine 198.18.0.1 ─ veth ═ htb: a class and a queue a viewer ═ veth ─ viewers 198.19.x.y
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "bench/capacity/report/report.h"
#include "engine/base/result.h"
#include "engine/base/unique_fd.h"

namespace rp {

// "rate=10mbit,delay=20ms,loss=0.1%", any of them, in any order. kInvalid names the part.
[[nodiscard]] Result<NetworkCondition> parse_network(std::string_view text);
// The same as text; empty for no conditions.
[[nodiscard]] std::string to_string(const NetworkCondition& network);

// What `tc -batch` is told for the engine's end and for the viewers' end of the pair.
[[nodiscard]] std::string engine_side_rules(const NetworkCondition& network,
                                            const std::string& device, int viewers);
[[nodiscard]] std::string viewer_side_rules(const NetworkCondition& network,
                                            const std::string& device);

class LoadNetwork {
 public:
  // kDenied without root, kUnsupported when the kernel lacks what the conditions need.
  [[nodiscard]] static Result<std::unique_ptr<LoadNetwork>> create(const NetworkCondition& network,
                                                                   int viewers);
  LoadNetwork(const LoadNetwork&) = delete;
  LoadNetwork& operator=(const LoadNetwork&) = delete;
  ~LoadNetwork();

  // Moves the calling thread into the viewers' namespace.
  [[nodiscard]] Status enter() const;
  [[nodiscard]] static std::string engine_address() { return "198.18.0.1"; }
  [[nodiscard]] static std::string viewer_address(int index);

 private:
  explicit LoadNetwork(std::string name) : name_(std::move(name)) {}
  [[nodiscard]] Status build(const NetworkCondition& network, int viewers);

  std::string name_;  // of namespace and, with a letter behind it, of both devices
  UniqueFd namespace_;
};

}  // namespace rp
