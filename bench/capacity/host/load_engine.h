// LoadEngine: a real rackphone-engine of the harness's own: on loopback, with keys, sockets and
// phones in a folder that goes with it, and the control plane's part of making phones and tickets.
// Thread rule: one thread.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "bench/capacity/host/load_process.h"
#include "engine/base/clock.h"
#include "engine/base/socket_stream.h"
#include "engine/base/ticket.h"
#include "engine/frame/geometry.h"

namespace rp {

struct LoadEngineOptions {
  std::string program;                // path of rackphone-engine
  std::string folder;                 // made, and removed at the end
  std::string address = "127.0.0.1";  // to listen on; any free port
  std::string encoder;                // empty: the engine's choice
  std::vector<std::string> extra;     // passed on
  Size display{720, 1280};
};

class LoadEngine {
 public:
  // Blocks until it answers, at most 20 s. The error quotes the end of its log.
  [[nodiscard]] static Result<std::unique_ptr<LoadEngine>> start(LoadEngineOptions options);
  LoadEngine(const LoadEngine&) = delete;
  LoadEngine& operator=(const LoadEngine&) = delete;
  ~LoadEngine();

  // Makes a phone; the path of its Wayland socket.
  [[nodiscard]] Result<std::string> make_phone(const std::string& id);
  // From any thread.
  [[nodiscard]] Result<std::string> ticket(const std::string& phone) const;
  // Of the encoder in use, from its health.
  [[nodiscard]] const std::string& encoder() const { return encoder_; }

  [[nodiscard]] const SocketAddress& address() const { return address_; }
  [[nodiscard]] pid_t pid() const { return process_.pid(); }
  [[nodiscard]] bool running() { return process_.running(); }
  [[nodiscard]] const std::string& folder() const { return folder_; }
  [[nodiscard]] std::string log_end() const;

 private:
  LoadEngine(LoadEngineOptions options, std::string folder, TicketKey key, LoadProcess process)
      : options_(std::move(options)),
        folder_(std::move(folder)),
        key_(std::move(key)),
        process_(std::move(process)) {}
  [[nodiscard]] Status wait_until_ready();

  LoadEngineOptions options_;
  std::string folder_;
  TicketKey key_;
  LoadProcess process_;
  SocketAddress address_;
  std::string encoder_;
  SystemClock clock_;
};

}  // namespace rp
