#include "containers/controller/phones/http_engine.h"

#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cstring>

#include <nlohmann/json.hpp>

#include "engine/base/http/json.h"
#include "engine/base/log.h"

namespace rp {

namespace {

constexpr Duration kTimeout = std::chrono::seconds(5);
constexpr Duration kRetry = std::chrono::milliseconds(100);
constexpr std::size_t kMaxEnginePhones = 10'000;

HttpRequest request_of(std::string method, std::string target, std::string body = {}) {
  HttpRequest request;
  request.method = std::move(method);
  request.target = std::move(target);
  request.headers.set("Host", "engine");
  if (!body.empty()) request.headers.set("Content-Type", "application/json");
  request.body = std::move(body);
  return request;
}

Status status_of(const Result<HttpResponse>& response, std::string_view doing) {
  if (!response) return forward(response.error());
  if (response->status < 300) return {};
  const ErrorCode code = response->status == 404 ? ErrorCode::kNotFound : ErrorCode::kInvalid;
  return fail(code,
              "the engine refused to " + std::string(doing) + ": " + response->body.substr(0, 300));
}

}  // namespace

Result<std::vector<EnginePhone>> parse_engine_phones(std::string_view body) {
  RP_ASSIGN(nlohmann::json parsed, parse_json(body));
  if (parsed.is_object() && parsed.contains("phones")) parsed = nlohmann::json(parsed["phones"]);
  if (!parsed.is_array() || parsed.size() > kMaxEnginePhones)
    return fail(ErrorCode::kInvalid, "the engine's list of phones is not a list");
  std::vector<EnginePhone> phones;
  for (const nlohmann::json& entry : parsed) {
    if (!entry.is_object()) return fail(ErrorCode::kInvalid, "a phone of the engine is no object");
    JsonFields fields = JsonFields::of(entry);
    EnginePhone phone;
    phone.id = fields.text("id", 1, 40);
    phone.socket_dir = fields.text("socket_dir", 1, 4096);
    phone.clients = fields.integer_or("clients", 0, 0, 1 << 30);
    phone.viewers = fields.integer_or("viewers", 0, 0, 1 << 30);
    phone.has_content = fields.boolean_or("has_content", false);
    // Members this version does not know are welcome: name them all as asked.
    for (const auto& [name, value] : entry.items()) (void)fields.has(name);
    RP_TRY(fields.finish_status());
    phones.push_back(std::move(phone));
  }
  return phones;
}

HttpEngine::HttpEngine(EventLoop& loop, const std::string& socket_path,
                       std::vector<std::string> ticket_keys, std::function<void()> changed)
    : loop_(loop),
      socket_path_(socket_path),
      ticket_keys_(std::move(ticket_keys)),
      changed_(std::move(changed)),
      client_(loop, HttpEndpoint(socket_path)),
      retry_(loop.timer([this] { connect_link(); })) {
  retry_.arm_after(Duration(0));
}

void HttpEngine::connect_link() {
  UniqueFd link(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (!link || socket_path_.size() >= sizeof address.sun_path) return retry_.arm_after(kRetry);
  std::memcpy(address.sun_path, socket_path_.data(), socket_path_.size());
  if (::connect(link.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    return retry_.arm_after(kRetry);
  auto watch =
      loop_.watch(link.get(), EPOLLIN | EPOLLRDHUP, [this](std::uint32_t) { link_lost(); });
  if (!watch) return retry_.arm_after(kRetry);
  link_ = std::move(link);
  link_watch_ = *std::move(watch);
  push_keys();
}

// The server ends idle connections too; then the same engine is linked again and nothing else
// happens.
void HttpEngine::link_lost() {
  link_watch_.reset();
  link_.reset();
  ready_ = false;
  retry_.arm_after(Duration(0));
  changed_();
}

void HttpEngine::push_keys() {
  const nlohmann::json body{{"keys", ticket_keys_}};
  client_.send(
      request_of("PUT", "/v1/ticket-keys", body.dump()), kTimeout,
      [this](const Result<HttpResponse>& response) {
        const Status status = status_of(response, "take the ticket keys");
        ready_ = status.has_value() && link_;
        if (!status)
          log_limited(LogLevel::kWarning, "engine.keys_refused", {{"error", status.error()}});
        if (ready_) {
          ask_health();
          return changed_();
        }
        link_watch_.reset();
        link_.reset();
        retry_.arm_after(kRetry);
      });
}

void HttpEngine::ask_health() {
  client_.send(request_of("GET", "/v1/health"), kTimeout, [this](Result<HttpResponse> response) {
    if (!status_of(response, "say how it is")) return;
    health_json_ = std::move(response->body);
    version_.clear();
    if (auto health = parse_json(health_json_);
        health && health->is_object() && (*health)["version"].is_string())
      version_ = (*health)["version"].get<std::string>().substr(0, 64);
  });
}

void HttpEngine::list(Listed done) {
  if (!ready_) {
    health_json_.clear();
    version_.clear();
    loop_.post([done = std::move(done)] {
      done(fail(ErrorCode::kUnavailable, "the engine is not running"));
    });
    return;
  }
  ask_health();
  client_.send(request_of("GET", "/v1/phones"), kTimeout,
               [done = std::move(done)](const Result<HttpResponse>& response) {
                 if (auto status = status_of(response, "list its phones"); !status)
                   return done(forward(status.error()));
                 done(parse_engine_phones(response->body));
               });
}

void HttpEngine::put(const Phone& phone, std::int32_t own_scale_120, Done done) {
  const nlohmann::json body{
      {"name", phone.name},           {"width", phone.width_px},        {"height", phone.height_px},
      {"scale_120", phone.scale_120}, {"own_scale_120", own_scale_120}, {"refresh_hz", 60}};
  client_.send(request_of("PUT", "/v1/phones/" + phone.id, body.dump()), kTimeout,
               [done = std::move(done)](const Result<HttpResponse>& response) {
                 done(status_of(response, "make a display"));
               });
}

void HttpEngine::remove(const std::string& id, Done done) {
  client_.send(request_of("DELETE", "/v1/phones/" + id), kTimeout,
               [done = std::move(done)](const Result<HttpResponse>& response) {
                 Status status = status_of(response, "remove a display");
                 if (!status && status.error().code == ErrorCode::kNotFound) status = {};
                 done(status);
               });
}

}  // namespace rp
