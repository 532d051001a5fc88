#include "bench/capacity/report/report.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>

#include <fmt/format.h>

#include "engine/base/unique_fd.h"

namespace rp {
namespace {

Status write_all(int fd, std::string_view bytes, const std::string& path) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(fd, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return fail_errno("write " + path);
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return {};
}

Result<std::string> read_bounded(const std::string& path) {
  // A fifo without a writer must not hang the command, hence O_NONBLOCK.
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!fd) return fail_errno("open " + path);
  std::string text;
  std::array<char, 16384> chunk;
  while (true) {
    const ssize_t n = ::read(fd.get(), chunk.data(), chunk.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return fail_errno("read " + path);
    if (n == 0) return text;
    text.append(chunk.data(), static_cast<std::size_t>(n));
    if (text.size() > kMaxReportBytes) {
      return fail(ErrorCode::kExhausted,
                  fmt::format("{}: a report is at most {} bytes", path, kMaxReportBytes));
    }
  }
}

}  // namespace

std::string_view to_string(CapacityResource resource) {
  switch (resource) {
    case CapacityResource::kCpu:
      return "cpu";
    case CapacityResource::kEncoder:
      return "encoder";
    case CapacityResource::kMemory:
      return "memory";
    case CapacityResource::kNetwork:
      return "network";
    case CapacityResource::kDisk:
      return "disk";
    case CapacityResource::kUnknown:
      return "unknown";
  }
  return "unknown";
}

double dropped_percent(const CapacityStep& step) {
  const auto dropped = static_cast<double>(step.frames_dropped);
  const double all = static_cast<double>(step.frames_delivered) + dropped;
  return all > 0 ? 100.0 * dropped / all : 0;
}

Result<CapacityReport> read_capacity_report(const std::string& path) {
  RP_ASSIGN(const std::string text, read_bounded(path));
  auto report = parse_capacity_report(text);
  if (!report) report.error().operation = path + ": " + report.error().operation;
  return report;
}

Status write_capacity_report(const CapacityReport& report, const std::string& path) {
  const std::string json = to_json(report);
  // A figure out of range (a division by zero somewhere) must not come to light on reading, later.
  if (auto checked = parse_capacity_report(json); !checked) {
    return fail(ErrorCode::kInternal, "report not written: " + checked.error().message());
  }
  const std::string beside = path + ".part";
  UniqueFd fd(::open(beside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
  if (!fd) return fail_errno("create " + beside);
  Status written = write_all(fd.get(), json, beside);
  if (written && ::rename(beside.c_str(), path.c_str()) != 0) {
    written = fail_errno("rename " + beside);
  }
  if (!written) ::unlink(beside.c_str());
  return written;
}

}  // namespace rp
