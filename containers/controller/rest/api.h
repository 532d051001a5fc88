// RestApi: the controller's HTTP interface, /api/v1 (containers/controller/openapi.json), behind
// two doors. The root door is a socket only root can open: no sign-in, as the command line uses it;
// it alone makes sign-in codes and serves /metrics. The people's door is what the engine's front
// passes on: sign-in by cookie, CSRF token, back-off by the address in X-Forwarded-For. Thread
// rule: the controller's loop.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "containers/controller/executor.h"
#include "containers/controller/people/sign_in.h"
#include "containers/controller/phones/phones.h"
#include "containers/controller/phones/reconciler.h"
#include "engine/base/http/router.h"
#include "engine/base/metrics.h"
#include "engine/base/ticket.h"

namespace rp {

enum class Door { kRoot, kPeople };

// One request's asker, found out before its handler runs.
struct Caller {
  Door door = Door::kPeople;
  std::optional<Identity> identity;  // of who signed in
  std::string address;
  Asker asker;
};

// What GET /status tells of the engine; `version` is empty while it is down.
struct EngineFacts {
  std::string version;
  std::string health_json;  // its /v1/health, as it came
};

class RestApi {
 public:
  struct Parts {
    EventLoop& loop;
    Executor& workers;
    Phones& phones;
    PeopleStore& people;
    SignIn& sign_in;
    Reconciler& reconciler;
    Runtime& runtime;
    ImageStore& images;
    Registry& registry;
    std::string state_dir;
    const TicketKey& ticket_key;
    Random& random;
    std::function<EngineFacts()> engine_facts;
  };
  // Parts and this outlive the servers its handlers are given to.
  explicit RestApi(const Parts& parts);
  RestApi(const RestApi&) = delete;
  RestApi& operator=(const RestApi&) = delete;

  [[nodiscard]] HttpHandler handler(Door door);

 private:
  using Handler = void (RestApi::*)(const Caller&, const HttpRequest&, const HttpResponder&);
  enum class Needs { kNothing, kSignIn };

  void add(Door door, std::string_view method, std::string_view pattern, Needs needs,
           Handler handler);
  void add_routes(Door door);
  void handle(Door door, const HttpRequest& request, const HttpResponder& responder, Needs needs,
              Handler handler);
  [[nodiscard]] std::expected<Caller, HttpResponse> admit(Door door, const HttpRequest& request,
                                                          Needs needs);
  [[nodiscard]] HttpResponder timed(const HttpResponder& responder);

  void get_session(const Caller&, const HttpRequest&, const HttpResponder&);
  void post_session(const Caller&, const HttpRequest&, const HttpResponder&);
  void delete_session(const Caller&, const HttpRequest&, const HttpResponder&);
  void put_me(const Caller&, const HttpRequest&, const HttpResponder&);
  void post_code(const Caller&, const HttpRequest&, const HttpResponder&);
  void list_phones(const Caller&, const HttpRequest&, const HttpResponder&);
  void post_phone(const Caller&, const HttpRequest&, const HttpResponder&);
  void get_phone(const Caller&, const HttpRequest&, const HttpResponder&);
  void patch_phone(const Caller&, const HttpRequest&, const HttpResponder&);
  void delete_phone(const Caller&, const HttpRequest&, const HttpResponder&);
  void command_phone(const Caller&, const HttpRequest&, const HttpResponder&);
  void post_ticket(const Caller&, const HttpRequest&, const HttpResponder&);
  void get_log(const Caller&, const HttpRequest&, const HttpResponder&);
  void list_images(const Caller&, const HttpRequest&, const HttpResponder&);
  void get_status(const Caller&, const HttpRequest&, const HttpResponder&);
  void get_openapi(const Caller&, const HttpRequest&, const HttpResponder&);
  void get_metrics(const Caller&, const HttpRequest&, const HttpResponder&);

  [[nodiscard]] HttpResponse session_answer(const std::optional<Identity>& identity);
  [[nodiscard]] HttpResponse phone_answer(int status, const Phone& phone);
  // Runs `work` on a worker and answers with what it made.
  void answer_later(const HttpResponder& responder, std::function<HttpResponse()> work);

  Parts parts_;
  Router root_;
  Router people_;
  LatencyHistogram latency_;
  Counter answered_;
  Counter refused_;
  Counter failed_;
  std::vector<Registry::Handle> metrics_;
};

// The answer to a refusal: 429 with Retry-After for too many tries, else what fits its code.
[[nodiscard]] HttpResponse refusal_answer(const Refusal& refusal);

// The text of containers/controller/openapi.json.
[[nodiscard]] std::string_view openapi_text();

}  // namespace rp
