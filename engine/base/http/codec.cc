#include "engine/base/http/codec.h"

#include <array>
#include <ctime>
#include <optional>

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

namespace rp {

namespace {

namespace http = boost::beast::http;
using boost::system::error_code;

template <typename Parser>
void set_limits(Parser& parser, const HttpLimits& limits) {
  parser.header_limit(static_cast<std::uint32_t>(limits.head_bytes));
  parser.body_limit(limits.body_bytes);
  parser.eager(true);
}

// The least that can end a chunked body: "0", CRLF, CRLF.
constexpr std::size_t kShortestBodyEnd = 5;

// Beast 1.74 asserts that it sees a last chunk a second time only when it is whole, so it is not
// asked before it can be. No bytes are held back for long: at least so many must follow.
template <typename Parser>
bool too_short_to_end(const Parser& parser, std::size_t size) {
  return parser.is_header_done() && parser.chunked() && size < kShortestBodyEnd;
}

// Gives the parser what it can use of `buffer` and removes that. Beast leaves bytes it needs whole
// (a head, a chunk's size line) in the buffer until they are.
template <typename Parser>
error_code put_buffered(Parser& parser, std::string& buffer) {
  error_code error;
  std::size_t used = 0;
  while (!parser.is_done() && used < buffer.size() &&
         !too_short_to_end(parser, buffer.size() - used)) {
    error = {};
    const auto rest = boost::asio::buffer(buffer.data() + used, buffer.size() - used);
    used += parser.put(rest, error);
    if (error) break;
  }
  buffer.erase(0, used);
  if (error == http::error::need_more) error = {};
  return error;
}

HttpFault fault_of(const error_code& error, const HttpLimits& limits) {
  if (error == http::error::header_limit) {
    return {431,
            "the request's head is longer than " + std::to_string(limits.head_bytes) + " bytes"};
  }
  if (error == http::error::body_limit) {
    return {413,
            "the request's body is longer than " + std::to_string(limits.body_bytes) + " bytes"};
  }
  if (error == http::error::bad_version) return {505, "only HTTP/1.0 and HTTP/1.1 are spoken here"};
  return {400, "not a valid HTTP request: " + error.message()};
}

template <typename Fields>
HttpHeaders copy_headers(const Fields& fields) {
  HttpHeaders headers;
  for (const auto& field : fields) {
    headers.add({field.name_string().data(), field.name_string().size()},
                {field.value().data(), field.value().size()});
  }
  return headers;
}

void append_clean(std::string& out, std::string_view text) {
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    out.push_back((byte < 0x20 && c != '\t') || byte == 0x7f ? ' ' : c);
  }
}

void append_headers(std::string& out, const HttpHeaders& headers) {
  for (const auto& [name, value] : headers.fields()) {
    if (equals_ignoring_case(name, "Content-Length") ||
        equals_ignoring_case(name, "Transfer-Encoding") ||
        equals_ignoring_case(name, "Connection")) {
      continue;
    }
    append_clean(out, name);
    out += ": ";
    append_clean(out, value);
    out += "\r\n";
  }
}

}  // namespace

struct HttpRequestParser::State {
  HttpLimits limits;
  std::optional<http::request_parser<http::string_body>> parser;
  std::string buffer;
  bool continue_told = false;

  void renew() {
    parser.emplace();
    set_limits(*parser, limits);
    continue_told = false;
  }
};

HttpRequestParser::HttpRequestParser(HttpLimits limits) : state_(std::make_unique<State>()) {
  state_->limits = limits;
  state_->renew();
}
HttpRequestParser::HttpRequestParser(HttpRequestParser&&) noexcept = default;
HttpRequestParser& HttpRequestParser::operator=(HttpRequestParser&&) noexcept = default;
HttpRequestParser::~HttpRequestParser() = default;

std::expected<void, HttpFault> HttpRequestParser::feed(std::span<const std::uint8_t> bytes) {
  State& s = *state_;
  s.buffer.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  const error_code error = put_buffered(*s.parser, s.buffer);
  if (error) return std::unexpected(fault_of(error, s.limits));
  if (!s.parser->is_done() && s.buffer.size() > s.limits.head_bytes) {
    return std::unexpected(fault_of(http::error::header_limit, s.limits));
  }
  return {};
}

bool HttpRequestParser::done() const { return state_->parser->is_done(); }

bool HttpRequestParser::started() const {
  return !done() && (!state_->buffer.empty() || state_->parser->got_some());
}

bool HttpRequestParser::head_done() const { return state_->parser->is_header_done(); }

bool HttpRequestParser::wants_continue() {
  State& s = *state_;
  if (s.continue_told || !s.parser->is_header_done() || s.parser->is_done()) return false;
  s.continue_told = true;
  const auto expect = s.parser->get()[http::field::expect];
  return s.parser->get().version() == 11 &&
         equals_ignoring_case({expect.data(), expect.size()}, "100-continue");
}

std::expected<HttpRequestParser::Taken, HttpFault> HttpRequestParser::take() {
  State& s = *state_;
  RP_CHECK(s.parser->is_done());
  Taken taken;
  taken.keep_alive = s.parser->keep_alive();
  auto message = s.parser->release();
  s.renew();
  HttpRequest& request = taken.request;
  request.method = std::string(message.method_string());
  request.target = std::string(message.target());
  request.headers = copy_headers(message);
  request.body = std::move(message.body());
  // RFC 9112 3.2: exactly one Host, or the request means different things to different readers.
  if (const auto hosts = request.headers.count("Host");
      hosts > 1 || (hosts == 0 && message.version() == 11)) {
    return std::unexpected(HttpFault{400, "the request needs exactly one Host field"});
  }
  if (auto split = split_target(request); !split) {
    return std::unexpected(HttpFault{400, split.error().message()});
  }
  return taken;
}

std::string HttpRequestParser::take_leftover() { return std::exchange(state_->buffer, {}); }

struct HttpResponseParser::State {
  HttpLimits limits;
  http::response_parser<http::string_body> parser;
  std::string buffer;
};

HttpResponseParser::HttpResponseParser(HttpLimits limits, bool head_only)
    : state_(std::make_unique<State>()) {
  state_->limits = limits;
  set_limits(state_->parser, limits);
  state_->parser.skip(head_only);
}
HttpResponseParser::HttpResponseParser(HttpResponseParser&&) noexcept = default;
HttpResponseParser& HttpResponseParser::operator=(HttpResponseParser&&) noexcept = default;
HttpResponseParser::~HttpResponseParser() = default;

Status HttpResponseParser::feed(std::span<const std::uint8_t> bytes) {
  State& s = *state_;
  s.buffer.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  const error_code error = put_buffered(s.parser, s.buffer);
  if (error == http::error::body_limit || error == http::error::header_limit ||
      (!s.parser.is_done() && s.buffer.size() > s.limits.head_bytes)) {
    return fail(ErrorCode::kExhausted, "the answer is longer than allowed");
  }
  if (error) return fail(ErrorCode::kInvalid, "not a valid HTTP answer: " + error.message());
  return {};
}

Status HttpResponseParser::feed_end() {
  error_code error;
  // Beast calls an empty stream complete, so the head is asked for first.
  const bool head_done = state_->parser.is_header_done();
  if (head_done) state_->parser.put_eof(error);
  if (!head_done || error || !state_->parser.is_done()) {
    return fail(ErrorCode::kClosed, "the peer closed the connection before its answer was whole");
  }
  return {};
}

bool HttpResponseParser::done() const { return state_->parser.is_done(); }

HttpResponse HttpResponseParser::take() {
  RP_CHECK(state_->parser.is_done());
  auto message = state_->parser.release();
  return {static_cast<int>(message.result_int()), copy_headers(message), std::move(message.body())};
}

std::string serialise(const HttpResponse& response, const HttpWriteOptions& options) {
  const bool bodiless = response.status < 200 || response.status == 204 || response.status == 304;
  std::string out = "HTTP/1.1 " + std::to_string(response.status) + " ";
  out += reason_phrase(response.status);
  out += "\r\n";
  append_headers(out, response.headers);
  if (options.date_unix_seconds != 0)
    out += "Date: " + http_date(options.date_unix_seconds) + "\r\n";
  if (!bodiless) out += "Content-Length: " + std::to_string(response.body.size()) + "\r\n";
  out += options.keep_alive ? "Connection: keep-alive\r\n\r\n" : "Connection: close\r\n\r\n";
  if (!bodiless && !options.head_only) out += response.body;
  return out;
}

std::string serialise(const HttpRequest& request) {
  std::string out;
  append_clean(out, request.method);
  out += ' ';
  append_clean(out, request.target);
  out += " HTTP/1.1\r\n";
  if (!request.headers.contains("Host")) out += "Host: rackphone\r\n";
  append_headers(out, request.headers);
  if (!request.body.empty() || (request.method != "GET" && request.method != "HEAD")) {
    out += "Content-Length: " + std::to_string(request.body.size()) + "\r\n";
  }
  out += "Connection: close\r\n\r\n";
  out += request.body;
  return out;
}

std::string http_date(std::int64_t unix_seconds) {
  const std::time_t time = unix_seconds;
  std::tm parts{};
  ::gmtime_r(&time, &parts);
  std::array<char, 40> text{};
  const std::size_t length =
      std::strftime(text.data(), text.size(), "%a, %d %b %Y %H:%M:%S GMT", &parts);
  return {text.data(), length};
}

}  // namespace rp
