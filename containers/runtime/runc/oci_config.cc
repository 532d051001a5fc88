#include "containers/runtime/runc/oci_config.h"

#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "containers/runtime/runc/phone_mounts.h"
#include "containers/runtime/runc/seccomp_profile.h"

namespace rp {
namespace {

using nlohmann::json;

constexpr const char* kInitInPhone = "/run/rackphone/init";
constexpr std::int64_t kCpuPeriod_us = 100'000;

std::string runtime_dir(const PhoneSpec& spec) { return "/run/user/" + std::to_string(spec.user); }

json environment(const PhoneSpec& spec) {
  std::vector<std::pair<std::string, std::string>> variables = {
      {"PATH", "/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin:/usr/games"},
      {"HOME", "/"},
      {"LANG", "C.UTF-8"},
      {"XDG_RUNTIME_DIR", runtime_dir(spec)}};
  if (!spec.display_dir.empty())
    variables.emplace_back("WAYLAND_DISPLAY", std::string(kDisplayDirInPhone) + "/wayland-0");
  for (const auto& [name, value] : spec.environment) {
    const auto known =
        std::ranges::find(variables, name, &std::pair<std::string, std::string>::first);
    if (known == variables.end())
      variables.emplace_back(name, value);
    else
      known->second = value;
  }
  json result = json::array();
  for (const auto& [name, value] : variables) result.push_back(name + "=" + value);
  return result;
}

std::string home(const PhoneSpec& spec) {
  for (const auto& [name, value] : spec.environment)
    if (name == "HOME" && value.starts_with("/")) return value;
  return "/";
}

json process(const OciOptions& options) {
  const PhoneSpec& spec = *options.spec;
  // -g: a stop signal reaches the whole session, not only its first process.
  json args = {kInitInPhone, "-g", "--"};
  for (const auto& argument : spec.command) args.push_back(argument);
  const json none = json::array();
  return {{"terminal", false},
          {"user", {{"uid", spec.user}, {"gid", spec.user}}},
          {"args", std::move(args)},
          {"env", environment(spec)},
          {"cwd", home(spec)},
          {"capabilities",
           {{"bounding", none}, {"effective", none}, {"permitted", none}, {"ambient", none}}},
          {"rlimits",
           {{{"type", "RLIMIT_NOFILE"},
             {"hard", options.max_files},
             {"soft", std::min<std::uint64_t>(options.max_files, 4096)}},
            {{"type", "RLIMIT_CORE"}, {"hard", 0}, {"soft", 0}}}},
          // A phone that exhausts the host's memory goes before the host's services do.
          {"oomScoreAdj", 300},
          {"noNewPrivileges", true}};
}

json mount(const char* target, const char* type, const char* source, json options) {
  return {
      {"destination", target}, {"type", type}, {"source", source}, {"options", std::move(options)}};
}

json bind_mount(const std::string& target, const std::string& source, bool executable) {
  json options = {"bind", "ro", "nosuid", "nodev"};
  if (!executable) options.push_back("noexec");
  return mount(target.c_str(), "bind", source.c_str(), std::move(options));
}

json mounts(const OciOptions& options) {
  const PhoneSpec& spec = *options.spec;
  const std::string user = std::to_string(spec.user);
  json list = {
      mount("/proc", "proc", "proc", {"nosuid", "noexec", "nodev"}),
      mount("/dev", "tmpfs", "tmpfs", {"nosuid", "strictatime", "mode=755", "size=65536k"}),
      mount("/dev/pts", "devpts", "devpts",
            {"nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"}),
      mount("/dev/shm", "tmpfs", "shm", {"nosuid", "noexec", "nodev", "mode=1777", "size=256m"}),
      mount("/dev/mqueue", "mqueue", "mqueue", {"nosuid", "noexec", "nodev"}),
      mount("/sys", "sysfs", "sysfs", {"nosuid", "noexec", "nodev", "ro"}),
      mount("/tmp", "tmpfs", "tmpfs", {"nosuid", "nodev", "mode=1777", "size=256m"}),
      mount("/run", "tmpfs", "tmpfs", {"nosuid", "nodev", "mode=755", "size=16m"}),
      mount(runtime_dir(spec).c_str(), "tmpfs", "tmpfs",
            {"nosuid", "nodev", "mode=700", "size=128m", "uid=" + user, "gid=" + user}),
      bind_mount(kInitInPhone, options.init, true),
      bind_mount("/etc/resolv.conf", options.phone_dir + "/resolv.conf", false),
      bind_mount("/etc/machine-id", options.phone_dir + "/machine-id", false),
      bind_mount("/etc/hosts", options.phone_dir + "/hosts", false)};
  if (!spec.display_dir.empty())
    list.push_back(bind_mount(std::string(kDisplayDirInPhone), spec.display_dir, false));
  return list;
}

json resources(const OciOptions& options) {
  const PhoneLimits& limits = options.spec->limits;
  json memory = {{"limit", limits.memory_bytes}};
  if (options.limit_swap) memory["swap"] = limits.memory_bytes;
  return {{"devices", {{{"allow", false}, {"access", "rwm"}}}},
          {"memory", std::move(memory)},
          {"cpu", {{"quota", limits.cpu_milli * kCpuPeriod_us / 1000}, {"period", kCpuPeriod_us}}},
          {"pids", {{"limit", limits.pids}}}};
}

json linux_part(const OciOptions& options) {
  const json ids = {{{"containerID", 0}, {"hostID", options.first_id}, {"size", kIdsPerPhone}}};
  json namespaces = json::array();
  for (const char* type : {"user", "pid", "network", "ipc", "uts", "mount", "cgroup"})
    namespaces.push_back({{"type", type}});
  json sysctl = json::object();
  if (options.ipv6) {
    sysctl["net.ipv6.conf.all.disable_ipv6"] = "1";
    sysctl["net.ipv6.conf.default.disable_ipv6"] = "1";
  }
  return {{"uidMappings", ids},
          {"gidMappings", ids},
          {"namespaces", std::move(namespaces)},
          {"resources", resources(options)},
          {"cgroupsPath", "/" + options.cgroup},
          {"sysctl", std::move(sysctl)},
          {"seccomp", seccomp_profile()},
          {"rootfsPropagation", "private"},
          {"maskedPaths",
           {"/proc/acpi", "/proc/asound", "/proc/kcore", "/proc/keys", "/proc/latency_stats",
            "/proc/timer_list", "/proc/timer_stats", "/proc/sched_debug", "/proc/scsi",
            "/sys/firmware", "/sys/devices/virtual/powercap", "/sys/kernel"}},
          {"readonlyPaths",
           {"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"}}};
}

}  // namespace

std::string oci_config(const OciOptions& options) {
  const json config = {{"ociVersion", "1.0.2"},
                       {"process", process(options)},
                       {"root", {{"path", "rootfs"}, {"readonly", false}}},
                       {"hostname", options.spec->id},
                       {"mounts", mounts(options)},
                       {"linux", linux_part(options)}};
  // Variables may hold any bytes; JSON holds UTF-8 only.
  return config.dump(1, ' ', false, json::error_handler_t::replace) + "\n";
}

}  // namespace rp
