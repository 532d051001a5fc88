// RuncRuntime, the part that makes a phone and takes it apart again.
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <filesystem>
#include <set>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "containers/runtime/runc/bundle_files.h"
#include "containers/runtime/runc/oci_config.h"
#include "containers/runtime/runc/phone_mounts.h"
#include "containers/runtime/runc/runc_runtime.h"
#include "containers/runtime/runc/wait_until.h"
#include "engine/base/subprocess.h"

namespace rp {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

constexpr std::size_t kLogBytes = std::size_t{1} << 20;

bool exists(const std::string& path) { return ::access(path.c_str(), F_OK) == 0; }

// conmon's one answer on its sync pipe: {"data": pid} or {"data": -1, "message": "…"}.
Status read_conmon_answer(int fd, std::chrono::milliseconds at_most) {
  std::string text;
  const auto deadline = std::chrono::steady_clock::now() + at_most;
  while (text.find('\n') == std::string::npos) {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    if (left.count() <= 0) return fail(ErrorCode::kTimeout, "runc did not answer within 20 s");
    pollfd readable = {fd, POLLIN, 0};
    if (::poll(&readable, 1, static_cast<int>(left.count())) <= 0) continue;
    char chunk[4096];
    const ssize_t n = ::read(fd, chunk, sizeof chunk);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0 || text.size() > 65'536) break;
    text.append(chunk, static_cast<std::size_t>(n));
  }
  const auto answer = nlohmann::json::parse(text, nullptr, false);
  if (!answer.is_object() || !answer.contains("data") || !answer["data"].is_number_integer())
    return fail(ErrorCode::kInternal, "conmon ended without an answer");
  if (answer["data"].get<std::int64_t>() > 0) return {};
  const bool told = answer.contains("message") && answer["message"].is_string();
  return fail(ErrorCode::kInternal,
              told ? runc_reason(answer["message"].get<std::string>()) : "runc create failed");
}

// machine-id(5): 32 hex digits; the buses inside a phone want one, and phones must not share it.
Result<std::string> random_machine_id() {
  std::array<unsigned char, 16> bytes{};
  if (::getentropy(bytes.data(), bytes.size()) != 0) return fail_errno("getentropy");
  std::string text;
  for (const unsigned char byte : bytes) text += fmt::format("{:02x}", byte);
  return text + "\n";
}

}  // namespace

Result<int> RuncRuntime::take_slot(std::string_view id) {
  const std::scoped_lock lock(shared_mutex_);
  std::set<int> taken;
  for (const auto& [slot, phone] : network_.attached()) taken.insert(slot);
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(instance_.phones_dir(), error))
    if (const auto slot = read_number(entry.path() / "slot")) taken.insert(*slot);
  int slot = 0;
  while (taken.contains(slot)) ++slot;
  if (slot >= kMaxSlots)
    return fail(ErrorCode::kExhausted, "this host runs 4000 phones already: remove one first");
  const std::string dir = instance_.phone_dir(id);
  if (::mkdir(dir.c_str(), 0711) != 0 || ::chmod(dir.c_str(), 0711) != 0)
    return fail_errno("make " + dir);
  RP_TRY(write_file(dir + "/slot", std::to_string(slot), 0600));
  return slot;
}

Status RuncRuntime::write_bundle(const PhoneSpec& spec, int slot) const {
  const std::string dir = instance_.phone_dir(spec.id);
  std::string resolv = "# The host's name servers that a phone can reach.\n";
  for (const auto& server : upstream_resolvers()) resolv += "nameserver " + server + "\n";
  RP_TRY(write_file(dir + "/resolv.conf", resolv, 0644));
  RP_TRY(write_file(dir + "/hosts",
                    fmt::format("127.0.0.1 localhost\n{} {}\n", network_.address(slot), spec.id),
                    0644));
  RP_ASSIGN(const std::string machine_id, random_machine_id());
  RP_TRY(write_file(dir + "/machine-id", machine_id, 0644));
  if (::mkdir((dir + "/exit").c_str(), 0700) != 0) return fail_errno("make " + dir + "/exit");
  OciOptions oci;
  oci.spec = &spec;
  oci.phone_dir = dir;
  oci.cgroup = instance_.cgroup(spec.id);
  oci.init = init_;
  oci.first_id = options_.first_id + static_cast<std::uint32_t>(slot) * kIdsPerPhone;
  for (const auto& mount : hierarchies_)
    oci.limit_swap = oci.limit_swap || exists(mount + "/memory.memsw.limit_in_bytes") ||
                     exists(mount + "/cgroup.controllers");
  // Only a privileged process raises a hard limit, and the phone's init is none.
  rlimit own = {};
  if (::getrlimit(RLIMIT_NOFILE, &own) == 0)
    oci.max_files = std::min<std::uint64_t>(oci.max_files, own.rlim_max);
  oci.ipv6 = exists("/proc/sys/net/ipv6");
  return write_file(dir + "/config.json", oci_config(oci), 0600);
}

// conmon goes into the background, starts `runc create` and answers on a pipe when that is done.
Status RuncRuntime::spawn_container(std::string_view id) const {
  int fds[2];
  if (::pipe2(fds, O_CLOEXEC) != 0) return fail_errno("pipe");
  const UniqueFd answer(fds[0]);
  UniqueFd answer_write(fds[1]);
  const std::string dir = instance_.phone_dir(id);
  const std::string container = instance_.container(id);
  CommandOptions command;
  command.argv = {"conmon",
                  "--api-version",
                  "1",
                  "--cid",
                  container,
                  "--cuuid",
                  container,
                  "--name",
                  container,
                  "--runtime",
                  find_program("runc"),
                  "--bundle",
                  dir,
                  "--container-pidfile",
                  dir + "/init.pid",
                  "--conmon-pidfile",
                  dir + "/conmon.pid",
                  "--exit-dir",
                  dir + "/exit",
                  "--log-path",
                  "k8s-file:" + dir + "/phone.log",
                  "--log-size-max",
                  std::to_string(kLogBytes),
                  "--full-attach",
                  "--no-sync-log",
                  "--runtime-arg=--root=" + instance_.runc_root()};
  // conmon leaves a note named "oom" in its working directory when the kernel killed something.
  command.working_dir = dir;
  command.environment = {{"_OCI_SYNCPIPE", "3"}};
  command.keep_fd = answer_write.get();
  RP_ASSIGN(const auto started, run_command(command));
  answer_write.reset();
  if (started.exit_status != 0)
    return fail(ErrorCode::kInternal, "start conmon: " + runc_reason(started.err));
  return read_conmon_answer(answer.get(), 20s);
}

Status RuncRuntime::build(const PhoneSpec& spec) {
  RP_ASSIGN(const int slot, take_slot(spec.id));
  RootMount root;
  root.rootfs = spec.rootfs;
  root.data_dir = spec.data_dir;
  root.phone_dir = instance_.phone_dir(spec.id);
  root.first_id = options_.first_id + static_cast<std::uint32_t>(slot) * kIdsPerPhone;
  RP_TRY(mount_phone_root(root));
  RP_TRY(write_bundle(spec, slot));
  RP_TRY(spawn_container(spec.id));
  const auto pid = read_number(root.phone_dir + "/init.pid");
  if (!pid) return fail(ErrorCode::kInternal, "runc left no pid of phone " + spec.id);
  return network_.attach(slot, spec.id, *pid);
}

Status RuncRuntime::remove_traces(std::string_view id) {
  const std::string dir = instance_.phone_dir(id);
  const Cgroups groups = cgroups(id);
  RP_TRY(groups.kill_all());
  const pid_t conmon = read_number(dir + "/conmon.pid").value_or(0);
  const auto conmon_gone = [&] { return !process_has_argument(conmon, instance_.container(id)); };
  if (!wait_until(conmon_gone, 2s)) ::kill(conmon, SIGKILL);
  std::set<int> slots;
  if (const auto slot = read_number(dir + "/slot")) slots.insert(*slot);
  for (const auto& [slot, phone] : network_.attached())
    if (phone == id) slots.insert(slot);
  for (const int slot : slots) RP_TRY(network_.detach(slot));
  // Until nothing is mounted below it, deleting the folder would delete the phone's own files.
  RP_TRY(unmount_below(dir));
  if (!mounts_below(dir).empty())
    return fail(ErrorCode::kExists, "something mounts below " + dir + " again and again");
  // A cgroup stays busy for a moment after its last process has gone.
  Status removed;
  wait_until(
      [&] {
        removed = groups.remove();
        return removed.has_value();
      },
      3s);
  RP_TRY(removed);
  std::error_code error;
  fs::remove_all(instance_.runc_root() + "/" + instance_.container(id), error);
  if (error) return fail_errno(error.value(), "remove runc's notes of phone " + std::string(id));
  fs::remove_all(dir, error);
  if (error) return fail_errno(error.value(), "remove " + dir);
  return {};
}

}  // namespace rp
