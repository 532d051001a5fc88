// LoadProcess: a program the harness runs: with a pipe to its standard input, its output in a file,
// and ended with us whatever happens (parent-death signal). Thread rule: one thread, the one that
// lives as long as the harness: the parent-death signal goes by thread.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/result.h"
#include "engine/base/unique_fd.h"

namespace rp {

class LoadProcess {
 public:
  // argv[0] is a path. Standard output and error are appended to `log_path`.
  [[nodiscard]] static Result<LoadProcess> start(const std::vector<std::string>& argv,
                                                 const std::string& log_path);
  LoadProcess(LoadProcess&& other) noexcept;
  LoadProcess& operator=(LoadProcess&& other) noexcept;
  ~LoadProcess();  // kills what still runs

  // Blocks while the pipe is full, which it is only when the program has stopped reading.
  [[nodiscard]] Status write(std::string_view line);
  [[nodiscard]] bool running();
  // Asks (SIGTERM), waits at most `patience`, then insists (SIGKILL). The exit status, 128 +
  // signal.
  int end(std::chrono::milliseconds patience);
  [[nodiscard]] pid_t pid() const { return pid_; }

 private:
  LoadProcess(pid_t pid, UniqueFd input) : pid_(pid), input_(std::move(input)) {}
  [[nodiscard]] bool reap(int options);

  pid_t pid_ = 0;  // 0: ended, or moved away
  int exit_status_ = 0;
  UniqueFd input_;
};

}  // namespace rp
