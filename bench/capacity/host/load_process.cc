#include "bench/capacity/host/load_process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace rp {
namespace {

// Between fork and exec, in the child: only what is async-signal-safe (signal-safety(7)).
[[noreturn]] void become(char* const* argv, int input, int log, pid_t parent) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(127);  // it died before we asked to be told
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::signal(SIGPIPE, SIG_DFL);
  ::setsid();  // the terminal's Ctrl-C is for the harness, which ends us in order
  ::dup2(input, STDIN_FILENO);
  ::dup2(log, STDOUT_FILENO);
  ::dup2(log, STDERR_FILENO);
  ::execv(argv[0], argv);
  ::_exit(127);
}

}  // namespace

Result<LoadProcess> LoadProcess::start(const std::vector<std::string>& argv,
                                       const std::string& log_path) {
  int ends[2] = {-1, -1};
  if (::pipe2(ends, O_CLOEXEC) != 0) return fail_errno("make a pipe");
  const UniqueFd read_end(ends[0]);
  UniqueFd write_end(ends[1]);
  const UniqueFd log(::open(log_path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
  if (!log) return fail_errno("open " + log_path);
  std::vector<std::string> copy = argv;
  std::vector<char*> raw;
  raw.reserve(copy.size() + 1);
  for (std::string& argument : copy) raw.push_back(argument.data());
  raw.push_back(nullptr);
  const pid_t parent = ::getpid();
  const pid_t pid = ::fork();
  if (pid < 0) return fail_errno("start " + argv.front());
  if (pid == 0) become(raw.data(), read_end.get(), log.get(), parent);
  return LoadProcess(pid, std::move(write_end));
}

LoadProcess::LoadProcess(LoadProcess&& other) noexcept
    : pid_(std::exchange(other.pid_, 0)),
      exit_status_(other.exit_status_),
      input_(std::move(other.input_)) {}

LoadProcess& LoadProcess::operator=(LoadProcess&& other) noexcept {
  if (this == &other) return *this;
  end(std::chrono::milliseconds(0));
  pid_ = std::exchange(other.pid_, 0);
  exit_status_ = other.exit_status_;
  input_ = std::move(other.input_);
  return *this;
}

LoadProcess::~LoadProcess() { end(std::chrono::milliseconds(0)); }

Status LoadProcess::write(std::string_view line) {
  while (!line.empty()) {
    const ssize_t written = ::write(input_.get(), line.data(), line.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return fail_errno("write to a program");
    line.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

bool LoadProcess::reap(int options) {
  if (pid_ == 0) return true;
  int status = 0;
  if (::waitpid(pid_, &status, options) != pid_) return false;
  exit_status_ = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
  pid_ = 0;
  return true;
}

bool LoadProcess::running() { return !reap(WNOHANG); }

int LoadProcess::end(std::chrono::milliseconds patience) {
  if (reap(WNOHANG)) return exit_status_;
  input_.reset();
  if (patience.count() > 0) {
    const UniqueFd process(static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0)));
    ::kill(pid_, SIGTERM);
    pollfd entry{process.get(), POLLIN, 0};
    ::poll(&entry, 1, static_cast<int>(patience.count()));
    if (reap(WNOHANG)) return exit_status_;
  }
  ::kill(pid_, SIGKILL);
  (void)reap(0);
  return exit_status_;
}

}  // namespace rp
