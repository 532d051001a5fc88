#include "containers/runtime/runc/forwarding.h"

#include <fcntl.h>
#include <sys/file.h>

#include <filesystem>
#include <fstream>

#include "engine/base/unique_fd.h"

namespace rp {
namespace {

namespace fs = std::filesystem;

constexpr const char* kSwitch = "/proc/sys/net/ipv4/ip_forward";
constexpr const char* kFolder = "/run/rackphone-forwarding";
constexpr const char* kLock = "/run/rackphone-forwarding.lock";  // outlives the folder

Result<UniqueFd> lock() {
  UniqueFd fd(::open(kLock, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!fd) return fail_errno(std::string("open ") + kLock);
  if (::flock(fd.get(), LOCK_EX) != 0) return fail_errno(std::string("lock ") + kLock);
  return fd;
}

std::string read_switch() {
  std::ifstream file(kSwitch);
  std::string value;
  file >> value;
  return value;
}

Status write_switch(const std::string& value) {
  std::ofstream file(kSwitch);
  file << value << std::flush;
  if (!file) return fail(ErrorCode::kDenied, std::string("cannot write ") + kSwitch);
  return {};
}

}  // namespace

Status hold_forwarding(const std::string& tag) {
  RP_ASSIGN(const UniqueFd held, lock());
  std::error_code error;
  fs::create_directories(kFolder, error);
  const fs::path was = fs::path(kFolder) / "was";
  if (!fs::exists(was, error)) std::ofstream(was) << read_switch();
  std::ofstream(fs::path(kFolder) / tag) << "held\n";
  return read_switch() == "1" ? Status() : write_switch("1");
}

Status release_forwarding(const std::string& tag) {
  RP_ASSIGN(const UniqueFd held, lock());
  std::error_code error;
  if (!fs::remove(fs::path(kFolder) / tag, error)) return {};
  // An instance that was killed and never came back has no bridge any more.
  for (const auto& entry : fs::directory_iterator(kFolder, error))
    if (fs::exists("/sys/class/net/rp-" + entry.path().filename().string(), error)) return {};
  std::string was;
  std::ifstream(fs::path(kFolder) / "was") >> was;
  fs::remove_all(kFolder, error);
  return was == "0" ? write_switch("0") : Status();
}

}  // namespace rp
