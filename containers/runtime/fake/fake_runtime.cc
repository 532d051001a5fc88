#include "containers/runtime/fake/fake_runtime.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <cerrno>
#include <filesystem>
#include <fstream>

#include "engine/base/subprocess.h"

extern char** environ;

namespace rp {
namespace {

std::string log_path(const std::string& log_dir, std::string_view id) {
  return log_dir + "/" + std::string(id) + ".log";
}

std::vector<std::string> environment_of(const PhoneSpec& spec) {
  std::vector<std::string> merged;
  for (char** entry = environ; *entry != nullptr; ++entry) merged.emplace_back(*entry);
  if (!spec.display_dir.empty())
    merged.push_back("WAYLAND_DISPLAY=" + spec.display_dir + "/wayland-0");
  for (const auto& [name, value] : spec.environment) merged.push_back(name + "=" + value);
  return merged;
}

std::vector<char*> pointers(const std::vector<std::string>& texts) {
  std::vector<char*> result;
  result.reserve(texts.size() + 1);
  for (const auto& text : texts) result.push_back(const_cast<char*>(text.c_str()));
  result.push_back(nullptr);
  return result;
}

std::string readable(std::string_view id) { return "phone " + std::string(id); }

}  // namespace

FakeRuntime::~FakeRuntime() {
  for (auto& [id, phone] : phones_) end(phone, SIGKILL, {});
}

Status FakeRuntime::take_failure() {
  if (!failure_) return {};
  Error error = std::move(*failure_);
  failure_.reset();
  return forward(std::move(error));
}

Result<FakeRuntime::Phone*> FakeRuntime::phone(std::string_view id) {
  RP_TRY(validate_phone_id(id));
  const auto found = phones_.find(id);
  if (found == phones_.end())
    return fail(ErrorCode::kNotFound, readable(id) + " does not exist: create it first");
  reap(found->second, false);
  return &found->second;
}

Status FakeRuntime::up() {
  const std::scoped_lock lock(mutex_);
  RP_TRY(take_failure());
  up_ = true;
  return {};
}

Status FakeRuntime::down() {
  const std::scoped_lock lock(mutex_);
  RP_TRY(take_failure());
  for (auto& [id, phone] : phones_) end(phone, SIGKILL, {});
  phones_.clear();
  up_ = false;
  return {};
}

Status FakeRuntime::create(const PhoneSpec& spec) {
  RP_TRY(validate(spec));
  const std::scoped_lock lock(mutex_);
  if (!up_) return fail(ErrorCode::kUnavailable, "the runtime is not up: call up() first");
  RP_TRY(take_failure());
  const auto found = phones_.find(spec.id);
  if (found != phones_.end() && found->second.state != PhoneState::kLeftover) return {};
  std::error_code error;
  std::filesystem::create_directories(spec.data_dir, error);
  if (error) return fail_errno(error.value(), "make data_dir " + spec.data_dir);
  int slot = 0;
  for (bool taken = true; taken; slot += taken ? 1 : 0) {
    taken = false;
    for (const auto& [id, phone] : phones_) taken = taken || phone.slot == slot;
  }
  phones_[spec.id] = Phone{spec, PhoneState::kCreated, -1, slot, 0};
  return {};
}

Status FakeRuntime::spawn(Phone& phone) const {
  const std::string program = find_program(phone.spec.command.front());
  if (program.empty())
    return fail(ErrorCode::kNotFound, "command: there is no program " + phone.spec.command.front());
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  const std::string log = log_path(options_.log_dir, phone.spec.id);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, 1, log.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  posix_spawn_file_actions_adddup2(&actions, 1, 2);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
  const auto environment = environment_of(phone.spec);
  const int error =
      ::posix_spawn(&phone.pid, program.c_str(), &actions, &attributes,
                    pointers(phone.spec.command).data(), pointers(environment).data());
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  if (error != 0) phone.pid = 0;
  if (error == 0) ::setpgid(phone.pid, phone.pid);  // the child may be late under an emulator
  return error == 0 ? Status() : fail_errno(error, "start " + program);
}

Status FakeRuntime::start(std::string_view id) {
  const std::scoped_lock lock(mutex_);
  RP_TRY(take_failure());
  RP_ASSIGN(Phone * it, phone(id));
  if (it->state == PhoneState::kRunning || it->state == PhoneState::kFrozen) return {};
  if (it->state != PhoneState::kCreated)
    return fail(ErrorCode::kExists, readable(id) + " has ended already: remove it first");
  if (options_.run_commands) RP_TRY(spawn(*it));
  it->state = PhoneState::kRunning;
  return {};
}

void FakeRuntime::reap(Phone& phone, bool wait) {
  if (phone.pid == 0) return;
  int status = 0;
  const pid_t pid = ::waitpid(phone.pid, &status, wait ? 0 : WNOHANG);
  if (pid != phone.pid) return;
  // What the command left running ends with it, as it would with a container's init.
  ::kill(-phone.pid, SIGKILL);
  phone.pid = 0;
  phone.state = PhoneState::kStopped;
  phone.exit_status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

void FakeRuntime::end(Phone& phone, int signal, std::chrono::milliseconds grace) const {
  if (phone.state != PhoneState::kRunning && phone.state != PhoneState::kFrozen) {
    if (phone.state == PhoneState::kCreated) phone.state = PhoneState::kStopped;
    return;
  }
  if (phone.pid == 0) {
    phone.state = PhoneState::kStopped;
    phone.exit_status = 128 + signal;
    return;
  }
  const UniqueFd pidfd(static_cast<int>(::syscall(SYS_pidfd_open, phone.pid, 0)));
  ::kill(-phone.pid, signal);
  ::kill(-phone.pid, SIGCONT);
  pollfd ended = {pidfd.get(), POLLIN, 0};
  if (signal != SIGKILL && ::poll(&ended, 1, static_cast<int>(grace.count())) <= 0)
    ::kill(-phone.pid, SIGKILL);
  reap(phone, true);
}

Status FakeRuntime::stop(std::string_view id, std::chrono::milliseconds grace) {
  const std::scoped_lock lock(mutex_);
  RP_TRY(take_failure());
  RP_ASSIGN(Phone * it, phone(id));
  end(*it, SIGTERM, grace);
  return {};
}

Status FakeRuntime::kill(std::string_view id) {
  const std::scoped_lock lock(mutex_);
  RP_TRY(take_failure());
  RP_ASSIGN(Phone * it, phone(id));
  end(*it, SIGKILL, {});
  return {};
}

Status FakeRuntime::freeze(std::string_view id) {
  const std::scoped_lock lock(mutex_);
  RP_TRY(take_failure());
  RP_ASSIGN(Phone * it, phone(id));
  if (it->state == PhoneState::kFrozen) return {};
  if (it->state != PhoneState::kRunning)
    return fail(ErrorCode::kExists, readable(id) + " is not running");
  if (it->pid != 0) ::kill(-it->pid, SIGSTOP);
  it->state = PhoneState::kFrozen;
  return {};
}

Status FakeRuntime::thaw(std::string_view id) {
  const std::scoped_lock lock(mutex_);
  RP_TRY(take_failure());
  RP_ASSIGN(Phone * it, phone(id));
  if (it->state == PhoneState::kRunning) return {};
  if (it->state != PhoneState::kFrozen)
    return fail(ErrorCode::kExists, readable(id) + " is not frozen");
  if (it->pid != 0) ::kill(-it->pid, SIGCONT);
  it->state = PhoneState::kRunning;
  return {};
}

Status FakeRuntime::remove(std::string_view id) {
  RP_TRY(validate_phone_id(id));
  const std::scoped_lock lock(mutex_);
  RP_TRY(take_failure());
  const auto found = phones_.find(id);
  if (found == phones_.end()) return {};
  end(found->second, SIGKILL, {});
  phones_.erase(found);
  return {};
}

ContainerInfo FakeRuntime::describe(Phone& phone) {
  reap(phone, false);
  ContainerInfo info;
  info.id = phone.spec.id;
  info.state = phone.state;
  info.init_pid = phone.pid;
  info.exit_status = phone.exit_status;
  info.address = "192.0.2." + std::to_string(phone.slot + 2);
  info.container = phone.state != PhoneState::kLeftover;
  info.run_dir = true;
  return info;
}

Result<std::vector<ContainerInfo>> FakeRuntime::list() {
  const std::scoped_lock lock(mutex_);
  std::vector<ContainerInfo> all;
  all.reserve(phones_.size());
  for (auto& [id, phone] : phones_) all.push_back(describe(phone));
  return all;
}

Result<ContainerInfo> FakeRuntime::inspect(std::string_view id) {
  RP_TRY(validate_phone_id(id));
  const std::scoped_lock lock(mutex_);
  const auto found = phones_.find(id);
  if (found != phones_.end()) return describe(found->second);
  ContainerInfo absent;
  absent.id = id;
  return absent;
}

Result<std::string> FakeRuntime::read_log(std::string_view id, std::size_t max_bytes) {
  const std::scoped_lock lock(mutex_);
  RP_ASSIGN(const Phone* it, phone(id));
  if (!options_.run_commands) return std::string();
  std::ifstream file(log_path(options_.log_dir, it->spec.id), std::ios::binary);
  std::string text((std::istreambuf_iterator<char>(file)), {});
  return text.substr(text.size() - std::min(text.size(), max_bytes));
}

void FakeRuntime::fail_next(Error error) {
  const std::scoped_lock lock(mutex_);
  failure_ = std::move(error);
}

void FakeRuntime::end_phone(std::string_view id, int exit_status) {
  const std::scoped_lock lock(mutex_);
  const auto found = phones_.find(id);
  if (found == phones_.end()) return;
  end(found->second, SIGKILL, {});
  found->second.exit_status = exit_status;
}

void FakeRuntime::break_phone(std::string_view id) {
  const std::scoped_lock lock(mutex_);
  const auto found = phones_.find(id);
  if (found == phones_.end()) return;
  end(found->second, SIGKILL, {});
  found->second.state = PhoneState::kLeftover;
}

}  // namespace rp
