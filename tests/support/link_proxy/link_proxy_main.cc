// rp_link_proxy --listen 127.0.0.1:0 --to host:port [--rate-kbps N] [--delay-ms N] [--queue-bytes
// N] Prints "listening PORT", then obeys lines on standard input until it ends: "rate KBPS", "delay
// MS", "pause MS" (nothing passes), "cut" (ends the connections). The delay is one way.
#include <fcntl.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <sstream>
#include <string>

#include "tests/support/link_proxy/link_proxy.h"

namespace {

using rp::Duration;
using std::chrono::milliseconds;

void obey(rp::LinkProxy& proxy, const std::string& line) {
  std::istringstream words(line);
  std::string verb;
  unsigned value = 0;
  words >> verb >> value;
  if (verb == "rate") {
    proxy.set_rate(value);
  } else if (verb == "delay") {
    proxy.set_one_way(milliseconds(value));
  } else if (verb == "pause") {
    proxy.pause(milliseconds(value));
  } else if (verb == "cut") {
    proxy.drop();
  } else {
    std::fprintf(stderr, "unknown command: %s\n", line.c_str());
    return;
  }
  std::printf("ok %s\n", line.c_str());
  std::fflush(stdout);
}

int fail(const std::string& what) {
  std::fprintf(stderr, "rp_link_proxy: %s\n", what.c_str());
  return 2;
}

}  // namespace

int main(int argc, char** argv) {
  std::map<std::string, std::string> options = {{"--listen", "127.0.0.1:0"}};
  for (int i = 1; i + 1 < argc; i += 2) options[argv[i]] = argv[i + 1];
  const auto number = [&](const char* name, long otherwise) {
    return options.contains(name) ? std::strtol(options[name].c_str(), nullptr, 10) : otherwise;
  };
  const auto listen = rp::parse_socket_address(options["--listen"]);
  const auto target = rp::parse_socket_address(options["--to"]);
  if (!listen) return fail("--listen: " + listen.error().message());
  if (!target) return fail("--to: " + target.error().message());

  const rp::SystemClock clock;
  auto loop = rp::EventLoop::create(clock);
  if (!loop) return fail(loop.error().message());
  rp::LinkShape shape{.rate_kbps = static_cast<std::uint32_t>(number("--rate-kbps", 0)),
                      .one_way = milliseconds(number("--delay-ms", 0)),
                      .queue_bytes = static_cast<std::size_t>(number("--queue-bytes", 64'000))};
  auto proxy = rp::LinkProxy::create(**loop, *listen, *target, shape);
  if (!proxy) return fail(proxy.error().message());
  std::printf("listening %u\n", unsigned{(*proxy)->port()});
  std::fflush(stdout);

  std::string pending;
  const auto watch = (*loop)->watch(STDIN_FILENO, EPOLLIN, [&](std::uint32_t) {
    std::array<char, 256> buffer;
    const ssize_t got = ::read(STDIN_FILENO, buffer.data(), buffer.size());
    if (got <= 0) return (*loop)->stop();
    pending.append(buffer.data(), static_cast<std::size_t>(got));
    for (std::size_t end; (end = pending.find('\n')) != std::string::npos;) {
      obey(**proxy, pending.substr(0, end));
      pending.erase(0, end + 1);
    }
  });
  if (!watch) return fail("standard input must be a pipe or terminal");
  (*loop)->run();
  return 0;
}
