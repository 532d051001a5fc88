#include "engine/base/subprocess.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>

extern char** environ;

namespace rp {
namespace {

using SteadyClock = std::chrono::steady_clock;

// Reads one of the program's streams: keeps the first bytes of it and hands out whole lines.
class Capture {
 public:
  Capture(UniqueFd fd, std::size_t max_bytes, std::function<void(std::string_view)> on_line)
      : fd_(std::move(fd)), max_bytes_(max_bytes), on_line_(std::move(on_line)) {}

  [[nodiscard]] int fd() const { return fd_.get(); }
  [[nodiscard]] std::string take() { return std::move(text_); }

  // Takes what is there; closes at the end of the stream.
  void drain() {
    std::array<char, 16384> chunk;
    while (fd_) {
      const ssize_t n = ::read(fd_.get(), chunk.data(), chunk.size());
      if (n < 0 && errno == EINTR) continue;
      if (n < 0 && errno == EAGAIN) return;
      if (n <= 0) {
        fd_.reset();
        return;
      }
      append({chunk.data(), static_cast<std::size_t>(n)});
    }
  }

 private:
  void append(std::string_view bytes) {
    text_.append(bytes.substr(0, max_bytes_ - std::min(max_bytes_, text_.size())));
    if (!on_line_) return;
    for (const char c : bytes) {
      if (c != '\n' && c != '\r') {
        if (line_.size() < 4096) line_.push_back(c);
      } else if (!line_.empty()) {
        on_line_(line_);
        line_.clear();
      }
    }
  }

  UniqueFd fd_;
  std::size_t max_bytes_;
  std::function<void(std::string_view)> on_line_;
  std::string text_;
  std::string line_;
};

struct Pipe {
  UniqueFd read;
  UniqueFd write;
};

Result<Pipe> make_pipe() {
  int fds[2];
  if (::pipe2(fds, O_CLOEXEC) != 0) return fail_errno("pipe");
  ::fcntl(fds[0], F_SETFL, O_NONBLOCK);
  return Pipe{UniqueFd(fds[0]), UniqueFd(fds[1])};
}

std::vector<std::string> merged_environment(const CommandOptions& options) {
  std::vector<std::string> merged;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    const std::string_view name = text.substr(0, text.find('='));
    if (std::ranges::none_of(options.environment, [&](const auto& e) { return e.first == name; }))
      merged.emplace_back(text);
  }
  for (const auto& [name, value] : options.environment) merged.push_back(name + "=" + value);
  return merged;
}

std::vector<char*> pointers(const std::vector<std::string>& texts) {
  std::vector<char*> result;
  result.reserve(texts.size() + 1);
  for (const auto& text : texts) result.push_back(const_cast<char*>(text.c_str()));
  result.push_back(nullptr);
  return result;
}

// Spawns in a process group of its own, so that the deadline reaches the program's children too.
Result<pid_t> spawn(const CommandOptions& options, int in, int out, int err) {
  const std::string path = find_program(options.argv.at(0));
  if (path.empty())
    return fail(ErrorCode::kNotFound, "the program " + options.argv[0] + " is not installed");
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, in, 0);
  posix_spawn_file_actions_adddup2(&actions, out, 1);
  posix_spawn_file_actions_adddup2(&actions, err, 2);
  // A descriptor that is 3 already loses its close-on-exec flag by dup2 onto itself, as POSIX has
  // it.
  if (options.keep_fd >= 0) posix_spawn_file_actions_adddup2(&actions, options.keep_fd, 3);
  if (!options.working_dir.empty())
    posix_spawn_file_actions_addchdir_np(&actions, options.working_dir.c_str());
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t none;
  sigset_t defaults;
  sigemptyset(&none);
  sigemptyset(&defaults);
  sigaddset(&defaults, SIGPIPE);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &defaults);
  posix_spawnattr_setflags(&attributes,
                           POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  const auto environment = merged_environment(options);
  pid_t pid = 0;
  const int error = ::posix_spawn(&pid, path.c_str(), &actions, &attributes,
                                  pointers(options.argv).data(), pointers(environment).data());
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  if (error != 0) return fail_errno(error, "start " + path);
  // Done by the child already, unless it runs beside us still: emulators do not wait for its exec.
  ::setpgid(pid, pid);
  return pid;
}

int wait_for(pid_t pid) {
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

enum class Outcome { kEnded, kLate, kCancelled };

Outcome follow(int pidfd, int cancel_fd, Capture& out, Capture& err,
               SteadyClock::time_point deadline) {
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - SteadyClock::now());
    if (left.count() <= 0) return Outcome::kLate;
    // poll(2) passes over negative descriptors.
    std::array<pollfd, 4> fds = {
        {{pidfd, POLLIN, 0}, {out.fd(), POLLIN, 0}, {err.fd(), POLLIN, 0}, {cancel_fd, POLLIN, 0}}};
    const int ready = ::poll(fds.data(), fds.size(), static_cast<int>(left.count()));
    if (ready < 0 && errno != EINTR) return Outcome::kLate;
    if (ready <= 0) continue;
    out.drain();
    err.drain();
    if (fds[0].revents != 0) return Outcome::kEnded;
    if (fds[3].revents != 0) return Outcome::kCancelled;
  }
}

std::string_view last_line(std::string_view text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.remove_suffix(1);
  const std::size_t start = text.rfind('\n');
  return text.substr(start == std::string_view::npos ? 0 : start + 1).substr(0, 500);
}

}  // namespace

std::string find_program(std::string_view name) {
  if (name.find('/') != std::string_view::npos)
    return ::access(std::string(name).c_str(), X_OK) == 0 ? std::string(name) : std::string();
  const char* path = std::getenv("PATH");
  std::string folders = path == nullptr ? "" : path;
  folders += ":/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
  for (std::size_t start = 0; start < folders.size();) {
    const std::size_t end = std::min(folders.find(':', start), folders.size());
    const std::string candidate = folders.substr(start, end - start) + "/" + std::string(name);
    if (candidate.front() == '/' && ::access(candidate.c_str(), X_OK) == 0) return candidate;
    start = end + 1;
  }
  return {};
}

Result<CommandResult> run_command(const CommandOptions& options) {
  RP_CHECK(!options.argv.empty());
  RP_ASSIGN(const UniqueFd input, create_memory_file("stdin", options.input.size()));
  for (std::size_t at = 0; at < options.input.size();) {
    const ssize_t n = ::pwrite(input.get(), options.input.data() + at, options.input.size() - at,
                               static_cast<off_t>(at));
    if (n < 0) return fail_errno("write the input of " + options.argv[0]);
    at += static_cast<std::size_t>(n);
  }
  RP_ASSIGN(Pipe out_pipe, make_pipe());
  RP_ASSIGN(Pipe err_pipe, make_pipe());
  const auto deadline = SteadyClock::now() + options.deadline;
  RP_ASSIGN(const pid_t pid,
            spawn(options, input.get(), out_pipe.write.get(), err_pipe.write.get()));
  out_pipe.write.reset();
  err_pipe.write.reset();
  // Our own child that nobody else waits for: its pid cannot be another process's.
  const UniqueFd pidfd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  Capture out(std::move(out_pipe.read), options.max_output_bytes, {});
  Capture err(std::move(err_pipe.read), options.max_output_bytes, options.on_error_line);
  const Outcome outcome = follow(pidfd.get(), options.cancel_fd, out, err, deadline);
  if (outcome != Outcome::kEnded) {
    ::kill(-pid, SIGKILL);
    wait_for(pid);
    if (outcome == Outcome::kCancelled)
      return fail(ErrorCode::kUnavailable, options.argv[0] + " was cancelled");
    return fail(ErrorCode::kTimeout, options.argv[0] + " did not end within " +
                                         std::to_string(options.deadline.count()) + " ms");
  }
  CommandResult result;
  result.exit_status = wait_for(pid);
  out.drain();
  err.drain();
  result.out = out.take();
  result.err = err.take();
  return result;
}

Result<std::string> run_checked(const CommandOptions& options) {
  RP_ASSIGN(CommandResult result, run_command(options));
  if (result.exit_status == 0) return std::move(result.out);
  std::string what = options.argv[0];
  for (std::size_t i = 1; i < std::min<std::size_t>(options.argv.size(), 6); ++i)
    what += " " + options.argv[i];
  const std::string_view reason = last_line(result.err.empty() ? result.out : result.err);
  what += reason.empty() ? " ended with status " + std::to_string(result.exit_status)
                         : ": " + std::string(reason);
  return fail(ErrorCode::kInternal, std::move(what));
}

Result<std::string> run_checked(std::vector<std::string> argv, std::string input) {
  CommandOptions options;
  options.argv = std::move(argv);
  options.input = std::move(input);
  return run_checked(options);
}

}  // namespace rp
