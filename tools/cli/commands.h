// The commands of `rackphone`, one file a family. Each adds itself to the command-line model and,
// when it is chosen, runs and leaves its exit status. Thread rule: one thread.
#pragma once

#include <iosfwd>
#include <string>
#include <vector>

#include "tools/cli/context.h"

namespace CLI {
class App;
}

namespace rp {

struct CliRun {
  CliContext& context;
  int exit = 0;
};

// What "phone open" and "up" print: https://HOST:PORT/ of the engine at hand.
[[nodiscard]] std::string page_link(const CliContext& context);

void add_phone_commands(CLI::App& app, CliRun& run);
void add_image_commands(CLI::App& app, CliRun& run);
void add_host_commands(CLI::App& app, CliRun& run);   // status, doctor, logs, sign-in-code, version
void add_up_commands(CLI::App& app, CliRun& run);     // up, down
void add_bench_commands(CLI::App& app, CliRun& run);  // bench
// `bench compare`; bench_command.cc adds it below its own command.
void add_bench_compare(CLI::App& bench, CliRun& run);
void add_plan_command(CLI::App& app, CliRun& run);
void add_completion_command(CLI::App& app, CliRun& run);

// The whole program: parses `arguments` (without the program's name) and runs what they name.
[[nodiscard]] int run_cli(const std::vector<std::string>& arguments, CliContext& context);

}  // namespace rp
