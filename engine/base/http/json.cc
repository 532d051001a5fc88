#include "engine/base/http/json.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "engine/base/log.h"

namespace rp {

namespace {

using nlohmann::json;

constexpr int kMaxJsonDepth = 32;

// nlohmann's parser keeps a nested value for every '[': a megabyte of those would be tens of
// megabytes of memory, so depth is bounded before it sees the text.
bool too_deep(std::string_view text) {
  int depth = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') ++i;
      if (c == '"') in_string = false;
    } else if (c == '"') {
      in_string = true;
    } else if (c == '[' || c == '{') {
      if (++depth > kMaxJsonDepth) return true;
    } else if (c == ']' || c == '}') {
      --depth;
    }
  }
  return false;
}

bool text_fits(const json& value, std::size_t min_bytes, std::size_t max_bytes) {
  if (!value.is_string()) return false;
  const auto& text = value.get_ref<const std::string&>();
  return text.size() >= min_bytes && text.size() <= max_bytes &&
         text.find('\0') == std::string::npos;
}

}  // namespace

HttpResponse json_error(int status, std::string_view code, std::string_view field,
                        std::string_view message) {
  HttpResponse response{status, {{"Content-Type", "application/json"}}, "{\"error\":{\"code\":\""};
  std::string& body = response.body;
  append_json_escaped(body, code);
  if (!field.empty()) {
    body += "\",\"field\":\"";
    append_json_escaped(body, field);
  }
  body += "\",\"message\":\"";
  append_json_escaped(body, message);
  body += "\"}}\n";
  return response;
}

HttpResponse json_error(const Error& error, std::string_view field) {
  return json_error(http_status_of(error.code), to_string(error.code), field, error.message());
}

int http_status_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::kInvalid:
      return 400;
    case ErrorCode::kNotFound:
      return 404;
    case ErrorCode::kExists:
      return 409;
    case ErrorCode::kDenied:
      return 403;
    case ErrorCode::kUnavailable:
    case ErrorCode::kWouldBlock:
    case ErrorCode::kClosed:
      return 503;
    case ErrorCode::kExhausted:
      return 507;
    case ErrorCode::kUnsupported:
      return 501;
    case ErrorCode::kTimeout:
      return 504;
    case ErrorCode::kInternal:
      return 500;
  }
  return 500;
}

HttpResponse json_response(int status, const json& value) {
  std::string body = value.dump(-1, ' ', false, json::error_handler_t::replace);
  body += '\n';
  return {status, {{"Content-Type", "application/json"}}, std::move(body)};
}

Result<json> parse_json(std::string_view text) {
  if (too_deep(text)) return fail(ErrorCode::kInvalid, "the JSON nests deeper than 32");
  try {
    return json::parse(text);
  } catch (const json::parse_error& error) {
    return fail(ErrorCode::kInvalid, fmt::format("not valid JSON near byte {}", error.byte));
  } catch (const json::exception&) {
    return fail(ErrorCode::kInvalid, "not valid JSON: a number is out of range");
  }
}

JsonFields::JsonFields(std::string_view body) {
  auto parsed = parse_json(body);
  if (!parsed) {
    fault_message_ = "the body is " + parsed.error().message();
    object_ = std::make_unique<json>(json::object());
  } else {
    object_ = std::make_unique<json>(std::move(*parsed));
  }
  if (!object_->is_object()) fault({}, "the body must be a JSON object");
}

JsonFields::JsonFields() = default;
JsonFields::JsonFields(JsonFields&&) noexcept = default;

JsonFields JsonFields::of(const json& object) {
  JsonFields fields;
  fields.object_ = std::make_unique<json>(object);
  if (!object.is_object()) fields.fault({}, "a JSON object is wanted here");
  return fields;
}

JsonFields::~JsonFields() = default;

bool JsonFields::has(std::string_view name) const {
  if (!object_->is_object()) return false;
  const auto found = object_->find(name);
  return found != object_->end() && !found->is_null();
}

const json* JsonFields::find(std::string_view name, bool wanted) {
  asked_.emplace(name);
  if (!object_->is_object()) return nullptr;
  const auto found = object_->find(name);
  if (found != object_->end() && !found->is_null()) return &*found;
  if (wanted) fault(name, fmt::format("{} is missing", name));
  return nullptr;
}

std::string JsonFields::text(std::string_view name, std::size_t min_bytes, std::size_t max_bytes) {
  const json* value = find(name, true);
  return value == nullptr ? std::string{} : text_or(name, {}, min_bytes, max_bytes);
}

std::int64_t JsonFields::integer(std::string_view name, std::int64_t min, std::int64_t max) {
  const json* value = find(name, true);
  return value == nullptr ? min : integer_or(name, min, min, max);
}

bool JsonFields::boolean(std::string_view name) {
  const json* value = find(name, true);
  return value != nullptr && boolean_or(name, false);
}

std::string JsonFields::text_or(std::string_view name, std::string_view fallback,
                                std::size_t min_bytes, std::size_t max_bytes) {
  const json* value = find(name, false);
  if (value == nullptr) return std::string(fallback);
  if (text_fits(*value, min_bytes, max_bytes)) return value->get<std::string>();
  fault(name, fmt::format("{} must be text of {} to {} bytes", name, min_bytes, max_bytes));
  return {};
}

std::int64_t JsonFields::integer_or(std::string_view name, std::int64_t fallback, std::int64_t min,
                                    std::int64_t max) {
  const json* value = find(name, false);
  if (value == nullptr) return fallback;
  // An unsigned value beyond int64 would wrap when read as signed, so it is refused by its own
  // type.
  const bool huge = value->is_number_unsigned() &&
                    value->get<std::uint64_t>() > static_cast<std::uint64_t>(INT64_MAX);
  if (value->is_number_integer() && !huge) {
    const auto number = value->get<std::int64_t>();
    if (number >= min && number <= max) return number;
  }
  fault(name, fmt::format("{} must be {} to {}", name, min, max));
  return min;
}

bool JsonFields::boolean_or(std::string_view name, bool fallback) {
  const json* value = find(name, false);
  if (value == nullptr) return fallback;
  if (value->is_boolean()) return value->get<bool>();
  fault(name, fmt::format("{} must be true or false", name));
  return fallback;
}

std::vector<std::string> JsonFields::texts(std::string_view name, std::size_t max_count,
                                           std::size_t max_bytes) {
  const json* value = find(name, true);
  if (value == nullptr) return {};
  bool good = value->is_array() && value->size() <= max_count;
  std::vector<std::string> out;
  for (auto it = value->begin(); good && it != value->end(); ++it) {
    good = text_fits(*it, 0, max_bytes);
    if (good) out.push_back(it->get<std::string>());
  }
  if (good) return out;
  fault(name, fmt::format("{} must be a list of at most {} texts of at most {} bytes", name,
                          max_count, max_bytes));
  return {};
}

void JsonFields::fault(std::string_view field, std::string_view message) {
  if (!fault_message_.empty()) return;
  fault_field_ = field;
  fault_message_ = message;
}

std::optional<HttpResponse> JsonFields::finish() {
  if (object_->is_object()) {
    for (const auto& [name, value] : object_->items()) {
      if (!asked_.contains(name)) fault(name, fmt::format("{} is not known here", name));
    }
  }
  if (fault_message_.empty()) return std::nullopt;
  return json_error(400, "invalid", fault_field_, fault_message_);
}

Status JsonFields::finish_status() const {
  if (fault_message_.empty()) return {};
  return fail(ErrorCode::kInvalid, fault_message_);
}

}  // namespace rp
