#include "containers/runtime/runc/bundle_files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <charconv>
#include <cstdio>
#include <fstream>
#include <iterator>

#include "engine/base/unique_fd.h"

namespace rp {
namespace {

std::string read_all(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

std::optional<int> read_number(const std::string& path) {
  std::string text = read_all(path);
  while (!text.empty() && text.back() == '\n') text.pop_back();
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return {};
  return value;
}

Status write_file(const std::string& path, std::string_view text, mode_t mode) {
  const std::string temporary = path + ".new";
  const UniqueFd fd(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode));
  if (!fd) return fail_errno("write " + path);
  if (::write(fd.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()))
    return fail_errno("write " + path);
  if (::fchmod(fd.get(), mode) != 0 || ::rename(temporary.c_str(), path.c_str()) != 0)
    return fail_errno("write " + path);
  return {};
}

bool process_runs(pid_t pid) {
  if (pid <= 0) return false;
  const std::string stat = read_all("/proc/" + std::to_string(pid) + "/stat");
  // "pid (comm) state …": comm may hold anything, parentheses too.
  const std::size_t end = stat.rfind(')');
  if (end == std::string::npos || end + 2 >= stat.size()) return false;
  return stat[end + 2] != 'Z' && stat[end + 2] != 'X';
}

bool process_has_argument(pid_t pid, std::string_view word) {
  if (pid <= 0) return false;
  const std::string arguments = read_all("/proc/" + std::to_string(pid) + "/cmdline");
  for (std::size_t start = 0; start < arguments.size();) {
    const std::size_t end = std::min(arguments.find('\0', start), arguments.size());
    if (std::string_view(arguments).substr(start, end - start) == word) return true;
    start = end + 1;
  }
  return false;
}

std::string plain_log(std::string_view raw, std::size_t max_bytes) {
  // "2026-11-21T03:50:12.972848758+00:00 stdout F text": P instead of F when the line goes on.
  std::string out;
  bool joined = false;
  while (!raw.empty()) {
    const std::size_t end = std::min(raw.find('\n'), raw.size());
    const std::string_view line = raw.substr(0, end);
    raw.remove_prefix(std::min(end + 1, raw.size()));
    const std::size_t stream = line.find(' ');
    const std::size_t mark = stream == std::string_view::npos ? stream : line.find(' ', stream + 1);
    if (mark == std::string_view::npos || mark + 2 >= line.size()) continue;
    if (!joined) out.append(line.substr(0, stream + 1));
    out.append(line.substr(std::min(mark + 3, line.size())));
    joined = line[mark + 1] == 'P';
    if (!joined) out.push_back('\n');
  }
  return out.substr(out.size() - std::min(out.size(), max_bytes));
}

std::string runc_reason(std::string_view message) {
  const std::size_t found = message.rfind("msg=\"");
  if (found == std::string_view::npos) return std::string(message.substr(0, 500));
  std::string out;
  for (std::size_t i = found + 5; i < message.size() && message[i] != '"'; ++i) {
    if (message[i] == '\\' && i + 1 < message.size()) ++i;
    out.push_back(message[i]);
  }
  return out.substr(0, 500);
}

}  // namespace rp
