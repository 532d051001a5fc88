// Goal: TCP over emulated links sees their distance and their loss, in its own figures. Method: the
// network as a load has it, a server on the engine's side, a client on a viewer's address, and what
// the kernel says of the connection (TCP_INFO). Bounds that hold on any machine: a round trip is
// never shorter than the delays, and without loss, rate and queue nothing is sent twice for a loss.
#include "bench/capacity/host/link_emulator.h"

#include <arpa/inet.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <thread>

#include <gtest/gtest.h>

#include "bench/capacity/host/load_network.h"

namespace rp {
namespace {

constexpr std::size_t kBytes = std::size_t{2} << 20;

sockaddr_in address_of(const std::string& host, std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  ::inet_pton(AF_INET, host.c_str(), &address.sin_addr);
  return address;
}

UniqueFd socket_at(const sockaddr_in& address) {
  UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const timeval patience{60, 0};
  ::setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  ::setsockopt(fd.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  const auto* raw = reinterpret_cast<const sockaddr*>(&address);
  if (::bind(fd.get(), raw, sizeof address) != 0) fd.reset();
  return fd;
}

std::uint16_t port_of(const UniqueFd& fd) {
  sockaddr_in address{};
  socklen_t size = sizeof address;
  ::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&address), &size);
  return ntohs(address.sin_port);
}

// On a thread of its own, which moves to the viewers' side.
std::size_t receive_all(const LoadNetwork& network, int viewer, std::uint16_t port) {
  if (!network.enter()) return 0;
  const UniqueFd fd = socket_at(address_of(LoadNetwork::viewer_address(viewer), 0));
  const sockaddr_in to = address_of(LoadNetwork::engine_address(), port);
  if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0) return 0;
  std::array<char, 65'536> buffer{};
  std::size_t total = 0;
  for (ssize_t got = 0; (got = ::read(fd.get(), buffer.data(), buffer.size())) > 0;)
    total += static_cast<std::size_t>(got);
  return total;
}

// What the sender's kernel knows after kBytes have reached the viewer.
tcp_info transfer(const NetworkCondition& condition, LinkMaker maker) {
  auto network = LoadNetwork::create({.network = condition, .viewers = 3, .maker = maker});
  EXPECT_TRUE(network) << network.error().message();
  if (!network) return {};
  const UniqueFd listener = socket_at(address_of(LoadNetwork::engine_address(), 0));
  EXPECT_EQ(::listen(listener.get(), 1), 0);
  std::size_t received = 0;
  std::thread viewer([&] { received = receive_all(**network, 2, port_of(listener)); });
  UniqueFd peer(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
  const std::vector<char> data(kBytes, 'x');
  for (std::size_t sent = 0; peer && sent < kBytes;) {
    const ssize_t now = ::send(peer.get(), data.data(), kBytes - sent, MSG_NOSIGNAL);
    if (now <= 0) break;
    sent += static_cast<std::size_t>(now);
  }
  ::shutdown(peer.get(), SHUT_WR);
  char end = 0;
  EXPECT_EQ(::read(peer.get(), &end, 1), 0);  // the viewer has all of it, and closes
  viewer.join();
  EXPECT_EQ(received, kBytes);
  tcp_info info{};
  socklen_t size = sizeof info;
  EXPECT_EQ(::getsockopt(peer.get(), IPPROTO_TCP, TCP_INFO, &info, &size), 0);
  return info;
}

class LinkEmulatorTest : public testing::Test {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "a network namespace needs root";
    if (::access("/dev/net/tun", R_OK | W_OK) != 0) GTEST_SKIP() << "there is no /dev/net/tun";
  }
};

TEST_F(LinkEmulatorTest, DistanceIsSeenByTcp) {
  const tcp_info info = transfer({.delay_ms = 15}, LinkMaker::kEmulator);
  EXPECT_GE(info.tcpi_min_rtt, 30'000U);
}

TEST_F(LinkEmulatorTest, LossIsSeenByTcp) {
  // About 1,450 packets: that none is lost has a chance of e⁻²⁹, and the seed is fixed.
  const tcp_info info = transfer({.delay_ms = 2, .loss_percent = 2}, LinkMaker::kEmulator);
  EXPECT_GT(info.tcpi_total_retrans, 0U);
  EXPECT_GE(info.tcpi_min_rtt, 4'000U);
}

TEST_F(LinkEmulatorTest, ARateHoldsBackAndItsQueueIsSeen) {
  // 16.8 Mb at 8 Mb/s take 2 s; the queue of 100 packets adds up to 150 ms to the round trip.
  const tcp_info info = transfer({.rate_kbps = 8'000, .delay_ms = 5}, LinkMaker::kEmulator);
  EXPECT_GE(info.tcpi_min_rtt, 10'000U);
  EXPECT_GT(info.tcpi_busy_time, 1'500'000U);
}

TEST_F(LinkEmulatorTest, WhoMakesTheLinksIsSaid) {
  const auto emulated =
      LoadNetwork::create({.network = {.delay_ms = 1}, .maker = LinkMaker::kEmulator});
  ASSERT_TRUE(emulated) << emulated.error().message();
  EXPECT_EQ((*emulated)->made_by(), "emulator");
  EXPECT_EQ(::access(("/run/netns/" + LoadNetwork::namespace_name()).c_str(), F_OK), 0);
}

TEST_F(LinkEmulatorTest, TheBestThereIsIsTaken) {
  const auto network = LoadNetwork::create({.network = {.delay_ms = 1, .loss_percent = 1}});
  ASSERT_TRUE(network) << network.error().message();
  const std::string by = (*network)->made_by();
  EXPECT_TRUE(by == "kernel" || by == "emulator") << by;
}

TEST(PacketAddresses, AreReadFromWholeIpv4HeadersOnly) {
  std::array<std::byte, 20> packet{};
  packet[0] = std::byte{0x45};
  packet[12] = std::byte{198};
  packet[15] = std::byte{1};
  packet[16] = std::byte{127};
  packet[19] = std::byte{2};
  const auto addresses = packet_addresses(packet);
  ASSERT_TRUE(addresses);
  EXPECT_EQ(addresses->source, 0xC6000001U);
  EXPECT_EQ(addresses->destination, 0x7F000002U);
  EXPECT_FALSE(packet_addresses(std::span(packet).first(19)));
  packet[0] = std::byte{0x60};
  EXPECT_FALSE(packet_addresses(packet));
}

TEST(LoadNetwork, ViewersAreKnownByTheirAddresses) {
  for (const int viewer : {0, 1, 249, 250, 1999, 9999}) {
    in_addr address{};
    ASSERT_EQ(::inet_pton(AF_INET, LoadNetwork::viewer_address(viewer).c_str(), &address), 1);
    EXPECT_EQ(LoadNetwork::viewer_of(ntohl(address.s_addr)), viewer);
  }
  EXPECT_EQ(LoadNetwork::viewer_of(0xC6120002), 0);
  EXPECT_LT(LoadNetwork::viewer_of(0xC61300FF), 0);  // 198.19.0.255
  EXPECT_LT(LoadNetwork::viewer_of(0x08080808), 0);
}

}  // namespace
}  // namespace rp
