// JSON in and out of HTTP: answers and errors in the one shape of docs/architecture.md, and a
// reader that checks an object's members and names the one that is wrong. nlohmann-json stays in
// .cc files.
//   {"error":{"code":"invalid","field":"width","message":"width must be 64 to 4096"}}
// Thread rule: plain functions and values.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "engine/base/http/message.h"

namespace rp {

// `field` is left out of the answer when empty.
[[nodiscard]] HttpResponse json_error(int status, std::string_view code, std::string_view field,
                                      std::string_view message);
// The error's own code and message, with the status that fits the code.
[[nodiscard]] HttpResponse json_error(const Error& error, std::string_view field = {});
[[nodiscard]] int http_status_of(ErrorCode code);

// Text that is not UTF-8 inside `value` is written as U+FFFD.
[[nodiscard]] HttpResponse json_response(int status, const nlohmann::json& value);

// kInvalid with the position for text that is not JSON or nests deeper than 32. An exception never
// leaves this function.
[[nodiscard]] Result<nlohmann::json> parse_json(std::string_view text);

// Reads an object's members. The first fault is kept and later reads return defaults, so a handler
// reads all it wants and asks once:
//   JsonFields fields(request.body);
//   const auto width = fields.integer("width", 64, 4096);
//   if (auto bad = fields.finish()) return *bad;
class JsonFields {
 public:
  // Of a request's body, which must be one JSON object.
  explicit JsonFields(std::string_view body);
  // Of an object at hand.
  [[nodiscard]] static JsonFields of(const nlohmann::json& object);
  ~JsonFields();
  JsonFields(JsonFields&&) noexcept;

  [[nodiscard]] bool has(std::string_view name) const;
  // Wanted members: absent is a fault. Text is `min_bytes` to `max_bytes` of UTF-8, without NUL.
  std::string text(std::string_view name, std::size_t min_bytes, std::size_t max_bytes);
  std::int64_t integer(std::string_view name, std::int64_t min, std::int64_t max);
  bool boolean(std::string_view name);
  // Optional members: absent or null is the fallback.
  std::string text_or(std::string_view name, std::string_view fallback, std::size_t min_bytes,
                      std::size_t max_bytes);
  std::int64_t integer_or(std::string_view name, std::int64_t fallback, std::int64_t min,
                          std::int64_t max);
  bool boolean_or(std::string_view name, bool fallback);
  // A list of text, at most `max_count` of at most `max_bytes` each.
  std::vector<std::string> texts(std::string_view name, std::size_t max_count,
                                 std::size_t max_bytes);

  // Notes a fault of the caller's own checks, unless there is one already.
  void fault(std::string_view field, std::string_view message);
  // The 400 answer to the first fault; also one for a member nobody asked for (a misspelt name must
  // not pass in silence). Nothing when all is well.
  [[nodiscard]] std::optional<HttpResponse> finish();
  // For objects that are not requests: the first fault as an Error whose operation is the message;
  // members nobody asked for pass, as a newer writer may add them.
  [[nodiscard]] Status finish_status() const;

 private:
  JsonFields();
  [[nodiscard]] const nlohmann::json* find(std::string_view name, bool wanted);

  std::unique_ptr<nlohmann::json> object_;
  std::set<std::string, std::less<>> asked_;
  std::string fault_field_;
  std::string fault_message_;
};

}  // namespace rp
