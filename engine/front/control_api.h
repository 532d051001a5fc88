// ControlApi: the engine's control door for the controller, HTTP/JSON on a unix socket whose
// directory is closed to everyone else (docs/architecture.md lists the routes). Phones, the keys
// tickets are checked with, health and metrics. Thread rule: the front's loop.
#pragma once

#include <string>
#include <vector>

#include "engine/base/http/router.h"
#include "engine/base/http/server.h"
#include "engine/base/metrics.h"
#include "engine/base/ticket.h"
#include "engine/front/phone_directory.h"

namespace rp {

// One row of a driver table, for `rackphone doctor`.
struct DriverState {
  std::string name;
  bool available = false;
  bool used = false;   // the one new phones get
  std::string reason;  // why it is not available
  std::string advice;  // what to do to have it; empty while it is available
};

// One way of making TLS records, best first.
struct TlsRecordsState {
  std::string name;  // "kernel", "process"
  bool available = false;
  bool used = false;   // by streams whose cipher it has
  std::string found;   // what it can do, or why it is not available
  std::string advice;  // what to do for the better one
};

struct ControlApiParts {
  EventLoop& loop;
  PhoneDirectory& phones;
  TicketVerifier& tickets;
  const Registry& metrics;
  std::size_t shards = 1;
  std::vector<DriverState> encoders = {};
  std::vector<DriverState> composers = {};
  std::vector<DriverState> shared_memory = {};  // for apps' pixels; empty: the CPU reads them
  std::vector<TlsRecordsState> tls_records = {};
};

class ControlApi {
 public:
  // All parts must outlive it.
  explicit ControlApi(ControlApiParts parts);
  ControlApi(const ControlApi&) = delete;
  ControlApi& operator=(const ControlApi&) = delete;

  // Serves on a unix socket at `path`, mode 0600: its directory decides who may come.
  [[nodiscard]] Status listen(const std::string& path);
  // The routes alone, for tests and for a door of another kind.
  [[nodiscard]] const Router& router() const { return router_; }

 private:
  void add_phone_routes();
  void put_phone(const HttpRequest& request, const HttpResponder& responder);
  [[nodiscard]] HttpResponse put_keys(const HttpRequest& request);
  [[nodiscard]] HttpResponse health() const;

  ControlApiParts parts_;
  TimePoint started_;
  Router router_;
  HttpServer server_;
};

// 1 to 40 of [a-z0-9-].
[[nodiscard]] bool is_phone_id(std::string_view id);

}  // namespace rp
