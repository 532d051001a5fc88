// rackphone-controller: people, phones and their lives, behind two sockets. `rackphone up` starts
// it; by hand:
//   rackphone-controller --state /var/lib/rackphone --run /run/rackphone --api-group rackphone
// SIGTERM ends it and touches no phone: the next one finds them again.
#include <grp.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>

#include <CLI/CLI.hpp>

#include "containers/controller/controller.h"
#include "engine/base/log.h"
#include "tools/programs/host_parts.h"

namespace rp {

namespace {

struct Options {
  std::string state_dir = "/var/lib/rackphone";
  std::string run_dir = "/run/rackphone";
  int api_gid = -1;
  std::string api_group;
  std::string log_level = "info";
};

// The host's own key; tickets of a lost key die within a minute, so a new one may be made at any
// start.
Result<TicketKey> ensure_ticket_key(const Layout& layout) {
  const std::string path = layout.ticket_key();
  if (::access(path.c_str(), F_OK) == 0) return TicketKey::load(path);
  const std::string folder = path.substr(0, path.rfind('/'));
  if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) return fail_errno("make " + folder);
  RP_ASSIGN(TicketKey key, TicketKey::generate());
  RP_TRY(key.save(path));
  return key;
}

// Of --api-gid or --api-group; -1 when neither is given.
Result<int> api_gid(const Options& options) {
  if (options.api_group.empty()) return options.api_gid;
  const group* entry = ::getgrnam(options.api_group.c_str());
  if (entry == nullptr) return fail(ErrorCode::kNotFound, "there is no group " + options.api_group);
  return static_cast<int>(entry->gr_gid);
}

Status serve(const Options& options) {
  const Layout layout{options.state_dir, options.run_dir};
  RP_ASSIGN(const LogLevel level, parse_log_level(options.log_level));
  set_log_level(level);
  sigset_t set;
  ::sigemptyset(&set);
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) ::sigaddset(&set, number);
  ::sigprocmask(SIG_BLOCK, &set, nullptr);  // before any thread is made
  const UniqueFd signals(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!signals) return fail_errno("listen for signals");

  if (::mkdir(options.state_dir.c_str(), 0700) != 0 && errno != EEXIST)
    return fail_errno("make " + options.state_dir);
  if (::mkdir(options.run_dir.c_str(), 0755) != 0 && errno != EEXIST)
    return fail_errno("make " + options.run_dir);
  ControllerOptions controlling;
  controlling.state_dir = options.state_dir;
  controlling.run_dir = options.run_dir;
  controlling.engine_socket = layout.engine_socket();
  RP_ASSIGN(controlling.api_gid, api_gid(options));
  RP_ASSIGN(const TicketKey key, ensure_ticket_key(layout));
  const CliParts parts = host_parts();
  RP_ASSIGN(const std::unique_ptr<Runtime> runtime, parts.make_runtime(layout));
  RP_ASSIGN(const std::unique_ptr<ImageStore> images, parts.make_images(layout));
  SystemClock clock;
  SystemRandom random;
  RP_ASSIGN(const std::unique_ptr<EventLoop> loop, EventLoop::create(clock));
  RP_ASSIGN(const std::unique_ptr<Controller> controller,
            Controller::create({*loop, *runtime, *images, key, random}, controlling));
  RP_ASSIGN(const EventLoop::Watch watch,
            loop->watch(signals.get(), EPOLLIN, [&loop](std::uint32_t) { loop->stop(); }));
  log_info("controller.ready", {{"run", options.run_dir}, {"version", RP_VERSION}});
  loop->run();
  log_info("controller.end");
  return {};
}

}  // namespace

}  // namespace rp

int main(int argc, char** argv) {
  rp::Options options;
  CLI::App app("The control plane of Rackphone: people, phones, REST", "rackphone-controller");
  app.set_version_flag("--version", RP_VERSION);
  app.add_option("--state", options.state_dir, "Folder of what is kept")->capture_default_str();
  app.add_option("--run", options.run_dir, "Folder of sockets")->capture_default_str();
  auto* gid = app.add_option("--api-gid", options.api_gid,
                             "Group that may use RUN/api/api.sock: the engine's")
                  ->check(CLI::Range(0, 1 << 30));
  app.add_option("--api-group", options.api_group, "The same, by name")->excludes(gid);
  app.add_option("--log-level", options.log_level, "debug, info, warning, error or off")
      ->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  std::signal(SIGPIPE, SIG_IGN);
  rp::set_log_program("controller");
  if (const rp::Status status = rp::serve(options); !status) {
    std::fprintf(stderr, "rackphone-controller: %s\n", status.error().message().c_str());
    return 1;
  }
  return 0;
}
