// `rackphone up`: checks the machine, prepares what is missing, runs engine and controller and
// keeps them running, prints one link, and on Ctrl-C or SIGTERM ends everything and leaves nothing
// behind. `rackphone down` does the last part for an `up` that was killed. Thread rule: the main
// thread; blocks.
#pragma once

#include <expected>
#include <functional>
#include <string>
#include <vector>

#include "tools/cli/context.h"
#include "tools/cli/up/checks.h"
#include "tools/cli/up/layout.h"

namespace rp {

struct UpOptions {
  std::string listen = "0.0.0.0:8443";
  std::string public_name;  // host for the link; empty: found out
  std::string image = "demo";
  bool no_demo_phone = false;
  std::string engine;  // programs; empty: beside this one
  std::string controller;
  std::string web_root;            // empty: where the build or the package put it
  std::string user = "rackphone";  // the engine's; made if missing
  std::string log_level = "info";
  std::vector<std::string> engine_options;  // passed on as they are
};

[[nodiscard]] int run_up(CliContext& context, const UpOptions& options);
[[nodiscard]] int run_down(CliContext& context);

// --- steps, each a sentence when it fails ---

struct UpPaths {
  std::string engine;
  std::string controller;
  std::string web_root;
};
[[nodiscard]] std::expected<UpPaths, CliError> find_paths(const UpOptions& options);

struct UnixUser {
  unsigned uid = 0;
  unsigned gid = 0;
};
// The user of that name, made (system user, no shell) if missing. Root as the engine's user is
// refused.
[[nodiscard]] Result<UnixUser> ensure_user(const std::string& name);
// Every directory with its owner and mode.
[[nodiscard]] Status make_directories(const Layout& layout, const UnixUser& user);
// Processes of a former `up` that outlived it, known by their pid files and program names, end.
void end_strays(const Layout& layout);
// kExists when the run directory is that of services: a controller, not a stray, answers there.
[[nodiscard]] Status check_no_service(const Layout& layout);
// Phones, networks, sockets and run directories go; the last not while an engine lives in them.
// Needs that no controller runs.
[[nodiscard]] Status clean_host(const CliContext& context);

}  // namespace rp
