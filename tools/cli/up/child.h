// Child: a program that `rackphone up` runs and watches. It ends with us (parent-death signal), its
// standard error goes through a pipe into a log file that is turned over when it is full, and its
// end is noticed by the loop. Thread rule: the loop's thread.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "engine/base/event_loop.h"
#include "engine/base/unique_fd.h"

namespace rp {

// Appends to a file of at most `max_bytes`; the full one becomes FILE.1, and the one before that
// goes.
class LogFile {
 public:
  LogFile(std::string path, std::int64_t max_bytes)
      : path_(std::move(path)), max_bytes_(max_bytes) {}
  // What cannot be written (a full disk) is dropped: a log must not stop what it is about.
  void write(std::string_view text);

 private:
  std::string path_;
  std::int64_t max_bytes_;
  UniqueFd file_;
  std::int64_t size_ = 0;
};

struct ChildOptions {
  std::string name;               // "engine"
  std::vector<std::string> argv;  // argv[0] is a path
  std::string log_path;
  std::string pid_path;
};

class Child {
 public:
  static constexpr std::int64_t kMaxLogBytes = 16 << 20;

  // `ended` gets the exit status, 0–255 or 128 + signal; it may destroy or start the child again.
  Child(EventLoop& loop, ChildOptions options, std::function<void(int status)> ended);
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child();  // kills what still runs

  [[nodiscard]] Status start();
  void signal(int number);
  [[nodiscard]] bool running() const { return pid_ > 0; }
  [[nodiscard]] const std::string& name() const { return options_.name; }
  // The newest of what it wrote, for the message about its death.
  [[nodiscard]] const std::string& last_line() const { return last_line_; }

 private:
  void read_output();
  void reap();

  EventLoop& loop_;
  ChildOptions options_;
  std::function<void(int)> ended_;
  LogFile log_;
  std::string last_line_;
  pid_t pid_ = 0;
  UniqueFd pid_fd_;
  UniqueFd output_;
  EventLoop::Watch pid_watch_;
  EventLoop::Watch output_watch_;
};

// Runs a child again whenever it ends: at once the first time, later with growing pauses when it
// keeps ending young.
class Keeper {
 public:
  Keeper(EventLoop& loop, ChildOptions options, std::function<void(const std::string&)> say);
  [[nodiscard]] Status start();
  // No more restarts: SIGTERM, SIGKILL after `grace`.
  void stop(Duration grace);
  [[nodiscard]] bool running() const { return child_.running(); }
  [[nodiscard]] std::uint64_t restarts() const { return restarts_; }
  [[nodiscard]] const Child& child() const { return child_; }

 private:
  void ended(int status);

  EventLoop& loop_;
  std::function<void(const std::string&)> say_;
  Child child_;
  EventLoop::Timer again_;
  EventLoop::Timer kill_;
  TimePoint started_;
  std::uint64_t restarts_ = 0;
  int young_ends_ = 0;
  bool stopping_ = false;
};

}  // namespace rp
