// The steps of `rackphone up` and `down` that touch the machine.
#include <fcntl.h>
#include <pwd.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <filesystem>
#include <fstream>

#include <fmt/format.h>

#include "engine/base/socket_stream.h"
#include "engine/base/subprocess.h"
#include "engine/base/unique_fd.h"
#include "tools/cli/up/up.h"

namespace rp {

namespace {

namespace fs = std::filesystem;

std::string own_directory() {
  std::error_code error;
  return fs::read_symlink("/proc/self/exe", error).parent_path().string();
}

std::expected<std::string, CliError> program(const std::string& given, const std::string& name) {
  const std::string path = given.empty() ? own_directory() + "/" + name : given;
  if (::access(path.c_str(), X_OK) == 0) return fs::absolute(path).string();
  const std::string option = name.substr(name.find('-') + 1);
  return std::unexpected(CliError{
      Exit::kNotFound,
      fmt::format("there is no program {}; build it, or name it with --{}", path, option)});
}

Status make(const std::string& path, mode_t mode, const UnixUser& owner) {
  std::error_code error;
  fs::create_directories(fs::path(path).parent_path(), error);
  if (error) return fail_errno(error.value(), "make the folder of " + path);
  if (::mkdir(path.c_str(), mode) != 0 && errno != EEXIST) return fail_errno("make " + path);
  if (::chown(path.c_str(), owner.uid, owner.gid) != 0)
    return fail_errno("set the owner of " + path);
  if (::chmod(path.c_str(), mode) != 0) return fail_errno("set the mode of " + path);
  return {};
}

// Ends the process in the pid file if it still is that program; a number used again is left alone.
void end_stray(const std::string& pid_file, const std::string& name) {
  pid_t pid = 0;
  std::ifstream(pid_file) >> pid;
  if (pid <= 1) return;
  const UniqueFd process(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  std::error_code error;
  const fs::path exe = fs::read_symlink(fmt::format("/proc/{}/exe", pid), error);
  // " (deleted)" follows the name when the program was built anew since.
  if (!process || error || exe.filename().string().rfind(name, 0) != 0) return;
  ::syscall(SYS_pidfd_send_signal, process.get(), SIGKILL, nullptr, 0);
  for (int look = 0; look < 100 && ::kill(pid, 0) == 0; ++look) ::usleep(10'000);
}

}  // namespace

std::expected<UpPaths, CliError> find_paths(const UpOptions& options) {
  UpPaths paths;
  auto engine = program(options.engine, "rackphone-engine");
  if (!engine) return std::unexpected(engine.error());
  auto controller = program(options.controller, "rackphone-controller");
  if (!controller) return std::unexpected(controller.error());
  paths.engine = *engine;
  paths.controller = *controller;
  const std::string own = own_directory();
  // --web-root; of a build tree; of an installation; of a source tree that ran `npm run build`.
  const std::array<std::string, 4> places = {options.web_root, own + "/../web",
                                             own + "/../share/rackphone/web",
                                             own + "/../../../tools/web/dist"};
  for (const std::string& place : places) {
    if (place.empty() || ::access((place + "/index.html").c_str(), R_OK) != 0) continue;
    paths.web_root = fs::absolute(place).lexically_normal().string();
    return paths;
  }
  return std::unexpected(
      CliError{Exit::kNotFound,
               "the web page is not built; run `npm run build` in tools/web, or name the "
               "folder of its index.html with --web-root"});
}

Result<UnixUser> ensure_user(const std::string& name) {
  if (name == "root")
    return fail(ErrorCode::kInvalid, "the engine must not run as root; name another --user");
  const passwd* entry = ::getpwnam(name.c_str());
  if (entry == nullptr) {
    const auto made = run_checked({"useradd", "--system", "--no-create-home", "--user-group",
                                   "--shell", "/usr/sbin/nologin", name});
    if (!made)
      return fail(made.error().code,
                  fmt::format("make user {}: {}; make it by hand or name another with --user", name,
                              made.error().message()));
    entry = ::getpwnam(name.c_str());
  }
  if (entry == nullptr) return fail(ErrorCode::kNotFound, "there is no user " + name);
  if (entry->pw_uid == 0)
    return fail(ErrorCode::kInvalid, "the engine must not run as root; name another --user");
  return UnixUser{entry->pw_uid, entry->pw_gid};
}

Status make_directories(const Layout& layout, const UnixUser& user) {
  const UnixUser root;
  RP_TRY(make(layout.state_dir, 0700, root));
  for (const char* name : {"/tls", "/keys", "/log"})
    RP_TRY(make(layout.state_dir + name, 0700, root));
  RP_TRY(make(layout.run_dir, 0755, root));
  RP_TRY(make(layout.run_dir + "/api", 0750, {0, user.gid}));
  // The engine's own; others may pass through to the displays, which are bind-mounted into phones.
  RP_TRY(make(layout.engine_dir(), 0711, user));
  return make(layout.displays_dir(), 0711, user);
}

void end_strays(const Layout& layout) {
  end_stray(layout.pid_file("controller"), "rackphone-controller");
  end_stray(layout.pid_file("engine"), "rackphone-engine");
}

Status check_no_service(const Layout& layout) {
  if (!connect_unix(layout.controller_socket())) return {};
  return fail(ErrorCode::kExists,
              "a controller that this command did not start runs on " + layout.run_dir +
                  "; end it (systemctl stop rackphone-controller rackphone-engine), or choose "
                  "another --run");
}

Status clean_host(const CliContext& context) {
  const Layout layout = context.layout();
  {
    RP_ASSIGN(const std::unique_ptr<Runtime> runtime, context.parts.make_runtime(layout));
    RP_TRY(runtime->down());
  }
  if (connect_unix(layout.engine_socket())) return {};
  std::error_code error;
  fs::remove_all(layout.run_dir, error);
  if (error) return fail_errno(error.value(), "remove " + layout.run_dir);
  return {};
}

}  // namespace rp
