#include "tools/cli/up/layout.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <charconv>

#include "engine/base/unique_fd.h"

namespace rp {

Result<ListenAddress> parse_listen(std::string_view text) {
  const auto bad = [&] {
    return fail(ErrorCode::kInvalid,
                "--listen must be ADDRESS:PORT like 0.0.0.0:8443 or [::]:8443, not " +
                    std::string(text.substr(0, 100)));
  };
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return bad();
  ListenAddress listen;
  listen.host = text.substr(0, colon);
  const std::string_view port = text.substr(colon + 1);
  const auto parsed = std::from_chars(port.data(), port.data() + port.size(), listen.port);
  if (parsed.ec != std::errc() || parsed.ptr != port.data() + port.size()) return bad();
  if (listen.port < 1 || listen.port > 65535) return bad();
  in_addr v4{};
  in6_addr v6{};
  const std::string& host = listen.host;
  if (::inet_pton(AF_INET, host.c_str(), &v4) == 1) return listen;
  if (host.size() < 2 || host.front() != '[' || host.back() != ']') return bad();
  if (::inet_pton(AF_INET6, host.substr(1, host.size() - 2).c_str(), &v6) != 1) return bad();
  return listen;
}

std::string reachable_host(const ListenAddress& listen) {
  if (listen.host != "0.0.0.0" && listen.host != "[::]") return listen.host;
  // Connecting a datagram socket sends nothing; it only asks the kernel for the route to a
  // documentation address (RFC 5737) and so for the address this machine would speak from.
  const UniqueFd probe(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(9);
  ::inet_pton(AF_INET, "192.0.2.1", &address.sin_addr);
  socklen_t size = sizeof address;
  char text[INET_ADDRSTRLEN] = {};
  if (!probe || ::connect(probe.get(), reinterpret_cast<sockaddr*>(&address), size) != 0 ||
      ::getsockname(probe.get(), reinterpret_cast<sockaddr*>(&address), &size) != 0 ||
      ::inet_ntop(AF_INET, &address.sin_addr, text, sizeof text) == nullptr)
    return "localhost";
  return text;
}

}  // namespace rp
