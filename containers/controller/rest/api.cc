#include "containers/controller/rest/api.h"

#include "engine/base/event_loop.h"
#include "engine/base/http/json.h"

namespace rp {

namespace {

constexpr std::string_view kCookie = "rackphone_session";
constexpr std::string_view kPrefix = "/api/v1";

bool changes(const HttpRequest& request) {
  return request.method != "GET" && request.method != "HEAD";
}

// The front puts the peer's address there and lets nothing else through.
std::string address_of(const HttpRequest& request) {
  const std::string_view forwarded = request.headers.get("X-Forwarded-For");
  return std::string(forwarded.empty() ? "unknown" : forwarded.substr(0, 64));
}

// Browsers say where a request comes from (Fetch Metadata); a page elsewhere has no business here.
bool from_elsewhere(const HttpRequest& request) {
  const std::string_view site = request.headers.get("Sec-Fetch-Site");
  return !site.empty() && site != "same-origin" && site != "none";
}

bool is_json(const HttpRequest& request) {
  const std::string_view type = request.headers.get("Content-Type");
  return equals_ignoring_case(type.substr(0, type.find(';')), "application/json");
}

}  // namespace

RestApi::RestApi(const Parts& parts) : parts_(parts) {
  Registry& registry = parts_.registry;
  metrics_.push_back(
      registry.add("rackphone_api_seconds", "REST calls, request to answer.", {}, latency_));
  constexpr const char* kName = "rackphone_api_answers_total";
  constexpr const char* kHelp = "REST answers, by class of status.";
  metrics_.push_back(registry.add(kName, kHelp, {{"class", "ok"}}, answered_));
  metrics_.push_back(registry.add(kName, kHelp, {{"class", "refused"}}, refused_));
  metrics_.push_back(registry.add(kName, kHelp, {{"class", "failed"}}, failed_));
  add_routes(Door::kRoot);
  add_routes(Door::kPeople);
}

HttpHandler RestApi::handler(Door door) {
  return door == Door::kRoot ? root_.handler() : people_.handler();
}

void RestApi::add_routes(Door door) {
  add(door, "GET", "/session", Needs::kNothing, &RestApi::get_session);
  add(door, "POST", "/session", Needs::kNothing, &RestApi::post_session);
  add(door, "DELETE", "/session", Needs::kSignIn, &RestApi::delete_session);
  add(door, "PUT", "/me", Needs::kSignIn, &RestApi::put_me);
  add(door, "GET", "/phones", Needs::kSignIn, &RestApi::list_phones);
  add(door, "POST", "/phones", Needs::kSignIn, &RestApi::post_phone);
  add(door, "GET", "/phones/{id}", Needs::kSignIn, &RestApi::get_phone);
  add(door, "PATCH", "/phones/{id}", Needs::kSignIn, &RestApi::patch_phone);
  add(door, "DELETE", "/phones/{id}", Needs::kSignIn, &RestApi::delete_phone);
  add(door, "GET", "/phones/{id}/log", Needs::kSignIn, &RestApi::get_log);
  add(door, "POST", "/phones/{id}/ticket", Needs::kSignIn, &RestApi::post_ticket);
  add(door, "POST", "/phones/{id}/{command}", Needs::kSignIn, &RestApi::command_phone);
  add(door, "GET", "/images", Needs::kSignIn, &RestApi::list_images);
  add(door, "GET", "/status", Needs::kSignIn, &RestApi::get_status);
  add(door, "GET", "/openapi.json", Needs::kNothing, &RestApi::get_openapi);
  if (door != Door::kRoot) return;
  add(door, "POST", "/sign-in-codes", Needs::kSignIn, &RestApi::post_code);
  root_.add("GET", "/metrics", [this](const HttpRequest& request, const HttpResponder& responder) {
    get_metrics({}, request, responder);
  });
}

void RestApi::add(Door door, std::string_view method, std::string_view pattern, Needs needs,
                  Handler handler) {
  Router& router = door == Door::kRoot ? root_ : people_;
  router.add(
      method, std::string(kPrefix) + std::string(pattern),
      [this, door, needs, handler](const HttpRequest& request, const HttpResponder& responder) {
        handle(door, request, timed(responder), needs, handler);
      });
}

void RestApi::handle(Door door, const HttpRequest& request, const HttpResponder& responder,
                     Needs needs, Handler handler) {
  auto caller = admit(door, request, needs);
  if (!caller) return responder.send(std::move(caller).error());
  (this->*handler)(*caller, request, responder);
}

std::expected<Caller, HttpResponse> RestApi::admit(Door door, const HttpRequest& request,
                                                   Needs needs) {
  Caller caller;
  caller.door = door;
  if (changes(request) && !request.body.empty() && !is_json(request))
    return std::unexpected(
        json_error(415, "invalid", "Content-Type",
                   "the body must be JSON, with Content-Type: application/json"));
  if (door == Door::kRoot) return caller;
  caller.address = address_of(request);
  if (changes(request) && from_elsewhere(request))
    return std::unexpected(json_error(403, "denied", "", "the request comes from another site"));
  auto identity = parts_.sign_in.identify(request.cookie(kCookie));
  if (!identity) return std::unexpected(json_error(identity.error()));
  caller.identity = *std::move(identity);
  if (caller.identity) {
    const User& user = caller.identity->user;
    caller.asker = {user.name, user.id, user.owner};
  } else {
    caller.asker = {"", std::nullopt, false};
  }
  if (needs == Needs::kNothing) return caller;
  if (!caller.identity) return std::unexpected(json_error(401, "denied", "", "sign in first"));
  if (changes(request) &&
      !equal_in_constant_time(request.headers.get("X-CSRF-Token"), caller.identity->csrf))
    return std::unexpected(json_error(403, "denied", "X-CSRF-Token",
                                      "X-CSRF-Token must be the value of GET /api/v1/session"));
  return caller;
}

// Counts and times the answer, and keeps every cache away from it.
HttpResponder RestApi::timed(const HttpResponder& responder) {
  const TimePoint began = parts_.loop.clock().now();
  return HttpResponder([this, responder, began](HttpResponse response) {
    latency_.observe((parts_.loop.clock().now() - began).count());
    (response.status < 400 ? answered_ : response.status < 500 ? refused_ : failed_).add();
    response.headers.set("Cache-Control", "no-store");
    response.headers.set("X-Content-Type-Options", "nosniff");
    responder.send(std::move(response));
  });
}

void RestApi::answer_later(const HttpResponder& responder, std::function<HttpResponse()> work) {
  // Shared by the two halves of the task, which run on different threads one after the other.
  auto response = std::make_shared<HttpResponse>();
  const bool queued =
      parts_.workers.submit([response, work = std::move(work)] { *response = work(); },
                            [response, responder] { responder.send(std::move(*response)); });
  if (!queued)
    responder.send(json_error(503, "unavailable", "", "the controller is busy; try again"));
}

HttpResponse refusal_answer(const Refusal& refusal) {
  if (refusal.retry_after_s > 0) {
    HttpResponse response = json_error(429, "exhausted", refusal.field, refusal.message);
    response.headers.set("Retry-After", std::to_string(refusal.retry_after_s));
    return response;
  }
  return json_error(Error{refusal.code, 0, refusal.message}, refusal.field);
}

}  // namespace rp
