#include "engine/base/http/router.h"

#include <algorithm>

#include "engine/base/http/json.h"

namespace rp {

namespace {

// "/a/b" → {"a", "b"}; "/" → {""}; "/a/" → {"a", ""}.
std::vector<std::string> segments_of(std::string_view path) {
  std::vector<std::string> segments;
  std::string_view rest = path.substr(std::min<std::size_t>(1, path.size()));
  while (true) {
    const auto slash = rest.find('/');
    segments.emplace_back(rest.substr(0, slash));
    if (slash == std::string_view::npos) return segments;
    rest = rest.substr(slash + 1);
  }
}

bool is_parameter(std::string_view segment) {
  return segment.size() > 2 && segment.front() == '{' && segment.back() == '}';
}

bool matches(const std::vector<std::string>& pattern, bool tail,
             const std::vector<std::string>& path) {
  if (tail ? path.size() <= pattern.size() : path.size() != pattern.size()) return false;
  return std::equal(pattern.begin(), pattern.end(), path.begin(),
                    [](const std::string& want, const std::string& have) {
                      return is_parameter(want) ? !have.empty() : want == have;
                    });
}

}  // namespace

void Router::add(std::string_view method, std::string_view pattern, HttpHandler handler) {
  Route route{std::string(method), segments_of(pattern), false, std::move(handler)};
  if (route.segments.back() == "*") {
    route.tail = true;
    route.segments.pop_back();
  }
  routes_.push_back(std::move(route));
}

void Router::add_sync(std::string_view method, std::string_view pattern,
                      std::function<HttpResponse(const HttpRequest&)> handler) {
  add(method, pattern,
      [handler = std::move(handler)](const HttpRequest& request, const HttpResponder& responder) {
        responder.send(handler(request));
      });
}

void Router::handle(HttpRequest request, HttpResponder responder) const {
  const auto path = segments_of(request.path);
  const std::string method = request.method == "HEAD" ? "GET" : request.method;
  std::string allowed;
  for (const Route& route : routes_) {
    if (!matches(route.segments, route.tail, path)) continue;
    if (route.method != "*" && route.method != method) {
      if (!allowed.empty()) allowed += ", ";
      allowed += route.method;
      continue;
    }
    for (std::size_t i = 0; i < route.segments.size(); ++i) {
      const std::string& segment = route.segments[i];
      if (!is_parameter(segment)) continue;
      request.params.emplace_back(segment.substr(1, segment.size() - 2), path[i]);
    }
    route.handler(std::move(request), std::move(responder));
    return;
  }
  if (allowed.empty()) {
    responder.send(json_error(404, "not_found", {}, "there is nothing at " + request.path));
    return;
  }
  HttpResponse response =
      json_error(405, "method_not_allowed", {},
                 request.path + " answers " + allowed + ", not " + request.method);
  response.headers.set("Allow", allowed);
  responder.send(std::move(response));
}

HttpHandler Router::handler() const {
  return [this](HttpRequest request, HttpResponder responder) {
    handle(std::move(request), std::move(responder));
  };
}

}  // namespace rp
