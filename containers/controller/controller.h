// Controller: joins store, people, phones and REST on one loop and opens the two doors. What
// differs between the product and a test comes in as interfaces: runtime, images, tickets, clock,
// randomness. Killed at any moment it loses nothing that was answered; its phones and streams do
// not notice. Thread rule: the loop's thread.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "containers/controller/phones/http_engine.h"
#include "containers/controller/rest/api.h"
#include "engine/base/http/server.h"
#include "engine/base/random.h"
#include "engine/base/ticket.h"

namespace rp {

struct ControllerOptions {
  std::string state_dir;
  std::string run_dir;
  std::string engine_socket;  // the engine's control socket
  int api_gid = -1;           // who may use run_dir/api/api.sock beside root; -1: nobody
  SignInOptions sign_in;
  ReconcilerOptions reconciler;  // phones_dir is set from state_dir
};

class Controller {
 public:
  struct Parts {
    EventLoop& loop;
    Runtime& runtime;
    ImageStore& images;
    const TicketKey& ticket_key;
    Random& random;
  };
  // Opens the store, begins to reconcile and serves. Parts outlive the controller.
  [[nodiscard]] static Result<std::unique_ptr<Controller>> create(const Parts& parts,
                                                                  const ControllerOptions& options);
  ~Controller();

  [[nodiscard]] static std::string root_socket(const std::string& run_dir);
  [[nodiscard]] static std::string people_socket(const std::string& run_dir);

  [[nodiscard]] Reconciler& reconciler() { return *reconciler_; }
  [[nodiscard]] Registry& registry() { return registry_; }

 private:
  Controller(const Parts& parts, const ControllerOptions& options,
             std::unique_ptr<Database> database);
  [[nodiscard]] Status open_doors(const ControllerOptions& options);
  void count_phones();

  EventLoop& loop_;
  Registry registry_;
  std::unique_ptr<Database> database_;
  PeopleStore people_;
  PhoneStore phone_rows_;
  AuditStore audit_;
  std::unique_ptr<WorkerPool> hashing_;
  std::unique_ptr<WorkerPool> workers_;
  std::unique_ptr<SignIn> sign_in_;
  std::unique_ptr<HttpEngine> engine_;
  std::unique_ptr<Reconciler> reconciler_;
  std::unique_ptr<Phones> phones_;
  std::unique_ptr<RestApi> api_;
  std::unique_ptr<HttpServer> root_server_;
  std::unique_ptr<HttpServer> people_server_;
  std::vector<Registry::Handle> metrics_;
};

}  // namespace rp
