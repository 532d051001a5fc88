// LoadNetwork: the network between the engine and a load's viewers: a network namespace for the
// viewers, two devices, and the conditions asked for between them: each viewer has a link of its
// own rate, all have the delay and loss, both ways. The conditions are made by the kernel (tc(8):
// htb and netem on a veth pair) where it can, and by LinkEmulator between two TUN devices where it
// cannot. Needs root. Addresses are those kept for benchmarks (RFC 2544, 198.18/15). Thread rule:
// one thread; enter() from the thread that shall live in the namespace.
//
//   kernel     engine 198.18.0.1 ─ veth ═ htb: a class and a queue a viewer ═ veth ─ viewers
//   198.19.x.y emulator   engine 198.18.0.1 ─ TUN ═ LinkEmulator: a lane a viewer ═ TUN ─ viewers
//   198.19.x.y
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "bench/capacity/host/link_emulator.h"
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

enum class LinkMaker {
  kBest,    // the kernel where it can, the emulator otherwise
  kKernel,  // or kUnsupported
  kEmulator,
};

struct LoadNetworkOptions {
  NetworkCondition network;
  int viewers = 1;
  LinkMaker maker = LinkMaker::kBest;
  std::uint64_t seed = 1;  // of the emulator's losses
};

class LoadNetwork {
 public:
  // kDenied without root, kUnsupported when neither kernel nor emulator can.
  [[nodiscard]] static Result<std::unique_ptr<LoadNetwork>> create(LoadNetworkOptions options);
  // What create() will call the namespace, for notes made before.
  [[nodiscard]] static std::string namespace_name();
  LoadNetwork(const LoadNetwork&) = delete;
  LoadNetwork& operator=(const LoadNetwork&) = delete;
  ~LoadNetwork();

  // Moves the calling thread into the viewers' namespace.
  [[nodiscard]] Status enter() const;
  // "kernel" or "emulator".
  [[nodiscard]] std::string made_by() const { return emulator_ ? "emulator" : "kernel"; }
  // CPU time of the emulator's thread; none for the kernel's links.
  [[nodiscard]] Duration cpu_time() const {
    return emulator_ ? emulator_->cpu_time() : Duration(0);
  }
  [[nodiscard]] static std::string engine_address() { return "198.18.0.1"; }
  [[nodiscard]] static std::string viewer_address(int index);
  // The viewer of an address in host byte order, below 0: of none.
  [[nodiscard]] static int viewer_of(std::uint32_t address);

 private:
  LoadNetwork(LoadNetworkOptions options, std::string name)
      : options_(std::move(options)), name_(std::move(name)) {}
  [[nodiscard]] Status build();
  [[nodiscard]] Status make_namespace();
  [[nodiscard]] Status make_veth_pair() const;
  [[nodiscard]] Status shape() const;
  [[nodiscard]] Status emulate();
  [[nodiscard]] Status give_addresses() const;
  [[nodiscard]] std::string outer() const { return name_ + "e"; }
  [[nodiscard]] std::string inner() const { return name_ + "v"; }

  LoadNetworkOptions options_;
  std::string name_;  // of the namespace and, with a letter behind it, of both devices
  UniqueFd namespace_;
  std::unique_ptr<LinkEmulator> emulator_;  // null: the kernel's links
};

}  // namespace rp
