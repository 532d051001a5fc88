#include "containers/controller/controller.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "engine/base/log.h"

namespace rp {

namespace {

// Passwords hashed at once, and waiting: 2 × 64 MiB at most.
constexpr std::size_t kHashers = 2;
constexpr std::size_t kMaxHashesQueued = 32;
constexpr std::size_t kWorkers = 4;
constexpr std::size_t kMaxWorkQueued = 256;
constexpr std::size_t kMaxApiBodyBytes = 64 << 10;

Status make_directory(const std::string& path, mode_t mode, int gid) {
  if (::mkdir(path.c_str(), mode) != 0 && errno != EEXIST) return fail_errno("make " + path);
  if (::chmod(path.c_str(), mode) != 0) return fail_errno("set the mode of " + path);
  if (gid >= 0 && ::chown(path.c_str(), static_cast<uid_t>(-1), static_cast<gid_t>(gid)) != 0)
    return fail_errno("set the group of " + path);
  return {};
}

}  // namespace

std::string Controller::root_socket(const std::string& run_dir) {
  return run_dir + "/controller.sock";
}

std::string Controller::people_socket(const std::string& run_dir) {
  return run_dir + "/api/api.sock";
}

Result<std::unique_ptr<Controller>> Controller::create(const Parts& parts,
                                                       const ControllerOptions& options) {
  RP_TRY(make_directory(options.state_dir, 0700, -1));
  RP_TRY(make_directory(options.state_dir + "/phones", 0700, -1));
  RP_TRY(make_directory(options.run_dir, 0755, -1));
  RP_TRY(make_directory(options.run_dir + "/api", 0750, options.api_gid));
  RP_ASSIGN(auto database, Database::open(options.state_dir + "/rackphone.db"));
  std::unique_ptr<Controller> controller(new Controller(parts, options, std::move(database)));
  RP_TRY(controller->open_doors(options));
  controller->count_phones();
  controller->reconciler_->kick();
  return controller;
}

Controller::Controller(const Parts& parts, const ControllerOptions& options,
                       std::unique_ptr<Database> database)
    : loop_(parts.loop),
      database_(std::move(database)),
      people_(*database_),
      phone_rows_(*database_),
      audit_(*database_) {
  hashing_ = std::make_unique<WorkerPool>(loop_, kHashers, kMaxHashesQueued);
  workers_ = std::make_unique<WorkerPool>(loop_, kWorkers, kMaxWorkQueued);
  sign_in_ = std::make_unique<SignIn>(people_, audit_, *hashing_, parts.random, loop_.clock(),
                                      registry_, options.sign_in);
  const auto wake = [this] {
    if (reconciler_) reconciler_->kick();
  };
  engine_ = std::make_unique<HttpEngine>(
      loop_, options.engine_socket,
      std::vector<std::string>{to_base64(parts.ticket_key.public_key())}, wake);
  ReconcilerOptions reconciling = options.reconciler;
  reconciling.phones_dir = options.state_dir + "/phones";
  reconciler_ =
      std::make_unique<Reconciler>(Reconciler::Parts{loop_, *workers_, parts.runtime, parts.images,
                                                     *engine_, phone_rows_, registry_},
                                   reconciling);
  phones_ = std::make_unique<Phones>(phone_rows_, audit_, loop_.clock(), wake);
  const auto facts = [this] { return EngineFacts{engine_->version(), engine_->health_json()}; };
  api_ = std::make_unique<RestApi>(RestApi::Parts{
      loop_, *workers_, *phones_, people_, *sign_in_, *reconciler_, parts.runtime, parts.images,
      registry_, options.state_dir, parts.ticket_key, parts.random, facts});
}

// The doors close first, so that nothing new comes while the rest goes; workers end before what
// they use.
Controller::~Controller() {
  root_server_.reset();
  people_server_.reset();
  hashing_.reset();
  workers_.reset();
}

Status Controller::open_doors(const ControllerOptions& options) {
  HttpServerOptions serving;
  serving.limits.body_bytes = kMaxApiBodyBytes;
  RP_ASSIGN(UniqueFd root, listen_unix_fresh(root_socket(options.run_dir), {.mode = 0600}));
  RP_ASSIGN(UniqueFd people, listen_unix_fresh(people_socket(options.run_dir),
                                               {.mode = 0660, .gid = options.api_gid}));
  root_server_ = std::make_unique<HttpServer>(loop_, api_->handler(Door::kRoot), serving);
  people_server_ = std::make_unique<HttpServer>(loop_, api_->handler(Door::kPeople), serving);
  RP_TRY(root_server_->listen(std::move(root)));
  return people_server_->listen(std::move(people));
}

void Controller::count_phones() {
  for (const Life life : {Life::kCreated, Life::kStarting, Life::kRunning, Life::kFrozen,
                          Life::kStopped, Life::kFailed}) {
    metrics_.push_back(registry_.add("rackphone_phones", "Phones, by state.",
                                     {{"state", std::string(to_string(life))}}, [this, life] {
                                       double count = 0;
                                       if (const auto phones = phone_rows_.all())
                                         for (const Phone& phone : *phones)
                                           count += phone.state == life ? 1 : 0;
                                       return count;
                                     }));
  }
}

}  // namespace rp
