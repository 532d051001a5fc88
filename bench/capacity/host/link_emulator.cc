#include "bench/capacity/host/link_emulator.h"

#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace rp {
namespace {

// Packets read from one side before what is due on the other is looked at again.
constexpr int kBurst = 64;
// Without anything under way there is nothing to wake up for.
constexpr Duration kIdle = std::chrono::seconds(60);

std::uint32_t big_endian(std::span<const std::byte, 4> bytes) {
  std::uint32_t value = 0;
  for (const std::byte byte : bytes) value = (value << 8U) | std::to_integer<std::uint32_t>(byte);
  return value;
}

}  // namespace

std::optional<PacketAddresses> packet_addresses(std::span<const std::byte> packet) {
  constexpr std::size_t kHeaderBytes = 20;
  if (packet.size() < kHeaderBytes || std::to_integer<int>(packet[0]) >> 4 != 4) return {};
  return PacketAddresses{big_endian(packet.subspan<12, 4>()), big_endian(packet.subspan<16, 4>())};
}

Result<UniqueFd> make_tun(const std::string& name) {
  UniqueFd fd(::open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC));
  if (!fd) return fail_errno("open /dev/net/tun, which emulated links need");
  ifreq request{};
  name.copy(request.ifr_name, IFNAMSIZ - 1);
  request.ifr_flags = IFF_TUN | IFF_NO_PI;
  if (::ioctl(fd.get(), TUNSETIFF, &request) != 0) return fail_errno("make the device " + name);
  return fd;
}

LinkEmulator::LinkEmulator(LinkEmulatorOptions options, UniqueFd stop)
    : options_(std::move(options)),
      stop_(std::move(stop)),
      down_{options_.engine_side.get(), options_.viewer_side.get(),
            LinkSchedule(options_.down, options_.viewers)},
      up_{options_.viewer_side.get(), options_.engine_side.get(),
          LinkSchedule(options_.up, options_.viewers)} {}

Result<std::unique_ptr<LinkEmulator>> LinkEmulator::start(LinkEmulatorOptions options) {
  UniqueFd stop(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!stop) return fail_errno("eventfd");
  std::unique_ptr<LinkEmulator> made(new LinkEmulator(std::move(options), std::move(stop)));
  made->thread_ = std::thread([raw = made.get()] { raw->run(); });
  ::pthread_setname_np(made->thread_.native_handle(), "link");
  return made;
}

LinkEmulator::~LinkEmulator() {
  const std::uint64_t one = 1;
  (void)!::write(stop_.get(), &one, sizeof one);
  if (thread_.joinable()) thread_.join();
}

Duration LinkEmulator::cpu_time() const {
  clockid_t clock{};
  timespec time{};
  // pthread_getcpuclockid(3) takes the handle by value and changes nothing.
  const auto handle = const_cast<std::thread&>(thread_).native_handle();
  if (::pthread_getcpuclockid(handle, &clock) != 0 || ::clock_gettime(clock, &time) != 0)
    return Duration(0);
  return std::chrono::seconds(time.tv_sec) + Duration(time.tv_nsec / 1'000);
}

void LinkEmulator::take(Way& way, bool down) {
  for (int i = 0; i < kBurst; ++i) {
    const ssize_t got = ::read(way.from, buffer_.data(), buffer_.size());
    if (got <= 0) return;
    const std::span<const std::byte> packet(buffer_.data(), static_cast<std::size_t>(got));
    const auto addresses = packet_addresses(packet);
    if (!addresses || way.under_way.size() >= kMaxPackets) continue;
    const int viewer = options_.viewer_of(down ? addresses->destination : addresses->source);
    if (viewer < 0 || viewer >= options_.viewers) continue;
    if (const auto out = way.schedule.admit(viewer, packet.size(), clock_.now()))
      way.under_way.emplace(*out, std::vector<std::byte>(packet.begin(), packet.end()));
  }
}

void LinkEmulator::deliver(Way& way, TimePoint now) {
  while (!way.under_way.empty() && way.under_way.begin()->first <= now) {
    const auto& packet = way.under_way.begin()->second;
    // A device that takes no more drops, as any network may.
    (void)!::write(way.to, packet.data(), packet.size());
    way.under_way.erase(way.under_way.begin());
  }
}

void LinkEmulator::run() {
  std::array<pollfd, 3> fds = {
      {{stop_.get(), POLLIN, 0}, {down_.from, POLLIN, 0}, {up_.from, POLLIN, 0}}};
  for (;;) {
    const TimePoint now = clock_.now();
    deliver(down_, now);
    deliver(up_, now);
    Duration wait = kIdle;
    for (const Way* way : {&down_, &up_})
      if (!way->under_way.empty())
        wait = std::min(wait, std::max(Duration(0), way->under_way.begin()->first - now));
    const timespec time{wait.count() / 1'000'000, wait.count() % 1'000'000 * 1'000};
    if (::ppoll(fds.data(), fds.size(), &time, nullptr) < 0 && errno != EINTR) return;
    if (fds[0].revents != 0) return;
    if (fds[1].revents != 0) take(down_, true);
    if (fds[2].revents != 0) take(up_, false);
  }
}

}  // namespace rp
