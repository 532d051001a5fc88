#include <algorithm>
#include <ostream>

#include <CLI/CLI.hpp>

#include "tools/cli/commands.h"
#include "tools/cli/table.h"

namespace rp {

namespace {

constexpr const char* kFooter =
    "Examples:\n"
    "  sudo rackphone up                      run everything here and print a link\n"
    "  sudo rackphone phone create Ada --start\n"
    "  sudo rackphone phone list --json\n"
    "  sudo rackphone doctor\n\n"
    "Exit status: 0 done, 1 tried and failed, 2 wrong command line, 3 no such thing,\n"
    "4 no controller answers, 5 needs root.";

}  // namespace

int run_cli(const std::vector<std::string>& arguments, CliContext& context) {
  CLI::App app("Rackphone: phones on a server, their screens in a browser", "rackphone");
  CliRun run{context};
  app.require_subcommand(1);
  app.fallthrough();
  app.footer(kFooter);
  app.set_version_flag("--version", "rackphone " RP_VERSION);
  app.add_flag("--json", context.json, "Answer in JSON");
  app.add_option("--run", context.run_dir, "Folder of sockets")->capture_default_str();
  app.add_option("--state", context.state_dir, "Folder of what is kept")->capture_default_str();
  add_up_commands(app, run);
  add_phone_commands(app, run);
  add_host_commands(app, run);
  add_image_commands(app, run);
  add_bench_commands(app, run);
  add_plan_command(app, run);
  add_completion_command(app, run);
  // CLI11 takes the arguments from the back.
  std::vector<std::string> reversed(arguments.rbegin(), arguments.rend());
  try {
    app.parse(std::move(reversed));
  } catch (const CLI::ParseError& error) {
    // Help and version are "errors" to CLI11, with status 0.
    if (error.get_exit_code() == 0) return app.exit(error, context.out, context.err);
    // A word that is no command is a better clue than the command that is missing for it.
    const std::vector<std::string> unknown = app.remaining(true);
    const std::string what = unknown.empty()
                                 ? error.what()
                                 : "there is no command or option " + printable(unknown.front());
    return report(context, {Exit::kUsage, what + "; see rackphone --help"});
  } catch (const std::exception& error) {
    return report(context, {Exit::kFailed, error.what()});
  }
  return run.exit;
}

}  // namespace rp
