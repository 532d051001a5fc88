// ApiProxy: passes /api/… on to the controller's unix socket and its answer back. Fields that
// belong to one hop are taken out both ways, and who asked is told in X-Forwarded-For, which a
// client cannot forge: its own are removed. When the controller is down the streams go on, and the
// API says so in a sentence. Thread rule: the front's loop.
#pragma once

#include <string>

#include "engine/base/http/client.h"
#include "engine/base/http/responder.h"
#include "engine/base/metrics.h"

namespace rp {

struct ApiProxyCounters {
  Counter requests;
  Counter failures;  // answered 502 or 504 here
};

class ApiProxy {
 public:
  ApiProxy(EventLoop& loop, std::string controller_socket);

  void handle(const HttpRequest& request, const HttpResponder& responder);
  [[nodiscard]] const ApiProxyCounters& counters() const { return counters_; }

 private:
  HttpClient client_;
  ApiProxyCounters counters_;
};

// What goes on to the controller (RFC 9110 7.6.1: without hop-by-hop fields).
[[nodiscard]] HttpRequest forwarded(const HttpRequest& request);
void remove_hop_by_hop(HttpHeaders& headers);

}  // namespace rp
