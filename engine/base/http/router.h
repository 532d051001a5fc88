// Router: method and path pattern to handler. "/v1/phones/{id}" matches one segment for {id},
// "/api/*" all below /api/. A path nobody has is 404, a path without that method 405 with Allow,
// both as JSON errors. HEAD is answered by GET's handler. Thread rule: filled before use, then the
// server's loop.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/http/responder.h"

namespace rp {

class Router {
 public:
  // `method` "*" takes every method. The first pattern added that matches wins.
  void add(std::string_view method, std::string_view pattern, HttpHandler handler);
  // For handlers that answer at once.
  void add_sync(std::string_view method, std::string_view pattern,
                std::function<HttpResponse(const HttpRequest&)> handler);

  void handle(HttpRequest request, HttpResponder responder) const;
  // For HttpServer. The router must outlive it.
  [[nodiscard]] HttpHandler handler() const;

 private:
  struct Route {
    std::string method;
    std::vector<std::string> segments;
    bool tail = false;  // ends in "*"
    HttpHandler handler;
  };
  std::vector<Route> routes_;
};

}  // namespace rp
