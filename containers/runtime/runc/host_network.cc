#include "containers/runtime/runc/host_network.h"

#include <arpa/inet.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "containers/runtime/runc/forwarding.h"
#include "engine/base/subprocess.h"

namespace rp {
namespace {

using nlohmann::json;

constexpr int kPrefixBits = 20;
constexpr std::uint32_t kSubnetSize = 1U << (32 - kPrefixBits);
// Where ours are looked for: the 64 /20s of 10.213.0.0/16 to 10.216.0.0/16, a corner few use.
constexpr std::uint32_t kFirstCandidate = (10U << 24) | (213U << 16);
constexpr std::uint32_t kCandidates = 64;

struct Range {
  std::uint32_t first;
  std::uint32_t last;
};

std::optional<Range> parse_cidr(std::string_view text) {
  const std::size_t slash = text.find('/');
  in_addr address = {};
  if (::inet_pton(AF_INET, std::string(text.substr(0, slash)).c_str(), &address) != 1) return {};
  unsigned bits = 32;
  if (slash != std::string_view::npos) {
    const auto* end = text.data() + text.size();
    const auto [rest, error] = std::from_chars(text.data() + slash + 1, end, bits);
    if (error != std::errc() || rest != end || bits > 32) return {};
  }
  const std::uint32_t mask = bits == 0 ? 0 : ~std::uint32_t{0} << (32 - bits);
  const std::uint32_t first = ntohl(address.s_addr) & mask;
  return Range{first, first | ~mask};
}

std::string dotted(std::uint32_t address) {
  return fmt::format("{}.{}.{}.{}", address >> 24, (address >> 16) & 255, (address >> 8) & 255,
                     address & 255);
}

bool link_exists(const std::string& name) {
  return ::access(("/sys/class/net/" + name).c_str(), F_OK) == 0;
}

// Every route of the host except the default ones; connected subnets are among them.
Result<std::vector<Range>> taken_ranges() {
  RP_ASSIGN(const std::string text,
            run_checked({"ip", "-j", "-4", "route", "show", "table", "all"}));
  std::vector<Range> taken;
  const json routes = json::parse(text, nullptr, false);
  if (!routes.is_array()) return taken;
  for (const auto& route : routes) {
    if (!route.is_object() || !route.contains("dst") || !route["dst"].is_string()) continue;
    const auto range = parse_cidr(route["dst"].get<std::string>());
    if (range && range->last - range->first < 0x7fffffffU) taken.push_back(*range);
  }
  return taken;
}

Status apply_firewall(const std::string& rules) {
  if (auto done = run_checked({"nft", "-f", "-"}, rules); !done)
    return fail(done.error().code, "set up the phones' firewall: " + done.error().message());
  return {};
}

}  // namespace

HostNetwork::HostNetwork(const Instance& instance, std::string subnet)
    : instance_(instance), wanted_subnet_(std::move(subnet)) {}

std::string HostNetwork::subnet_text() const {
  return fmt::format("{}/{}", dotted(subnet_), kPrefixBits);
}
std::string HostNetwork::gateway() const { return dotted(subnet_ + 1); }
std::string HostNetwork::address(int slot) const {
  return subnet_ == 0 ? std::string() : dotted(subnet_ + 2 + static_cast<std::uint32_t>(slot));
}

Status HostNetwork::choose_subnet() {
  if (link_exists(instance_.bridge())) {
    // A bridge of ours is there: its address says what was chosen.
    RP_ASSIGN(const std::string text,
              run_checked({"ip", "-j", "-4", "addr", "show", "dev", instance_.bridge()}));
    const json links = json::parse(text, nullptr, false);
    if (links.is_array() && !links.empty() && links[0].contains("addr_info"))
      for (const auto& info : links[0]["addr_info"])
        if (const auto range =
                parse_cidr(info.value("local", "") + fmt::format("/{}", kPrefixBits)))
          subnet_ = range->first;
    if (subnet_ != 0) return {};
  }
  RP_ASSIGN(const auto taken, taken_ranges());
  const auto free = [&](std::uint32_t first) {
    return std::ranges::none_of(taken, [&](const Range& range) {
      return range.first <= first + kSubnetSize - 1 && first <= range.last;
    });
  };
  if (!wanted_subnet_.empty()) {
    const auto range = parse_cidr(wanted_subnet_);
    if (!range || !wanted_subnet_.ends_with(fmt::format("/{}", kPrefixBits)))
      return fail(ErrorCode::kInvalid, "subnet must be an IPv4 network a.b.c.d/20");
    if (!free(range->first))
      return fail(ErrorCode::kExists,
                  "subnet " + wanted_subnet_ + " overlaps a route of this host: choose another");
    subnet_ = range->first;
    return {};
  }
  for (std::uint32_t i = 0; i < kCandidates; ++i) {
    subnet_ = kFirstCandidate + i * kSubnetSize;
    if (free(subnet_)) return {};
  }
  subnet_ = 0;
  return fail(ErrorCode::kExhausted,
              "no free network for phones in 10.213.0.0 to 10.216.255.255: give one as subnet");
}

Status HostNetwork::make_bridge() const {
  const std::string bridge = instance_.bridge();
  if (!link_exists(bridge)) RP_TRY(run_checked({"ip", "link", "add", bridge, "type", "bridge"}));
  std::ofstream("/proc/sys/net/ipv6/conf/" + bridge + "/disable_ipv6") << "1";
  RP_TRY(run_checked({"ip", "-batch", "-"},
                     fmt::format("address replace {}/{} dev {}\nlink set {} up\n", gateway(),
                                 kPrefixBits, bridge, bridge)));
  return {};
}

std::string HostNetwork::firewall_element(int slot) const {
  return fmt::format("\"{}\" . {} . {}", instance_.veth(slot), instance_.mac(slot), address(slot));
}

// One transaction: the tables are made anew with the phones that are attached now. 169.254.0.0/16
// is where clouds keep their metadata services.
std::string HostNetwork::firewall() const {
  std::string elements;
  for (const auto& [slot, id] : attached())
    elements += (elements.empty() ? "    elements = { " : ", ") + firewall_element(slot);
  if (!elements.empty()) elements += " }\n";
  return fmt::format(
      R"(table inet {0} {{}}
delete table inet {0}
table bridge {0} {{}}
delete table bridge {0}
table inet {0} {{
  chain input {{
    type filter hook input priority filter - 5; policy accept;
    iifname "{1}" ct state established,related accept
    iifname "{1}" counter drop
  }}
  chain forward {{
    type filter hook forward priority filter - 5; policy accept;
    iifname "{1}" oifname "{1}" drop
    iifname "{1}" ip daddr 169.254.0.0/16 counter drop
    oifname "{1}" ct state established,related accept
    oifname "{1}" counter drop
  }}
  chain postrouting {{
    type nat hook postrouting priority srcnat; policy accept;
    ip saddr {2} oifname != "{1}" masquerade
  }}
}}
table bridge {0} {{
  set phones {{
    type ifname . ether_addr . ipv4_addr
{4}  }}
  chain prerouting {{
    type filter hook prerouting priority -300; policy accept;
    iifname "{3}*" ether type ip iifname . ether saddr . ip saddr @phones accept
    iifname "{3}*" ether type arp iifname . ether saddr . arp saddr ip @phones accept
    iifname "{3}*" counter drop
  }}
}}
)",
      instance_.table(), instance_.bridge(), subnet_text(), instance_.veth_prefix(), elements);
}

Status HostNetwork::up() {
  RP_TRY(choose_subnet());
  RP_TRY(make_bridge());
  RP_TRY(apply_firewall(firewall()));
  return hold_forwarding(instance_.tag());
}

Status HostNetwork::down() {
  for (const auto& [slot, id] : attached()) RP_TRY(detach(slot));
  RP_TRY(
      apply_firewall(fmt::format("table inet {0} {{}}\ndelete table inet {0}\n"
                                 "table bridge {0} {{}}\ndelete table bridge {0}\n",
                                 instance_.table())));
  if (link_exists(instance_.bridge()))
    RP_TRY(run_checked({"ip", "link", "del", instance_.bridge()}));
  subnet_ = 0;
  return release_forwarding(instance_.tag());
}

Status HostNetwork::attach(int slot, std::string_view id, pid_t pid) {
  if (subnet_ == 0) return fail(ErrorCode::kUnavailable, "the phones' network is not up");
  RP_TRY(detach(slot));
  const std::string veth = instance_.veth(slot);
  RP_TRY(run_checked({"ip", "-batch", "-"},
                     fmt::format("link add {0} type veth peer name eth0 address {1} netns {2}\n"
                                 "link set {0} alias {3} addrgenmode none master {4} up\n"
                                 "link set {0} type bridge_slave isolated on\n",
                                 veth, instance_.mac(slot), pid, id, instance_.bridge())));
  RP_TRY(apply_firewall(fmt::format("add element bridge {} phones {{ {} }}\n", instance_.table(),
                                    firewall_element(slot))));
  RP_TRY(run_checked({"nsenter", fmt::format("--net=/proc/{}/ns/net", pid), "ip", "-batch", "-"},
                     fmt::format("link set lo up\naddress add {}/{} dev eth0\nlink set eth0 up\n"
                                 "route add default via {}\n",
                                 address(slot), kPrefixBits, gateway())));
  return {};
}

std::map<int, std::string> HostNetwork::attached() const {
  std::map<int, std::string> found;
  const std::string prefix = instance_.veth_prefix();
  std::error_code error;
  for (std::filesystem::directory_iterator it("/sys/class/net", error), end; !error && it != end;
       it.increment(error)) {
    const std::string name = it->path().filename();
    if (!name.starts_with(prefix)) continue;
    int slot = -1;
    const char* last = name.data() + name.size();
    const auto parsed = std::from_chars(name.data() + prefix.size(), last, slot);
    if (parsed.ec != std::errc() || parsed.ptr != last || slot < 0 || slot >= kMaxSlots) continue;
    std::ifstream alias(it->path() / "ifalias");
    alias >> found[slot];
  }
  return found;
}

Status HostNetwork::detach(int slot) {
  const std::string veth = instance_.veth(slot);
  if (link_exists(veth)) {
    // The kernel removes it by itself when the phone's namespace goes, perhaps just now.
    auto done = run_checked({"ip", "link", "del", veth});
    if (!done && link_exists(veth)) return forward(done.error());
  }
  if (subnet_ == 0) return {};
  // Ends with an error when the element or the table is gone already, which is what is wanted.
  RP_TRY(run_command({.argv = {"nft", "-f", "-"},
                      .input = fmt::format("delete element bridge {} phones {{ {} }}\n",
                                           instance_.table(), firewall_element(slot))}));
  return {};
}

std::vector<std::string> upstream_resolvers(const std::string& resolv_conf,
                                            const std::string& resolved_conf) {
  for (const auto& path : {resolv_conf, resolved_conf}) {
    std::vector<std::string> servers;
    std::ifstream file(path);
    for (std::string line; std::getline(file, line) && servers.size() < 3;) {
      std::istringstream words(line);
      std::string key;
      std::string value;
      const auto usable = [&] {
        const auto range = parse_cidr(value);
        return range && (range->first >> 24) != 127 && range->first != 0 &&
               value.find('/') == std::string::npos;
      };
      if (words >> key >> value && key == "nameserver" && usable()) servers.push_back(value);
    }
    if (!servers.empty()) return servers;
  }
  return {};
}

}  // namespace rp
