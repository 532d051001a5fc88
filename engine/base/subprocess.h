// Subprocess: runs another program to its end, without a shell: argv in, exit status and bounded
// output back, killed at its deadline. For the control plane's system tools (ip, nft, runc,
// mmdebstrap). Thread rule: any thread; run_command() blocks until the program has ended.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/base/result.h"
#include "engine/base/unique_fd.h"

namespace rp {

struct CommandOptions {
  std::vector<std::string> argv;  // argv[0] is looked up in PATH and the usual sbin folders
  std::string input = {};         // its standard input
  std::vector<std::pair<std::string, std::string>> environment = {};  // on top of our own
  std::chrono::milliseconds deadline = std::chrono::seconds(30);
  std::size_t max_output_bytes = std::size_t{1} << 20;  // of each stream; the rest is thrown away
  std::string working_dir = {};                         // empty: ours
  int keep_fd = -1;    // borrowed; the program has it as descriptor 3
  int cancel_fd = -1;  // borrowed; the program is killed when this becomes readable
  std::function<void(std::string_view line)> on_error_line =
      {};  // each whole line of standard error
};

struct CommandResult {
  int exit_status = 0;  // 0–255, or 128 + the signal that ended it
  std::string out;
  std::string err;
};

// kNotFound: there is no such program. kTimeout: it was killed at its deadline, with its children.
// kUnavailable: it was cancelled, and killed in the same way.
[[nodiscard]] Result<CommandResult> run_command(const CommandOptions& options);

// Its standard output; an exit status other than 0 is an error that quotes the last line of
// standard error.
[[nodiscard]] Result<std::string> run_checked(const CommandOptions& options);
[[nodiscard]] Result<std::string> run_checked(std::vector<std::string> argv,
                                              std::string input = {});

// The program's full path, or an empty string.
[[nodiscard]] std::string find_program(std::string_view name);

}  // namespace rp
