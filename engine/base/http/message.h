// HTTP messages as plain values: what a parser makes and a handler sees. Bodies are whole and
// bounded (limits.h); nothing here reads or writes a socket. HTTP/1.1: RFC 9110 (semantics), RFC
// 9112 (format). Thread rule: plain values.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/base/result.h"

namespace rp {

// True when a and b are the same ASCII text but for case (names of header fields, RFC 9110 5.1).
[[nodiscard]] bool equals_ignoring_case(std::string_view a, std::string_view b);

// Header fields in the order received. Few enough that a walk beats a map.
class HttpHeaders {
 public:
  using Field = std::pair<std::string, std::string>;

  HttpHeaders() = default;
  HttpHeaders(std::initializer_list<Field> fields) : fields_(fields) {}

  // The first field of that name; empty when there is none.
  [[nodiscard]] std::string_view get(std::string_view name) const;
  [[nodiscard]] bool contains(std::string_view name) const;
  // True when a comma-separated list field (Connection, Upgrade, …) holds `token`, case aside.
  [[nodiscard]] bool lists(std::string_view name, std::string_view token) const;
  // The members of a comma-separated list field, all lines of that name together, trimmed.
  [[nodiscard]] std::vector<std::string> list(std::string_view name) const;
  [[nodiscard]] std::size_t count(std::string_view name) const;

  void add(std::string_view name, std::string_view value);
  void set(std::string_view name, std::string_view value);  // replaces all of that name
  void remove(std::string_view name);
  [[nodiscard]] const std::vector<Field>& fields() const { return fields_; }

 private:
  std::vector<Field> fields_;
};

struct HttpRequest {
  std::string method = "GET";
  // As on the request line: "/v1/phones?all=1". Kept so that a proxy can pass it on unchanged.
  std::string target = "/";
  HttpHeaders headers;
  std::string body;

  // Filled by the server from `target`: percent-decoded, without dot segments, empty segments or
  // NUL.
  std::string path;
  std::vector<std::pair<std::string, std::string>> query;
  // The {name} parts of the route's pattern.
  std::vector<std::pair<std::string, std::string>> params;
  // Who asked: an IP address without port, or "unix".
  std::string peer;

  [[nodiscard]] std::optional<std::string> query_value(std::string_view name) const;
  // The value of {name}; asking for a name the pattern lacks is our own bug.
  [[nodiscard]] const std::string& param(std::string_view name) const;
  // A cookie's value (RFC 6265 4.2); empty when it is not there.
  [[nodiscard]] std::string cookie(std::string_view name) const;
};

struct HttpResponse {
  int status = 200;
  HttpHeaders headers;
  std::string body;
};

// "Not Found" for 404; "Unknown" for a status this project does not use.
[[nodiscard]] std::string_view reason_phrase(int status);

// %41 and '+' (in a query only) decoded. kInvalid for a cut or non-hexadecimal escape or a NUL.
[[nodiscard]] Result<std::string> percent_decode(std::string_view text, bool plus_is_space);

// Splits `request.target` into path and query. kInvalid, naming the fault, for a target that does
// not begin with '/', holds control characters, an encoded slash, a "." or ".." segment or bad
// escapes. Refusing these here means that no handler, proxy or file route can be led outside its
// own tree.
[[nodiscard]] Status split_target(HttpRequest& request);

}  // namespace rp
