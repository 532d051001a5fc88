#include "tools/cli/up/child.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <fstream>

#include <fmt/format.h>

#include "tools/cli/table.h"

namespace rp {

namespace {

constexpr Duration kYoung = std::chrono::seconds(10);
constexpr Duration kFirstPause = std::chrono::milliseconds(100);

// Between fork and exec, in the child: only what is async-signal-safe (signal-safety(7)).
[[noreturn]] void become(char* const* argv, int output, pid_t parent) {
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (::getppid() != parent) ::_exit(127);  // it died before we asked to be told
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::setsid();  // the terminal's Ctrl-C is for `up` alone, which ends us in order
  const int null = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  ::dup2(null, STDIN_FILENO);
  ::dup2(output, STDOUT_FILENO);
  ::dup2(output, STDERR_FILENO);
  ::execv(argv[0], argv);
  ::_exit(127);
}

}  // namespace

void LogFile::write(std::string_view text) {
  if (file_ && size_ >= max_bytes_) {
    file_.reset();
    ::rename(path_.c_str(), (path_ + ".1").c_str());
  }
  if (!file_) {
    file_.reset(::open(path_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
    struct stat status {};
    size_ = file_ && ::fstat(file_.get(), &status) == 0 ? status.st_size : 0;
  }
  if (file_ && ::write(file_.get(), text.data(), text.size()) > 0)
    size_ += static_cast<std::int64_t>(text.size());
}

Child::Child(EventLoop& loop, ChildOptions options, std::function<void(int)> ended)
    : loop_(loop),
      options_(std::move(options)),
      ended_(std::move(ended)),
      log_(options_.log_path, kMaxLogBytes) {}

Child::~Child() {
  if (pid_ <= 0) return;
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
}

Status Child::start() {
  RP_CHECK(!running());
  int ends[2] = {-1, -1};
  if (::pipe2(ends, O_CLOEXEC) != 0) return fail_errno("make a pipe");
  output_.reset(ends[0]);
  const UniqueFd write_end(ends[1]);
  ::fcntl(output_.get(), F_SETFL, O_NONBLOCK);
  std::vector<char*> argv;
  argv.reserve(options_.argv.size() + 1);
  for (std::string& argument : options_.argv) argv.push_back(argument.data());
  argv.push_back(nullptr);
  const pid_t parent = ::getpid();
  const pid_t pid = ::fork();
  if (pid < 0) return fail_errno("start " + options_.name);
  if (pid == 0) become(argv.data(), write_end.get(), parent);
  pid_ = pid;
  pid_fd_.reset(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  if (!pid_fd_) return fail_errno("watch " + options_.name);
  RP_ASSIGN(pid_watch_, loop_.watch(pid_fd_.get(), EPOLLIN, [this](std::uint32_t) { reap(); }));
  RP_ASSIGN(output_watch_,
            loop_.watch(output_.get(), EPOLLIN, [this](std::uint32_t) { read_output(); }));
  std::ofstream(options_.pid_path) << pid << "\n";
  return {};
}

void Child::signal(int number) {
  if (running()) ::syscall(SYS_pidfd_send_signal, pid_fd_.get(), number, nullptr, 0);
}

void Child::read_output() {
  std::array<char, 16384> buffer{};
  const ssize_t size = ::read(output_.get(), buffer.data(), buffer.size());
  if (size == 0) output_watch_.reset();
  if (size <= 0) return;
  std::string_view text(buffer.data(), static_cast<std::size_t>(size));
  log_.write(text);
  while (!text.empty() && text.back() == '\n') text.remove_suffix(1);
  const std::size_t line = text.rfind('\n');
  last_line_ = text.substr(line == std::string_view::npos ? 0 : line + 1).substr(0, 1000);
}

void Child::reap() {
  int status = 0;
  if (::waitpid(pid_, &status, WNOHANG) != pid_) return;
  if (output_watch_) read_output();
  pid_ = 0;
  pid_watch_.reset();
  output_watch_.reset();
  ::unlink(options_.pid_path.c_str());
  ended_(WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status));
}

Keeper::Keeper(EventLoop& loop, ChildOptions options, std::function<void(const std::string&)> say)
    : loop_(loop),
      say_(std::move(say)),
      child_(loop, std::move(options), [this](int status) { ended(status); }),
      again_(loop.timer([this] {
        if (auto started = start(); !started) say_(started.error().message());
      })),
      kill_(loop.timer([this] { child_.signal(SIGKILL); })) {}

Status Keeper::start() {
  started_ = loop_.clock().now();
  return child_.start();
}

void Keeper::stop(Duration grace) {
  stopping_ = true;
  again_.cancel();
  child_.signal(SIGTERM);
  kill_.arm_after(grace);
}

void Keeper::ended(int status) {
  kill_.cancel();
  if (stopping_) return;
  young_ends_ = loop_.clock().now() - started_ < kYoung ? young_ends_ + 1 : 1;
  const Duration pause = kFirstPause * (std::int64_t{1} << std::min(young_ends_ - 1, 6));
  say_(fmt::format("The {} ended with status {} and is started again. Its last words: {}",
                   child_.name(), status, printable(child_.last_line())));
  ++restarts_;
  again_.arm_after(pause);
}

}  // namespace rp
