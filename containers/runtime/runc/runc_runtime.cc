#include "containers/runtime/runc/runc_runtime.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>

#include "containers/runtime/runc/bundle_files.h"
#include "containers/runtime/runc/phone_mounts.h"
#include "containers/runtime/runc/wait_until.h"
#include "engine/base/log.h"
#include "engine/base/subprocess.h"

namespace rp {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

std::string phone_named(std::string_view id) { return "phone " + std::string(id); }

bool exists(const std::string& path) { return ::access(path.c_str(), F_OK) == 0; }

bool is_mount_point(const std::string& dir) {
  struct stat self = {};
  struct stat parent = {};
  return ::stat(dir.c_str(), &self) == 0 && ::stat((dir + "/..").c_str(), &parent) == 0 &&
         self.st_dev != parent.st_dev;
}

Status make_folder(const std::string& path, mode_t mode) {
  std::error_code error;
  fs::create_directories(path, error);
  if (error) return fail_errno(error.value(), "make " + path);
  if (::chmod(path.c_str(), mode) != 0) return fail_errno("chmod " + path);
  return {};
}

Result<UniqueFd> lock_run_dir(const std::string& run_dir) {
  const std::string path = run_dir + "/lock";
  UniqueFd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!fd) return fail_errno("open " + path);
  if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0)
    return fail(ErrorCode::kExists, "another controller uses " + run_dir +
                                        ": stop it, or give this one another run directory");
  return fd;
}

}  // namespace

RuncRuntime::RuncRuntime(RuncOptions options, UniqueFd lock, std::string init)
    : options_(std::move(options)),
      lock_(std::move(lock)),
      init_(std::move(init)),
      instance_(options_.run_dir),
      hierarchies_(cgroup_hierarchies()),
      network_(instance_, options_.subnet) {}

Result<std::unique_ptr<RuncRuntime>> RuncRuntime::create(const RuncOptions& options) {
  if (::geteuid() != 0)
    return fail(ErrorCode::kDenied, "running phones needs root: start the controller with sudo");
  if (options.run_dir.empty() || options.run_dir.front() != '/' || options.run_dir.size() > 60)
    return fail(ErrorCode::kInvalid, "run_dir must be an absolute path of at most 60 bytes");
  for (const auto& [program, package] : {std::pair{"runc", "runc"},
                                         {"conmon", "conmon"},
                                         {"tini-static", "tini"},
                                         {"ip", "iproute2"},
                                         {"nft", "nftables"},
                                         {"nsenter", "util-linux"}})
    if (find_program(program).empty())
      return fail(ErrorCode::kNotFound, std::string("the program ") + program +
                                            " is missing: apt-get install " + package);
  RuncOptions resolved = options;
  RP_TRY(make_folder(options.run_dir, 0711));
  std::error_code error;
  resolved.run_dir = fs::canonical(options.run_dir, error);
  if (error) return fail_errno(error.value(), "resolve " + options.run_dir);
  RP_TRY(make_folder(resolved.run_dir + "/phones", 0711));
  RP_TRY(make_folder(resolved.run_dir + "/runc", 0700));
  RP_ASSIGN(UniqueFd lock, lock_run_dir(resolved.run_dir));
  return std::unique_ptr<RuncRuntime>(
      new RuncRuntime(std::move(resolved), std::move(lock), find_program("tini-static")));
}

std::mutex& RuncRuntime::phone_mutex(std::string_view id) {
  return phone_mutexes_[std::hash<std::string_view>()(id) % phone_mutexes_.size()];
}

Cgroups RuncRuntime::cgroups(std::string_view id) const {
  return {hierarchies_, instance_.cgroup(id)};
}

Status RuncRuntime::up() {
  const std::scoped_lock lock(shared_mutex_);
  RP_TRY(network_.up());
  up_ = true;
  return {};
}

Status RuncRuntime::down() {
  RP_ASSIGN(const auto phones, list());
  for (const auto& phone : phones) RP_TRY(remove(phone.id));
  const std::scoped_lock lock(shared_mutex_);
  RP_TRY(network_.down());
  remove_cgroup_parent(hierarchies_, instance_.cgroup_parent());
  up_ = false;
  return {};
}

Status RuncRuntime::create(const PhoneSpec& spec) {
  RP_TRY(validate(spec));
  {
    const std::scoped_lock lock(shared_mutex_);
    if (!up_) return fail(ErrorCode::kUnavailable, "the runtime is not up: call up() first");
  }
  if (!exists(spec.rootfs))
    return fail(ErrorCode::kInvalid,
                "rootfs " + spec.rootfs + " is not there: build the image first");
  if (!spec.display_dir.empty() && !exists(spec.display_dir))
    return fail(ErrorCode::kInvalid, "display_dir " + spec.display_dir + " is not there");
  const std::scoped_lock lock(phone_mutex(spec.id));
  const PhoneState state = describe(spec.id).state;
  if (state == PhoneState::kLeftover) RP_TRY(remove_traces(spec.id));
  if (state != PhoneState::kLeftover && state != PhoneState::kAbsent) return {};
  const Status built = build(spec);
  if (built) return {};
  // A half-made phone helps nobody; list() still finds what cannot be removed now.
  if (const Status removed = remove_traces(spec.id); !removed)
    log_warning("phone.leftover", {{"phone", spec.id}, {"error", removed.error()}});
  return forward(built.error());
}

Result<ContainerInfo> RuncRuntime::whole(std::string_view id) const {
  ContainerInfo info = describe(id);
  if (info.state == PhoneState::kAbsent)
    return fail(ErrorCode::kNotFound, phone_named(id) + " does not exist: create it first");
  if (info.state == PhoneState::kLeftover)
    return fail(ErrorCode::kExists, phone_named(id) + " is broken: remove it first");
  return info;
}

Status RuncRuntime::runc(const char* verb, std::string_view id) const {
  RP_ASSIGN(const auto result, run_command({.argv = {"runc", "--root", instance_.runc_root(), verb,
                                                     instance_.container(id)}}));
  if (result.exit_status == 0) return {};
  return fail(ErrorCode::kInternal,
              std::string(verb) + " " + phone_named(id) + ": " + runc_reason(result.err));
}

Status RuncRuntime::start(std::string_view id) {
  RP_TRY(validate_phone_id(id));
  const std::scoped_lock lock(phone_mutex(id));
  RP_ASSIGN(const ContainerInfo info, whole(id));
  if (info.state == PhoneState::kRunning || info.state == PhoneState::kFrozen) return {};
  if (info.state == PhoneState::kStopped)
    return fail(ErrorCode::kExists, phone_named(id) + " has ended already: remove it first");
  return runc("start", id);
}

Status RuncRuntime::end(const ContainerInfo& info, int signal,
                        std::chrono::milliseconds grace) const {
  if (info.init_pid == 0) return {};
  const Cgroups groups = cgroups(info.id);
  const UniqueFd init(static_cast<int>(::syscall(SYS_pidfd_open, info.init_pid, 0)));
  // Ended meanwhile, or the number is another process's by now.
  if (!init || !groups.hold(info.init_pid)) return {};
  const auto send_and_wait = [&](int which, std::chrono::milliseconds time) {
    ::syscall(SYS_pidfd_send_signal, init.get(), which, nullptr, 0);
    if (groups.frozen()) groups.thaw();
    pollfd ended = {init.get(), POLLIN, 0};
    return ::poll(&ended, 1, static_cast<int>(std::clamp(time, 0ms, 600'000ms).count())) > 0;
  };
  // Before its start a phone has only runc's waiting init, which knows nothing of asking.
  const bool asked = signal != SIGKILL && info.state != PhoneState::kCreated;
  if (!(asked && send_and_wait(signal, grace)) && !send_and_wait(SIGKILL, 10s))
    return fail(ErrorCode::kTimeout, phone_named(info.id) + " did not end within 10 s of SIGKILL");
  // conmon writes down how it ended a moment later.
  wait_until([&] { return describe(info.id).state == PhoneState::kStopped; }, 3s);
  return {};
}

Status RuncRuntime::stop(std::string_view id, std::chrono::milliseconds grace) {
  RP_TRY(validate_phone_id(id));
  const std::scoped_lock lock(phone_mutex(id));
  RP_ASSIGN(const ContainerInfo info, whole(id));
  return end(info, SIGTERM, grace);
}

Status RuncRuntime::kill(std::string_view id) {
  RP_TRY(validate_phone_id(id));
  const std::scoped_lock lock(phone_mutex(id));
  RP_ASSIGN(const ContainerInfo info, whole(id));
  return end(info, SIGKILL, 0ms);
}

Status RuncRuntime::freeze(std::string_view id) {
  RP_TRY(validate_phone_id(id));
  const std::scoped_lock lock(phone_mutex(id));
  RP_ASSIGN(const ContainerInfo info, whole(id));
  if (info.state == PhoneState::kFrozen) return {};
  if (info.state != PhoneState::kRunning)
    return fail(ErrorCode::kExists, phone_named(id) + " is not running");
  return runc("pause", id);
}

Status RuncRuntime::thaw(std::string_view id) {
  RP_TRY(validate_phone_id(id));
  const std::scoped_lock lock(phone_mutex(id));
  RP_ASSIGN(const ContainerInfo info, whole(id));
  if (info.state == PhoneState::kRunning) return {};
  if (info.state != PhoneState::kFrozen)
    return fail(ErrorCode::kExists, phone_named(id) + " is not frozen");
  return runc("resume", id);
}

Status RuncRuntime::remove(std::string_view id) {
  RP_TRY(validate_phone_id(id));
  const std::scoped_lock lock(phone_mutex(id));
  return remove_traces(id);
}

ContainerInfo RuncRuntime::describe(std::string_view id) const {
  ContainerInfo info;
  info.id = id;
  const std::string dir = instance_.phone_dir(id);
  const std::string state_dir = instance_.runc_root() + "/" + instance_.container(id);
  const Cgroups groups = cgroups(id);
  info.run_dir = exists(dir);
  info.container = exists(state_dir + "/state.json");
  const bool root_mounted = is_mount_point(dir + "/rootfs");
  info.mounts =
      root_mounted || is_mount_point(dir + "/layers/base") || is_mount_point(dir + "/layers/data");
  info.cgroup = groups.exist();
  const auto slot = read_number(dir + "/slot");
  if (slot) {
    info.network = exists("/sys/class/net/" + instance_.veth(*slot));
    info.address = network_.address(*slot);
  } else {
    info.network = std::ranges::any_of(network_.attached(),
                                       [&](const auto& entry) { return entry.second == id; });
  }
  if (!info.run_dir && !exists(state_dir) && !info.cgroup && !info.network) return info;
  const pid_t pid = read_number(dir + "/init.pid").value_or(0);
  const bool alive = process_runs(pid) && groups.hold(pid);
  if (alive) info.init_pid = pid;
  if (alive) info.memory_bytes = groups.memory_bytes();
  info.state = PhoneState::kLeftover;
  if (!slot || !info.container || !root_mounted || pid == 0 || (alive && !info.network))
    return info;
  if (alive && groups.frozen()) {
    info.state = PhoneState::kFrozen;
  } else if (alive) {
    // runc keeps this pipe from create to start; its init waits on it.
    info.state = exists(state_dir + "/exec.fifo") ? PhoneState::kCreated : PhoneState::kRunning;
  } else {
    const auto status = read_number(dir + "/exit/" + instance_.container(id));
    info.exit_status = status.value_or(-1);
    const pid_t conmon = read_number(dir + "/conmon.pid").value_or(0);
    // Dead, but conmon is still about to write down how: not stopped before it has.
    const bool ending = !status && process_has_argument(conmon, instance_.container(id));
    info.state = ending ? PhoneState::kRunning : PhoneState::kStopped;
  }
  return info;
}

Result<ContainerInfo> RuncRuntime::inspect(std::string_view id) {
  RP_TRY(validate_phone_id(id));
  return describe(id);
}

Result<std::vector<ContainerInfo>> RuncRuntime::list() {
  std::set<std::string> ids;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(instance_.phones_dir(), error))
    ids.insert(entry.path().filename());
  const std::string prefix = instance_.container("");
  for (const auto& entry : fs::directory_iterator(instance_.runc_root(), error))
    if (const std::string name = entry.path().filename(); name.starts_with(prefix))
      ids.insert(name.substr(prefix.size()));
  for (const auto& name : cgroups_below(hierarchies_, instance_.cgroup_parent())) ids.insert(name);
  for (const auto& [slot, id] : network_.attached()) ids.insert(id);
  std::vector<ContainerInfo> all;
  for (const auto& id : ids) {
    if (!validate_phone_id(id)) continue;
    ContainerInfo info = describe(id);
    if (info.state != PhoneState::kAbsent) all.push_back(std::move(info));
  }
  return all;
}

Result<std::string> RuncRuntime::read_log(std::string_view id, std::size_t max_bytes) {
  RP_TRY(validate_phone_id(id));
  std::ifstream file(instance_.phone_dir(id) + "/phone.log", std::ios::binary);
  if (!file) return fail(ErrorCode::kNotFound, phone_named(id) + " does not exist and has no log");
  return plain_log(std::string(std::istreambuf_iterator<char>(file), {}), max_bytes);
}

}  // namespace rp
