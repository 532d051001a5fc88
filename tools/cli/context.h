// What every command of `rackphone` works with: where to write, how wide the terminal is, where the
// running instance lives; and what its exit status means. Thread rule: one thread.
#pragma once

#include <functional>
#include <iosfwd>
#include <memory>
#include <string>

#include "containers/images/image_store.h"
#include "containers/runtime/runtime.h"
#include "tools/cli/up/layout.h"

namespace rp {

// Documented in `rackphone --help`; scripts rely on them.
enum class Exit : int {
  kOk = 0,
  kFailed = 1,       // it was tried and did not work
  kUsage = 2,        // the command line is wrong
  kNotFound = 3,     // no such phone, image or file
  kUnreachable = 4,  // no controller answers
  kDenied = 5,       // needs root
};

// What differs between the product and a test. Only one process at a time may have the runtime of a
// run directory.
struct CliParts {
  std::function<Result<std::unique_ptr<Runtime>>(const Layout&)> make_runtime;
  std::function<Result<std::unique_ptr<ImageStore>>(const Layout&)> make_images;
};

struct CliContext {
  std::ostream& out;
  std::ostream& err;
  int columns = 80;       // of the terminal; 0: not a terminal, never cut
  bool progress = false;  // a person looks on: progress may be drawn over itself
  bool json = false;
  std::string run_dir = "/run/rackphone";
  std::string state_dir = "/var/lib/rackphone";
  CliParts parts = {};

  [[nodiscard]] Layout layout() const { return {state_dir, run_dir}; }
};

struct CliError {
  Exit exit = Exit::kFailed;
  std::string message;  // a sentence that says what to do, where something can be done
};

// Writes "rackphone: message" (or the JSON error with --json) and gives the exit status.
int report(CliContext& context, const CliError& error);
[[nodiscard]] CliError cli_error(const Error& error);

}  // namespace rp
