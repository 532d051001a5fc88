// Structured logs, one JSON object a line on standard error: time, level, event, then fields.
//   log_info("session.started", {{"phone", id}, {"width", 720}});
// `event` is a constant "area.what"; variable text goes into fields. Nothing per frame above debug.
// log_limited() drops repeats of one event beyond a budget and says how many were dropped.
// Thread rule: any thread.
#pragma once

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

#include "engine/base/result.h"

namespace rp {

enum class LogLevel { kDebug, kInfo, kWarning, kError, kOff };

// One field; the text is formatted at the call and escaped when written.
class LogField {
 public:
  LogField(std::string_view name, std::string_view text)
      : name_(name), text_(text), quoted_(true) {}
  LogField(std::string_view name, const char* text) : LogField(name, std::string_view(text)) {}
  LogField(std::string_view name, const std::string& text)
      : LogField(name, std::string_view(text)) {}
  LogField(std::string_view name, bool value) : name_(name), text_(value ? "true" : "false") {}
  LogField(std::string_view name, double value);
  template <std::integral T>
  LogField(std::string_view name, T value) : name_(name), text_(std::to_string(value)) {}
  LogField(std::string_view name, const Error& error)
      : name_(name), text_(error.message()), quoted_(true) {}

 private:
  friend void write_log(LogLevel, std::string_view, std::initializer_list<LogField>);
  std::string_view name_;
  std::string text_;
  bool quoted_ = false;
};

void set_log_level(LogLevel at_least);
[[nodiscard]] LogLevel log_level();
// "debug", "info", "warning", "error", "off".
[[nodiscard]] Result<LogLevel> parse_log_level(std::string_view name);
// Names the program in every line ("program":"engine").
void set_log_program(std::string_view name);

void write_log(LogLevel level, std::string_view event, std::initializer_list<LogField> fields);

using LogFields = std::initializer_list<LogField>;
inline void log_debug(std::string_view event, LogFields fields = {}) {
  if (log_level() <= LogLevel::kDebug) write_log(LogLevel::kDebug, event, fields);
}
inline void log_info(std::string_view event, LogFields fields = {}) {
  if (log_level() <= LogLevel::kInfo) write_log(LogLevel::kInfo, event, fields);
}
inline void log_warning(std::string_view event, LogFields fields = {}) {
  if (log_level() <= LogLevel::kWarning) write_log(LogLevel::kWarning, event, fields);
}
inline void log_error(std::string_view event, LogFields fields = {}) {
  if (log_level() <= LogLevel::kError) write_log(LogLevel::kError, event, fields);
}

// For what a guest or peer can cause as often as it likes: at most 10 lines of one event in 10 s a
// process; the first line of the next window says how many were dropped.
void log_limited(LogLevel level, std::string_view event, LogFields fields = {});

// Appends `text` to `out` as the inside of a JSON string (RFC 8259, section 7). Bytes that are not
// UTF-8 become U+FFFD, so a log line is always valid JSON.
void append_json_escaped(std::string& out, std::string_view text);

}  // namespace rp
