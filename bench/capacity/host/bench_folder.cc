#include "bench/capacity/host/bench_folder.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "containers/runtime/runc/runc_runtime.h"
#include "engine/base/subprocess.h"

namespace rp {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kPrefix = "rackphone-bench-";
constexpr std::string_view kNamespacePrefix = "rpb";

// The lock, or nothing while a run holds it.
UniqueFd try_lock(const std::string& folder) {
  UniqueFd fd(::open((folder + "/lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (fd && ::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) fd.reset();
  return fd;
}

// Ours to clear: a folder, no link, of this user, that nobody else can write to.
bool is_own(const std::string& path) {
  struct stat info = {};
  return ::lstat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode) && info.st_uid == ::geteuid() &&
         (info.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

Status clear_namespace(const std::string& folder) {
  std::ifstream file(folder + "/netns");
  std::string name;
  if (!(file >> name) || !name.starts_with(kNamespacePrefix) || name.contains('/')) return {};
  if (::access(("/run/netns/" + name).c_str(), F_OK) != 0) return {};
  RP_TRY(run_checked({"ip", "netns", "del", name}));
  return {};
}

Status clear_containers(const std::string& folder) {
  if (::access((folder + "/run").c_str(), F_OK) != 0) return {};
  RuncOptions options;
  options.run_dir = folder + "/run";
  RP_ASSIGN(const auto runtime, RuncRuntime::create(options));
  return runtime->down();
}

Status clear(const std::string& folder) {
  RP_TRY(clear_containers(folder));
  RP_TRY(clear_namespace(folder));
  std::error_code error;
  fs::remove_all(folder, error);
  if (error) return fail_errno(error.value(), "remove " + folder);
  return {};
}

}  // namespace

Result<std::unique_ptr<BenchFolder>> BenchFolder::create() {
  std::error_code error;
  const std::string pattern = (fs::temp_directory_path(error) / kPrefix).string() + "XXXXXX";
  for (;;) {
    std::string path = pattern;
    if (::mkdtemp(path.data()) == nullptr) return fail_errno("make a folder " + path);
    UniqueFd lock = try_lock(path);
    // Between the two it looked like a leftover to a run that began at the same moment.
    if (!lock || ::access((path + "/lock").c_str(), F_OK) != 0) continue;
    // Phones in containers have users of their own, which pass through here.
    if (::chmod(path.c_str(), 0711) != 0) return fail_errno("chmod " + path);
    return std::unique_ptr<BenchFolder>(new BenchFolder(std::move(path), std::move(lock)));
  }
}

BenchFolder::~BenchFolder() {
  std::error_code error;
  fs::remove_all(path_, error);  // a folder left in /tmp is better than an exception here
}

Status BenchFolder::note_namespace(const std::string& name) const {
  std::ofstream file(path_ + "/netns");
  file << name << "\n" << std::flush;
  if (!file) return fail_errno("write " + path_ + "/netns");
  return {};
}

Result<int> clear_bench_leftovers() {
  int cleared = 0;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(fs::temp_directory_path(error), error)) {
    const std::string path = entry.path().string();
    if (!entry.path().filename().string().starts_with(kPrefix) || !is_own(path)) continue;
    const UniqueFd lock = try_lock(path);
    if (!lock) continue;
    if (const Status done = clear(path); !done)
      return fail(done.error().code,
                  "clear up " + path + ", which a killed run left: " + done.error().message());
    ++cleared;
  }
  return cleared;
}

}  // namespace rp
