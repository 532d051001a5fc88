#include "containers/runtime/runc/cgroups.h"

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <thread>

namespace rp {
namespace {

namespace fs = std::filesystem;

std::string read_word(const std::string& path) {
  std::ifstream file(path);
  std::string word;
  file >> word;
  return word;
}

bool write_word(const std::string& path, std::string_view word) {
  std::ofstream file(path);
  file << word << std::flush;
  return file.good();
}

}  // namespace

std::vector<std::string> cgroup_hierarchies() {
  std::vector<std::string> found;
  std::ifstream mountinfo("/proc/self/mountinfo");
  for (std::string line; std::getline(mountinfo, line);) {
    // "… mount-point options … - type source super-options" (proc(5)).
    const std::size_t dash = line.find(" - cgroup");
    if (dash == std::string::npos) continue;
    std::istringstream fields(line);
    std::string word;
    for (int i = 0; i < 5; ++i) fields >> word;
    found.push_back(word);
  }
  return found;
}

Cgroups::Cgroups(const std::vector<std::string>& hierarchies, std::string path)
    : path_(std::move(path)) {
  for (const auto& mount : hierarchies) candidates_.push_back(mount + "/" + path_);
}

std::vector<std::string> Cgroups::dirs() const {
  std::vector<std::string> found;
  for (const auto& dir : candidates_)
    if (::access(dir.c_str(), F_OK) == 0) found.push_back(dir);
  return found;
}

bool Cgroups::hold(pid_t pid) const {
  std::ifstream file("/proc/" + std::to_string(pid) + "/cgroup");
  for (std::string line; std::getline(file, line);)
    if (line.ends_with(":/" + path_)) return true;
  return false;
}

bool Cgroups::frozen() const {
  for (const auto& dir : candidates_) {
    const std::string v1 = read_word(dir + "/freezer.state");
    if (v1 == "FROZEN" || v1 == "FREEZING" || read_word(dir + "/cgroup.freeze") == "1") return true;
  }
  return false;
}

void Cgroups::thaw() const {
  for (const auto& dir : dirs()) {
    if (::access((dir + "/freezer.state").c_str(), F_OK) == 0)
      write_word(dir + "/freezer.state", "THAWED");
    if (::access((dir + "/cgroup.freeze").c_str(), F_OK) == 0)
      write_word(dir + "/cgroup.freeze", "0");
  }
}

std::int64_t Cgroups::memory_bytes() const {
  for (const auto& dir : candidates_) {
    for (const char* name : {"/memory.usage_in_bytes", "/memory.current"}) {
      std::ifstream file(dir + name);
      if (std::int64_t bytes = 0; file >> bytes) return bytes;
    }
  }
  return 0;
}

std::vector<pid_t> Cgroups::processes() const {
  std::set<pid_t> all;
  for (const auto& dir : dirs()) {
    std::ifstream file(dir + "/cgroup.procs");
    for (pid_t pid = 0; file >> pid;) all.insert(pid);
  }
  return {all.begin(), all.end()};
}

Status Cgroups::kill_all() const {
  using namespace std::chrono_literals;
  const auto deadline = std::chrono::steady_clock::now() + 10s;
  for (;;) {
    const auto pids = processes();
    if (pids.empty()) return {};
    for (const pid_t pid : pids) {
      // 0 is a process of another pid namespace: not ours to reach.
      if (pid > 1 && hold(pid)) ::kill(pid, SIGKILL);
    }
    thaw();
    if (std::chrono::steady_clock::now() > deadline)
      return fail(ErrorCode::kTimeout,
                  "processes in cgroup " + path_ + " did not end within 10 s of SIGKILL");
    std::this_thread::sleep_for(2ms);
  }
}

Status Cgroups::remove() const {
  for (const auto& dir : dirs()) {
    std::vector<std::string> inner;
    std::error_code error;
    for (fs::recursive_directory_iterator it(dir, error), end; !error && it != end;
         it.increment(error))
      if (it->is_directory(error)) inner.push_back(it->path());
    std::ranges::reverse(inner);
    inner.push_back(dir);
    for (const auto& folder : inner)
      if (::rmdir(folder.c_str()) != 0 && errno != ENOENT)
        return fail_errno("remove cgroup " + folder);
  }
  return {};
}

std::vector<std::string> cgroups_below(const std::vector<std::string>& hierarchies,
                                       const std::string& parent) {
  std::set<std::string> names;
  for (const auto& mount : hierarchies) {
    std::error_code error;
    for (fs::directory_iterator it(mount + "/" + parent, error), end; !error && it != end;
         it.increment(error))
      if (it->is_directory(error)) names.insert(it->path().filename());
  }
  return {names.begin(), names.end()};
}

void remove_cgroup_parent(const std::vector<std::string>& hierarchies, const std::string& parent) {
  for (const auto& mount : hierarchies) ::rmdir((mount + "/" + parent).c_str());
}

}  // namespace rp
