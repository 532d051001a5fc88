#include "engine/base/http/message.h"

#include <algorithm>

namespace rp {

namespace {

constexpr char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// Appends "/" and the decoded segment to `path`.
Status append_segment(std::string_view encoded, std::string& path) {
  const auto decoded = percent_decode(encoded, false);
  if (!decoded) return forward(decoded.error());
  const std::string_view segment = *decoded;
  const bool control = std::ranges::any_of(
      segment, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
  if (control || segment == "." || segment == ".." ||
      segment.find_first_of("/\\") != segment.npos) {
    return fail(ErrorCode::kInvalid,
                "the URL's path holds a . or .. segment, an encoded slash or a control character");
  }
  path += '/';
  path += segment;
  return {};
}

Status split_query(std::string_view text, HttpRequest& request) {
  constexpr std::size_t kMaxParameters = 64;
  while (!text.empty()) {
    const auto end = text.find('&');
    const std::string_view pair = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
    if (pair.empty()) continue;
    if (request.query.size() == kMaxParameters) {
      return fail(ErrorCode::kInvalid, "the query has more than 64 parameters");
    }
    const auto equals = pair.find('=');
    RP_ASSIGN(auto name, percent_decode(pair.substr(0, equals), true));
    std::string value;
    if (equals != std::string_view::npos) {
      RP_ASSIGN(value, percent_decode(pair.substr(equals + 1), true));
    }
    request.query.emplace_back(std::move(name), std::move(value));
  }
  return {};
}

}  // namespace

bool equals_ignoring_case(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](char x, char y) { return lower(x) == lower(y); });
}

std::string_view HttpHeaders::get(std::string_view name) const {
  for (const auto& [key, value] : fields_) {
    if (equals_ignoring_case(key, name)) return value;
  }
  return {};
}

bool HttpHeaders::contains(std::string_view name) const { return count(name) > 0; }

std::size_t HttpHeaders::count(std::string_view name) const {
  return static_cast<std::size_t>(std::ranges::count_if(
      fields_, [&](const Field& field) { return equals_ignoring_case(field.first, name); }));
}

std::vector<std::string> HttpHeaders::list(std::string_view name) const {
  std::vector<std::string> members;
  for (const auto& [key, value] : fields_) {
    if (!equals_ignoring_case(key, name)) continue;
    std::string_view rest = value;
    while (!rest.empty()) {
      const auto comma = rest.find(',');
      const auto member = trimmed(rest.substr(0, comma));
      if (!member.empty()) members.emplace_back(member);
      rest = comma == std::string_view::npos ? std::string_view{} : rest.substr(comma + 1);
    }
  }
  return members;
}

bool HttpHeaders::lists(std::string_view name, std::string_view token) const {
  return std::ranges::any_of(
      list(name), [&](const std::string& member) { return equals_ignoring_case(member, token); });
}

void HttpHeaders::add(std::string_view name, std::string_view value) {
  fields_.emplace_back(name, value);
}

void HttpHeaders::set(std::string_view name, std::string_view value) {
  remove(name);
  add(name, value);
}

void HttpHeaders::remove(std::string_view name) {
  std::erase_if(fields_, [&](const Field& f) { return equals_ignoring_case(f.first, name); });
}

std::optional<std::string> HttpRequest::query_value(std::string_view name) const {
  for (const auto& [key, value] : query) {
    if (key == name) return value;
  }
  return std::nullopt;
}

const std::string& HttpRequest::param(std::string_view name) const {
  const auto found =
      std::ranges::find_if(params, [&](const auto& entry) { return entry.first == name; });
  RP_CHECK(found != params.end());
  return found->second;
}

std::string HttpRequest::cookie(std::string_view name) const {
  for (const auto& [key, value] : headers.fields()) {
    if (!equals_ignoring_case(key, "Cookie")) continue;
    std::string_view rest = value;
    while (!rest.empty()) {
      const auto end = rest.find(';');
      const std::string_view pair = trimmed(rest.substr(0, end));
      const auto equals = pair.find('=');
      if (equals != std::string_view::npos && pair.substr(0, equals) == name) {
        return std::string(pair.substr(equals + 1));
      }
      rest = end == std::string_view::npos ? std::string_view{} : rest.substr(end + 1);
    }
  }
  return {};
}

std::string_view reason_phrase(int status) {
  switch (status) {
    case 100:
      return "Continue";
    case 101:
      return "Switching Protocols";
    case 200:
      return "OK";
    case 201:
      return "Created";
    case 202:
      return "Accepted";
    case 204:
      return "No Content";
    case 301:
      return "Moved Permanently";
    case 302:
      return "Found";
    case 303:
      return "See Other";
    case 304:
      return "Not Modified";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 408:
      return "Request Timeout";
    case 409:
      return "Conflict";
    case 412:
      return "Precondition Failed";
    case 413:
      return "Content Too Large";
    case 415:
      return "Unsupported Media Type";
    case 422:
      return "Unprocessable Content";
    case 426:
      return "Upgrade Required";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 500:
      return "Internal Server Error";
    case 501:
      return "Not Implemented";
    case 502:
      return "Bad Gateway";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Gateway Timeout";
    case 507:
      return "Insufficient Storage";
    default:
      return "Unknown";
  }
}

Result<std::string> percent_decode(std::string_view text, bool plus_is_space) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '%') {
      const int high = i + 2 < text.size() ? hex_value(text[i + 1]) : -1;
      const int low = i + 2 < text.size() ? hex_value(text[i + 2]) : -1;
      if (high < 0 || low < 0) return fail(ErrorCode::kInvalid, "the URL has a broken % escape");
      c = static_cast<char>(high * 16 + low);
      i += 2;
    } else if (c == '+' && plus_is_space) {
      c = ' ';
    }
    if (c == '\0') return fail(ErrorCode::kInvalid, "the URL holds a NUL byte");
    out.push_back(c);
  }
  return out;
}

Status split_target(HttpRequest& request) {
  request.path.clear();
  request.query.clear();
  const std::string_view target = request.target;
  if (target.empty() || target.front() != '/') {
    return fail(ErrorCode::kInvalid, "the request target must begin with /");
  }
  for (const char c : target) {
    if (static_cast<unsigned char>(c) <= 0x20 || c == 0x7f || c == '#' || c == '\\') {
      return fail(ErrorCode::kInvalid, "the URL holds a character that is not allowed there");
    }
  }
  const auto question = target.find('?');
  std::string_view rest =
      target.substr(1, question == std::string_view::npos ? question : question - 1);
  while (true) {
    const auto slash = rest.find('/');
    const std::string_view segment = rest.substr(0, slash);
    RP_TRY(append_segment(segment, request.path));
    if (slash == std::string_view::npos) break;
    if (segment.empty()) return fail(ErrorCode::kInvalid, "the URL's path holds an empty segment");
    rest = rest.substr(slash + 1);
  }
  if (question == std::string_view::npos) return {};
  return split_query(target.substr(question + 1), request);
}

}  // namespace rp
