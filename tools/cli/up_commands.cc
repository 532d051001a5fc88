#include <ostream>

#include <CLI/CLI.hpp>

#include "tools/cli/commands.h"
#include "tools/cli/up/up.h"

namespace rp {

void add_up_commands(CLI::App& app, CliRun& run) {
  // Shared with the callbacks, which outlive this function.
  auto options = std::make_shared<UpOptions>();
  CLI::App* up = app.add_subcommand("up", "Run everything on this machine, and print a link");
  up->add_option("--listen", options->listen, "ADDRESS:PORT of page, API and streams")
      ->capture_default_str();
  up->add_option("--public-name", options->public_name, "Host in the printed link");
  up->add_option("--image", options->image, "Image of the demo phone; built when it is absent")
      ->capture_default_str();
  up->add_flag("--no-demo-phone", options->no_demo_phone, "Make no phone");
  up->add_option("--engine", options->engine, "Path of rackphone-engine");
  up->add_option("--controller", options->controller, "Path of rackphone-controller");
  up->add_option("--web-root", options->web_root, "Folder of the page's index.html");
  up->add_option("--user", options->user, "Unprivileged user of the engine; made if missing")
      ->capture_default_str();
  up->add_option("--log-level", options->log_level, "debug, info, warning or error")
      ->check(CLI::IsMember({"debug", "info", "warning", "error"}))
      ->capture_default_str();
  up->add_option("--engine-option", options->engine_options, "Passed on to the engine; repeatable")
      ->allow_extra_args(false);
  up->footer(
      "Examples:\n  sudo rackphone up\n  sudo rackphone up --listen 127.0.0.1:9443 --image tiny");
  up->callback([&run, options] { run.exit = run_up(run.context, *options); });
  app.add_subcommand("down", "Clear up after an `up` that was killed")->callback([&run] {
    run.exit = run_down(run.context);
  });
}

}  // namespace rp
