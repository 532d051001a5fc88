#include "engine/base/log.h"

#include <unistd.h>

#include <atomic>
#include <cmath>
#include <ctime>
#include <map>
#include <mutex>

#include <fmt/core.h>

namespace rp {
namespace {

std::atomic<LogLevel> g_level = LogLevel::kInfo;
std::mutex g_mutex;
std::string g_program;  // guarded by g_mutex

struct Window {
  std::time_t start = 0;
  int lines = 0;
  int dropped = 0;
};
std::mutex g_windows_mutex;
std::map<std::string, Window, std::less<>> g_windows;  // guarded by g_windows_mutex

constexpr int kLinesPerWindow = 10;
constexpr int kWindowSeconds = 10;

std::string_view level_name(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return "debug";
    case LogLevel::kInfo:
      return "info";
    case LogLevel::kWarning:
      return "warning";
    case LogLevel::kError:
      return "error";
    case LogLevel::kOff:
      return "off";
  }
  return "info";
}

// Length of the valid UTF-8 sequence at `text[0]`, or 0 (RFC 3629; no surrogates, no overlong
// forms).
std::size_t utf8_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  if (lead < 0x80) return 1;
  const std::size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return 0;
  }
  if (lead == 0xE0 && byte(1) < 0xA0) return 0;
  if (lead == 0xED && byte(1) > 0x9F) return 0;
  if (lead == 0xF0 && byte(1) < 0x90) return 0;
  if (lead == 0xF4 && byte(1) > 0x8F) return 0;
  return length;
}

std::string timestamp() {
  timespec ts{};
  ::clock_gettime(CLOCK_REALTIME, &ts);
  std::tm utc{};
  ::gmtime_r(&ts.tv_sec, &utc);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", utc.tm_year + 1900,
                     utc.tm_mon + 1, utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec,
                     ts.tv_nsec / 1'000'000);
}

}  // namespace

LogField::LogField(std::string_view name, double value)
    : name_(name), text_(std::isfinite(value) ? fmt::format("{:.6g}", value) : "null") {}

void set_log_level(LogLevel at_least) { g_level = at_least; }
LogLevel log_level() { return g_level.load(std::memory_order_relaxed); }

Result<LogLevel> parse_log_level(std::string_view name) {
  for (const LogLevel level :
       {LogLevel::kDebug, LogLevel::kInfo, LogLevel::kWarning, LogLevel::kError, LogLevel::kOff}) {
    if (level_name(level) == name) return level;
  }
  return fail(ErrorCode::kInvalid, fmt::format("log level '{}' is none of debug, info, warning, "
                                               "error, off",
                                               name));
}

void set_log_program(std::string_view name) {
  const std::lock_guard lock(g_mutex);
  g_program = name;
}

void append_json_escaped(std::string& out, std::string_view text) {
  while (!text.empty()) {
    const std::size_t length = utf8_length(text);
    const char c = text[0];
    if (length == 0) {
      out += "\xEF\xBF\xBD";
    } else if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) {
      out += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
    } else {
      out += text.substr(0, length);
    }
    text.remove_prefix(length == 0 ? 1 : length);
  }
}

void write_log(LogLevel level, std::string_view event, std::initializer_list<LogField> fields) {
  if (level < log_level()) return;
  std::string line =
      fmt::format(R"({{"time":"{}","level":"{}","event":")", timestamp(), level_name(level));
  append_json_escaped(line, event);
  line += '"';
  for (const LogField& field : fields) {
    line += ",\"";
    append_json_escaped(line, field.name_);
    line += "\":";
    if (field.quoted_) line += '"';
    field.quoted_ ? append_json_escaped(line, field.text_) : void(line += field.text_);
    if (field.quoted_) line += '"';
  }
  const std::lock_guard lock(g_mutex);
  if (!g_program.empty()) line += fmt::format(R"(,"program":"{}")", g_program);
  line += "}\n";
  // One write a line keeps lines of several programs on one terminal whole.
  [[maybe_unused]] const auto written = ::write(STDERR_FILENO, line.data(), line.size());
}

void log_limited(LogLevel level, std::string_view event, LogFields fields) {
  if (level < log_level()) return;
  int dropped = 0;
  {
    const std::lock_guard lock(g_windows_mutex);
    Window& window = g_windows.try_emplace(std::string(event)).first->second;
    const std::time_t now = std::time(nullptr);
    if (now - window.start >= kWindowSeconds) {
      dropped = std::exchange(window.dropped, 0);
      window.start = now;
      window.lines = 0;
    }
    if (++window.lines > kLinesPerWindow) {
      ++window.dropped;
      return;
    }
  }
  if (dropped > 0) {
    write_log(LogLevel::kWarning, "log.dropped", {{"of", event}, {"lines", dropped}});
  }
  write_log(level, event, fields);
}

}  // namespace rp
