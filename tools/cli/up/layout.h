// Where a host's files and sockets are (docs/architecture.md, "Files and sockets of a running
// host"). Thread rule: plain values.
#pragma once

#include <string>

#include "engine/base/result.h"

namespace rp {

struct Layout {
  std::string state_dir;
  std::string run_dir;

  [[nodiscard]] std::string controller_socket() const { return run_dir + "/controller.sock"; }
  [[nodiscard]] std::string api_socket() const { return run_dir + "/api/api.sock"; }
  [[nodiscard]] std::string engine_dir() const { return run_dir + "/engine"; }
  [[nodiscard]] std::string engine_socket() const { return engine_dir() + "/control.sock"; }
  [[nodiscard]] std::string displays_dir() const { return engine_dir() + "/phones"; }
  [[nodiscard]] std::string containers_dir() const { return run_dir + "/phones"; }
  [[nodiscard]] std::string link_file() const { return run_dir + "/link"; }
  [[nodiscard]] std::string lock_file() const { return run_dir + ".lock"; }
  [[nodiscard]] std::string pid_file(const std::string& program) const {
    return run_dir + "/" + program + ".pid";
  }
  [[nodiscard]] std::string images_dir() const { return state_dir + "/images"; }
  [[nodiscard]] std::string tls_certificate() const { return state_dir + "/tls/cert.pem"; }
  [[nodiscard]] std::string tls_key() const { return state_dir + "/tls/key.pem"; }
  [[nodiscard]] std::string ticket_key() const { return state_dir + "/keys/ticket.pem"; }
  [[nodiscard]] std::string log_file(const std::string& program) const {
    return state_dir + "/log/" + program + ".log";
  }
};

// "0.0.0.0:8443", "[::]:8443" in its parts. kInvalid with what an address looks like.
struct ListenAddress {
  std::string host;
  int port = 0;
};
[[nodiscard]] Result<ListenAddress> parse_listen(std::string_view text);
// The host a person's browser can use: the address itself, or for 0.0.0.0 and [::] the one this
// machine has towards the network, or localhost.
[[nodiscard]] std::string reachable_host(const ListenAddress& listen);

}  // namespace rp
