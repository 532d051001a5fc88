#include "engine/front/api_proxy.h"

#include "engine/base/http/json.h"
#include "engine/base/log.h"

namespace rp {

namespace {

// Longer than any call of the REST API takes; longer waits (an image being built) are polled for.
constexpr Duration kAnswerTimeout = std::chrono::seconds(60);

HttpResponse failure_of(const Error& error) {
  switch (error.code) {
    case ErrorCode::kTimeout:
      return json_error(504, "timeout", {}, "the controller did not answer in time; try again");
    case ErrorCode::kExhausted:
      return json_error(503, "unavailable", {}, "too much is asked of the controller; try again");
    default:
      return json_error(
          502, "unavailable", {},
          "the controller does not answer; it may be starting. Try again in a moment; "
          "on the server, \"rackphone status\" says more");
  }
}

}  // namespace

void remove_hop_by_hop(HttpHeaders& headers) {
  for (const std::string& named : headers.list("Connection")) headers.remove(named);
  for (const char* name :
       {"Connection", "Keep-Alive", "Proxy-Authenticate", "Proxy-Authorization", "Proxy-Connection",
        "TE", "Trailer", "Transfer-Encoding", "Upgrade", "Content-Length", "Expect"}) {
    headers.remove(name);
  }
}

HttpRequest forwarded(const HttpRequest& request) {
  HttpRequest onward;
  onward.method = request.method;
  onward.target = request.target;
  onward.body = request.body;
  onward.headers = request.headers;
  remove_hop_by_hop(onward.headers);
  for (const char* forgeable :
       {"Forwarded", "X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "X-Real-IP"}) {
    onward.headers.remove(forgeable);
  }
  onward.headers.add("X-Forwarded-For", request.peer);
  onward.headers.add("X-Forwarded-Proto", "https");
  onward.headers.add("X-Forwarded-Host", request.headers.get("Host"));
  return onward;
}

ApiProxy::ApiProxy(EventLoop& loop, std::string controller_socket)
    : client_(loop, std::move(controller_socket)) {}

void ApiProxy::handle(const HttpRequest& request, const HttpResponder& responder) {
  counters_.requests.add();
  client_.send(forwarded(request), kAnswerTimeout, [this, responder](Result<HttpResponse> answer) {
    if (!answer) {
      counters_.failures.add();
      log_limited(LogLevel::kWarning, "front.api_failed", {{"error", answer.error()}});
      return responder.send(failure_of(answer.error()));
    }
    remove_hop_by_hop(answer->headers);
    responder.send(std::move(*answer));
  });
}

}  // namespace rp
