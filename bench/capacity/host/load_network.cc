#include "bench/capacity/host/load_network.h"

#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <span>
#include <thread>

#include <fmt/core.h>

#include "engine/base/subprocess.h"

namespace rp {
namespace {

constexpr double kMaxRate_kbps = 100e6;
constexpr double kMaxDelay_ms = 10'000;
constexpr double kMaxLoss_percent = 50;
// Packets a viewer's link holds back before it drops: about a tenth of a second at 10 Mb/s.
constexpr int kQueuePackets = 100;
// Between the kernel and who takes its packets: never the queue that is meant to fill.
constexpr int kDeviceQueuePackets = 10'000;
constexpr int kFirstClass = 2;  // of htb; hexadecimal on the command line

struct Unit {
  std::string_view name;
  double factor;
};

// "20ms" with {"ms", 1}, {"s", 1000}.
Result<double> parse_value(std::string_view text, std::span<const Unit> units, double max) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const std::string_view unit(end, static_cast<std::size_t>(text.data() + text.size() - end));
  for (const Unit& known : units) {
    if (error != std::errc() || unit != known.name) continue;
    if (!(value >= 0 && value * known.factor <= max)) break;  // a NaN is neither
    return value * known.factor;
  }
  return fail(ErrorCode::kInvalid, fmt::format("{} is not understood", text));
}

std::string netem(const NetworkCondition& network) {
  std::string text = fmt::format("netem limit {}", 10 * kQueuePackets);
  if (network.delay_ms > 0)
    text += fmt::format(" delay {}us", static_cast<int>(network.delay_ms * 1e3));
  if (network.loss_percent > 0) text += fmt::format(" loss {}%", network.loss_percent);
  return text;
}

bool needs_netem(const NetworkCondition& network) {
  return network.delay_ms > 0 || network.loss_percent > 0;
}

}  // namespace

Result<NetworkCondition> parse_network(std::string_view text) {
  constexpr std::array<Unit, 3> kRates = {{{"kbit", 1}, {"mbit", 1e3}, {"gbit", 1e6}}};
  constexpr std::array<Unit, 2> kTimes = {{{"ms", 1}, {"s", 1e3}}};
  constexpr std::array<Unit, 1> kShares = {{{"%", 1}}};
  NetworkCondition network;
  while (!text.empty()) {
    const std::string_view part = text.substr(0, text.find(','));
    text.remove_prefix(std::min(part.size() + 1, text.size()));
    const std::string_view name = part.substr(0, part.find('='));
    const std::string_view value = part.substr(std::min(name.size() + 1, part.size()));
    if (name == "rate") {
      RP_ASSIGN(network.rate_kbps, parse_value(value, kRates, kMaxRate_kbps));
    } else if (name == "delay") {
      RP_ASSIGN(network.delay_ms, parse_value(value, kTimes, kMaxDelay_ms));
    } else if (name == "loss") {
      RP_ASSIGN(network.loss_percent, parse_value(value, kShares, kMaxLoss_percent));
    } else {
      return fail(ErrorCode::kInvalid, fmt::format("'{}' is not rate=, delay= or loss=", part));
    }
  }
  return network;
}

std::string to_string(const NetworkCondition& network) {
  std::string text;
  const auto add = [&text](const std::string& part) { text += (text.empty() ? "" : ",") + part; };
  if (network.rate_kbps > 0) add(fmt::format("rate={}kbit", network.rate_kbps));
  if (network.delay_ms > 0) add(fmt::format("delay={}ms", network.delay_ms));
  if (network.loss_percent > 0) add(fmt::format("loss={}%", network.loss_percent));
  return text;
}

std::string engine_side_rules(const NetworkCondition& network, const std::string& device,
                              int viewers) {
  if (network.rate_kbps <= 0) {
    if (!needs_netem(network)) return {};
    return fmt::format("qdisc add dev {} root {}\n", device, netem(network));
  }
  std::string rules = fmt::format("qdisc add dev {} root handle 1: htb\n", device);
  const std::string leaf =
      needs_netem(network) ? netem(network) : fmt::format("pfifo limit {}", kQueuePackets);
  for (int i = 0; i < viewers; ++i) {
    const int id = i + kFirstClass;
    rules += fmt::format("class add dev {} parent 1: classid 1:{:x} htb rate {}kbit quantum 1514\n",
                         device, id, network.rate_kbps);
    rules += fmt::format("qdisc add dev {} parent 1:{:x} {}\n", device, id, leaf);
    rules += fmt::format(
        "filter add dev {} parent 1: protocol ip u32 match ip dst {}/32 flowid 1:{:x}\n", device,
        LoadNetwork::viewer_address(i), id);
  }
  return rules;
}

std::string viewer_side_rules(const NetworkCondition& network, const std::string& device) {
  if (!needs_netem(network)) return {};
  return fmt::format("qdisc add dev {} root {}\n", device, netem(network));
}

std::string LoadNetwork::viewer_address(int index) {
  return fmt::format("198.19.{}.{}", index / 250, index % 250 + 1);
}

// 198.19.x.y with y from 1 to 250, as viewer_address() gives them out; the namespace's own address
// is the first viewer's too, for programs that choose none.
int LoadNetwork::viewer_of(std::uint32_t address) {
  constexpr std::uint32_t kOwn = 0xC6120002;      // 198.18.0.2
  constexpr std::uint32_t kViewers = 0xC6130000;  // 198.19.0.0/16
  if (address == kOwn) return 0;
  if ((address & 0xFFFF0000U) != kViewers) return -1;
  const auto low = static_cast<int>(address & 0xFFU);
  return low < 1 || low > 250 ? -1 : static_cast<int>((address >> 8U) & 0xFFU) * 250 + low - 1;
}

std::string LoadNetwork::namespace_name() { return fmt::format("rpb{}", ::getpid()); }

Result<std::unique_ptr<LoadNetwork>> LoadNetwork::create(LoadNetworkOptions options) {
  if (::geteuid() != 0)
    return fail(ErrorCode::kDenied, "--network makes a network namespace, which needs root");
  std::unique_ptr<LoadNetwork> made(new LoadNetwork(options, namespace_name()));
  const Status built = made->build();
  if (built) return made;
  if (options.maker != LinkMaker::kBest || built.error().code != ErrorCode::kUnsupported)
    return forward(built.error());
  made.reset();  // the namespace first: the next has the same name
  options.maker = LinkMaker::kEmulator;
  made.reset(new LoadNetwork(options, namespace_name()));
  RP_TRY(made->build());
  return made;
}

Status LoadNetwork::build() {
  RP_TRY(make_namespace());
  const bool kernel = options_.maker != LinkMaker::kEmulator;
  RP_TRY(kernel ? make_veth_pair() : emulate());
  RP_TRY(give_addresses());
  return kernel ? shape() : Status();
}

Status LoadNetwork::make_namespace() {
  RP_TRY(run_checked({"ip", "netns", "add", name_}));
  namespace_.reset(::open(("/run/netns/" + name_).c_str(), O_RDONLY | O_CLOEXEC));
  if (!namespace_) return fail_errno("open the namespace " + name_);
  return {};
}

Status LoadNetwork::make_veth_pair() const {
  RP_TRY(run_checked(
      {"ip", "link", "add", outer(), "type", "veth", "peer", "name", inner(), "netns", name_}));
  return {};
}

Status LoadNetwork::give_addresses() const {
  RP_TRY(run_checked({"ip", "-batch", "-"},
                     fmt::format("addr add {1}/30 dev {0}\nlink set {0} up txqueuelen {2}\n"
                                 "route add 198.19.0.0/16 via 198.18.0.2\n",
                                 outer(), engine_address(), kDeviceQueuePackets)));
  // Every address of the viewers' net is local in their namespace, without adding each.
  RP_TRY(run_checked({"ip", "-n", name_, "-batch", "-"},
                     fmt::format("link set lo up\naddr add 198.18.0.2/30 dev {0}\n"
                                 "link set {0} up txqueuelen {1}\n"
                                 "route add local 198.19.0.0/16 dev lo\n",
                                 inner(), kDeviceQueuePackets)));
  return {};
}

Status LoadNetwork::shape() const {
  const auto apply = [](std::vector<std::string> command, const std::string& rules) -> Status {
    if (rules.empty()) return {};
    const auto done = run_checked(std::move(command), rules);
    if (done) return {};
    return fail(ErrorCode::kUnsupported,
                "this kernel cannot make these network conditions; rate needs its htb, delay and "
                "loss need its netem: " +
                    done.error().message());
  };
  RP_TRY(
      apply({"tc", "-batch", "-"}, engine_side_rules(options_.network, outer(), options_.viewers)));
  return apply({"tc", "-n", name_, "-batch", "-"}, viewer_side_rules(options_.network, inner()));
}

Status LoadNetwork::emulate() {
  LinkEmulatorOptions emulator;
  RP_ASSIGN(emulator.engine_side, make_tun(outer()));
  // A device belongs to the namespace of the thread that makes it.
  Result<UniqueFd> viewer_side = UniqueFd();
  std::thread([&] {
    const Status entered = enter();
    viewer_side = entered ? make_tun(inner()) : forward(entered.error());
  }).join();
  RP_ASSIGN(emulator.viewer_side, std::move(viewer_side));
  emulator.up.delay = Duration(static_cast<std::int64_t>(options_.network.delay_ms * 1e3));
  emulator.up.loss = options_.network.loss_percent / 100;
  emulator.up.seed = 2 * options_.seed;
  emulator.down = emulator.up;
  emulator.down.seed = 2 * options_.seed + 1;
  emulator.down.rate_kbps = options_.network.rate_kbps;
  emulator.down.queue_packets = kQueuePackets;
  emulator.viewers = options_.viewers;
  emulator.viewer_of = &LoadNetwork::viewer_of;
  RP_ASSIGN(emulator_, LinkEmulator::start(std::move(emulator)));
  return {};
}

LoadNetwork::~LoadNetwork() {
  // TUN devices go with the emulator. A veth pair would go with the namespace its one end is in,
  // but some time later, and the next network has the same names and addresses.
  emulator_.reset();
  (void)run_command({.argv = {"ip", "link", "del", outer()}});
  namespace_.reset();
  (void)run_checked({"ip", "netns", "del", name_});
}

Status LoadNetwork::enter() const {
  if (::setns(namespace_.get(), CLONE_NEWNET) != 0) return fail_errno("enter " + name_);
  return {};
}

}  // namespace rp
