// `openssl s_client` as a stream's reader. Thread rule: the loop's.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "engine/base/event_loop.h"
#include "engine/base/unique_fd.h"

namespace rp {

class SClient {
 public:
  // Connects to this port of loopback.
  SClient(EventLoop& loop, std::uint16_t port, const std::vector<std::string>& more);
  SClient(const SClient&) = delete;
  SClient& operator=(const SClient&) = delete;
  ~SClient();
  void type(const std::string& text);  // its standard input
  void end_input() { input_.reset(); }
  [[nodiscard]] bool ended() const { return ended_; }
  [[nodiscard]] int exit_status();  // once ended

  std::string out;  // standard output and error

 private:
  void read_some();

  UniqueFd input_;
  UniqueFd output_;
  EventLoop::Watch watch_;
  pid_t child_ = -1;
  bool ended_ = false;
};

}  // namespace rp
