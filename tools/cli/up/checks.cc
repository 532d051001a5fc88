#include "tools/cli/up/checks.h"

#include <arpa/inet.h>
#include <glob.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <fstream>

#include <fmt/format.h>

#include "engine/base/subprocess.h"
#include "engine/base/unique_fd.h"
#include "tools/cli/table.h"

namespace rp {

namespace {

constexpr std::int64_t kLittleDisk_bytes = std::int64_t{4} << 30;
constexpr std::int64_t kTooLittleDisk_bytes = std::int64_t{256} << 20;

bool exists(const std::string& path) { return ::access(path.c_str(), F_OK) == 0; }

bool file_has_word(const std::string& path, const std::string& word) {
  std::ifstream file(path);
  for (std::string found; file >> found;)
    if (found == word) return true;
  return false;
}

std::string first_match(const std::string& pattern) {
  glob_t found{};
  std::string path;
  if (::glob(pattern.c_str(), 0, nullptr, &found) == 0 && found.gl_pathc > 0)
    path = found.gl_pathv[0];
  ::globfree(&found);
  return path;
}

Finding optional_part(const char* what, bool there, std::string found, const char* used,
                      const char* instead, const char* advice) {
  if (there) return {what, Grade::kGood, std::move(found), used, ""};
  return {what, Grade::kCouldBeBetter, "not there", instead, advice};
}

}  // namespace

Finding check_root() {
  if (::geteuid() == 0) return {"root", Grade::kGood, "yes", "containers", ""};
  return {"root", Grade::kMissing, "no", "", "phones are containers, which need root: use sudo"};
}

Finding check_program(const std::string& program, const std::string& package,
                      const std::string& used) {
  const std::string path = find_program(program);
  if (!path.empty()) return {program, Grade::kGood, path, used, ""};
  return {program, Grade::kMissing, "not there", "",
          fmt::format("{} is needed for {}: apt-get install {}", program, used, package)};
}

Finding check_cgroups() {
  const bool v2 = exists("/sys/fs/cgroup/cgroup.controllers");
  const bool v1 = exists("/sys/fs/cgroup/memory") || exists("/sys/fs/cgroup/pids");
  if (v2) return {"cgroups", Grade::kGood, "v2", "limits on memory, CPU and processes", ""};
  if (v1) {
    const bool hybrid = exists("/sys/fs/cgroup/unified");
    return {"cgroups", Grade::kGood, hybrid ? "v1 (hybrid)" : "v1",
            "limits on memory, CPU and processes", ""};
  }
  return {"cgroups", Grade::kMissing, "not mounted", "",
          "mount them: mount -t cgroup2 none /sys/fs/cgroup"};
}

Finding check_user_namespaces() {
  std::int64_t at_most = 0;
  std::ifstream("/proc/sys/user/max_user_namespaces") >> at_most;
  if (exists("/proc/self/ns/user") && at_most > 0)
    return {"user namespaces", Grade::kGood, fmt::format("up to {}", at_most), "isolation", ""};
  return {"user namespaces", Grade::kMissing, "switched off", "",
          "allow them: sysctl user.max_user_namespaces=10000"};
}

Finding check_overlay() {
  if (file_has_word("/proc/filesystems", "overlay"))
    return {"overlayfs", Grade::kGood, "yes", "one image under many phones", ""};
  return {"overlayfs", Grade::kMissing, "not in this kernel", "",
          "load it: modprobe overlay, or use a kernel that has it"};
}

Finding check_disk(const std::string& directory) {
  std::filesystem::path path(directory);
  while (!path.empty() && path != path.root_path() && !exists(path.string()))
    path = path.parent_path();
  struct statvfs disk {};
  if (::statvfs(path.c_str(), &disk) != 0)
    return {"disk", Grade::kMissing, "cannot be read", "", "look at " + path.string()};
  const auto free_bytes = static_cast<std::int64_t>(disk.f_bavail * disk.f_frsize);
  const std::string found = human_bytes(free_bytes) + " free in " + directory;
  if (free_bytes < kTooLittleDisk_bytes)
    return {"disk", Grade::kMissing, found, "", "free some space, or choose another --state"};
  if (free_bytes < kLittleDisk_bytes)
    return {"disk", Grade::kCouldBeBetter, found, "images and phones", "images need about 4 GiB"};
  return {"disk", Grade::kGood, found, "images and phones", ""};
}

Finding check_port(const ListenAddress& listen) {
  sockaddr_storage storage{};
  socklen_t size = sizeof(sockaddr_in);
  const bool v6 = listen.host.front() == '[';
  const auto port = htons(static_cast<std::uint16_t>(listen.port));
  if (v6) {
    auto* address = reinterpret_cast<sockaddr_in6*>(&storage);
    address->sin6_family = AF_INET6;
    address->sin6_port = port;
    ::inet_pton(AF_INET6, listen.host.substr(1, listen.host.size() - 2).c_str(),
                &address->sin6_addr);
    size = sizeof(sockaddr_in6);
  } else {
    auto* address = reinterpret_cast<sockaddr_in*>(&storage);
    address->sin_family = AF_INET;
    address->sin_port = port;
    ::inet_pton(AF_INET, listen.host.c_str(), &address->sin_addr);
  }
  const std::string what = fmt::format("port {}", listen.port);
  const UniqueFd probe(::socket(v6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const int yes = 1;
  ::setsockopt(probe.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  if (probe && ::bind(probe.get(), reinterpret_cast<sockaddr*>(&storage), size) == 0)
    return {what, Grade::kGood, "free", "the page, its API and the streams", ""};
  const int error = errno;
  if (error == EADDRINUSE)
    return {what, Grade::kMissing, "in use", "",
            fmt::format("port {} is in use; choose another: --listen {}:{}", listen.port,
                        listen.host, listen.port == 65535 ? 8443 : listen.port + 1)};
  return {what, Grade::kMissing, std::strerror(error), "",
          fmt::format("{}:{} cannot be listened on ({}); choose an address of this machine with "
                      "--listen",
                      listen.host, listen.port, std::strerror(error))};
}

std::vector<Finding> check_accelerators(const std::string& root) {
  const std::string render = first_match(root + "/dev/dri/renderD*");
  const std::string nvidia = first_match(root + "/dev/nvidia[0-9]*");
  const std::string video = first_match(root + "/dev/video*");
  const std::string heap = first_match(root + "/dev/dma_heap/*");
  return {
      optional_part("kTLS", exists(root + "/proc/net/tls_stat"), "yes", "TLS in the kernel",
                    "TLS in the engine", "use a kernel with CONFIG_TLS: modprobe tls"),
      optional_part("render node", !render.empty(), render, "drawing, and encoding by VA-API",
                    "drawing and encoding by the CPU",
                    "give this machine a GPU and load its driver (docs/hardware.md)"),
      optional_part("NVIDIA node", !nvidia.empty(), nvidia, "encoding by NVENC",
                    "encoding by the CPU or another device",
                    "give this machine an NVIDIA GPU and install its driver (docs/hardware.md)"),
      optional_part("V4L2 device", !video.empty(), video, "video encoding by a codec chip",
                    "video encoding by the CPU",
                    "only boards with such a chip have it (docs/hardware.md)"),
      optional_part("dma-heap", !heap.empty(), heap, "pictures a device reads where they lie",
                    "a copy of each picture for a device",
                    "use a kernel with CONFIG_DMABUF_HEAPS_SYSTEM; needed with a device only"),
      optional_part("udmabuf", exists(root + "/dev/udmabuf"), "/dev/udmabuf",
                    "apps' shared memory as dma-bufs", "a copy of what apps draw for a device",
                    "modprobe udmabuf; needed with a device only"),
      optional_part("binder", file_has_word(root + "/proc/filesystems", "binder"), "yes",
                    "Android phones", "Linux phones only",
                    "for Android use a kernel with CONFIG_ANDROID_BINDERFS"),
  };
}

std::vector<Finding> check_required(const Layout& layout) {
  return {check_root(),
          check_program("runc", "runc", "running phones"),
          check_program("conmon", "conmon", "phones' logs and exit status"),
          check_program("tini-static", "tini", "processes inside phones"),
          check_program("ip", "iproute2", "the phones' network"),
          check_program("nft", "nftables", "the phones' network"),
          check_cgroups(),
          check_user_namespaces(),
          check_overlay(),
          check_disk(layout.state_dir)};
}

}  // namespace rp
