#include "bench/capacity/host/load_engine.h"

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include "engine/base/http/client.h"
#include "engine/base/http/json.h"
#include "engine/base/random.h"
#include "engine/transport/self_signed.h"

namespace rp {
namespace {

namespace fs = std::filesystem;

constexpr auto kStartPatience = std::chrono::seconds(20);
constexpr auto kEndPatience = std::chrono::seconds(10);
constexpr Duration kCallTimeout = std::chrono::seconds(20);
constexpr std::size_t kLogEndBytes = 600;

Status write_file(const std::string& path, std::string_view text) {
  std::ofstream file(path, std::ios::binary);
  if (::chmod(path.c_str(), 0600) != 0) return fail_errno("write " + path);
  file << text;
  file.close();
  if (!file) return fail_errno("write " + path);
  return {};
}

// Phones in containers have users of their own, which pass through here; what is not theirs is
// root's.
Status make_folder(const std::string& path) {
  for (const std::string& folder : {path, path + "/phones"})
    if (::mkdir(folder.c_str(), 0711) != 0) return fail_errno("make a folder " + folder);
  return {};
}

Result<HttpResponse> call(const std::string& folder, const std::string& method,
                          const std::string& target, const std::string& body = {}) {
  HttpRequest request;
  request.method = method;
  request.target = target;
  request.body = body;
  if (!body.empty()) request.headers.set("Content-Type", "application/json");
  RP_ASSIGN(HttpResponse answer,
            fetch(HttpEndpoint(folder + "/control.sock"), request, kCallTimeout));
  if (answer.status >= 300)
    return fail(ErrorCode::kUnavailable,
                fmt::format("{} {}: {} {}", method, target, answer.status, answer.body));
  return answer;
}

// Bound to port 0 and closed again; whoever takes it in between makes the engine say so.
Result<std::uint16_t> free_port(const std::string& host) {
  RP_ASSIGN(const UniqueFd probe, listen_tcp({host, 0}));
  return local_port(probe.get());
}

}  // namespace

Result<std::unique_ptr<LoadEngine>> LoadEngine::start(LoadEngineOptions options) {
  const std::string folder = options.folder;
  RP_TRY(make_folder(folder));
  RP_ASSIGN(const auto certificate, make_self_signed({"localhost", options.address}));
  RP_TRY(write_file(folder + "/cert.pem", certificate.certificate_pem));
  RP_TRY(write_file(folder + "/key.pem", certificate.key_pem));
  RP_ASSIGN(TicketKey key, TicketKey::generate());
  RP_ASSIGN(const std::uint16_t port, free_port(options.address));
  std::vector<std::string> argv = {options.program,
                                   "--listen",
                                   fmt::format("{}:{}", options.address, port),
                                   "--control-socket",
                                   folder + "/control.sock",
                                   "--phones-dir",
                                   folder + "/phones",
                                   "--api-socket",
                                   folder + "/api.sock",
                                   "--tls-cert",
                                   folder + "/cert.pem",
                                   "--tls-key",
                                   folder + "/key.pem",
                                   "--log-level",
                                   "warning"};
  if (!options.encoder.empty()) argv.insert(argv.end(), {"--encoder", options.encoder});
  argv.insert(argv.end(), options.extra.begin(), options.extra.end());
  RP_ASSIGN(LoadProcess process, LoadProcess::start(argv, folder + "/engine.log"));
  std::unique_ptr<LoadEngine> engine(
      new LoadEngine(std::move(options), folder, std::move(key), std::move(process)));
  engine->address_ = {engine->options_.address, port};
  RP_TRY(engine->wait_until_ready());
  return engine;
}

Status LoadEngine::wait_until_ready() {
  const auto deadline = std::chrono::steady_clock::now() + kStartPatience;
  for (;;) {
    if (!process_.running()) return fail(ErrorCode::kUnavailable, "the engine ended: " + log_end());
    if (const auto health = call(folder_, "GET", "/v1/health"); health) {
      RP_ASSIGN(const nlohmann::json json, parse_json(health->body));
      for (const auto& encoder : json.value("encoders", nlohmann::json::array())) {
        if (encoder.value("used", false)) encoder_ = encoder.value("name", "");
      }
      break;
    }
    if (std::chrono::steady_clock::now() > deadline)
      return fail(ErrorCode::kTimeout, "the engine does not answer: " + log_end());
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  const nlohmann::json keys = {{"keys", {to_base64(key_.public_key())}}};
  RP_ASSIGN(const auto answer, call(folder_, "PUT", "/v1/ticket-keys", keys.dump()));
  return {};
}

LoadEngine::~LoadEngine() {
  process_.end(kEndPatience);
  std::error_code error;
  fs::remove_all(folder_, error);  // a folder left in /tmp is better than an exception here
}

Result<std::string> LoadEngine::make_phone(const std::string& id) {
  const nlohmann::json phone = {{"name", id},
                                {"width", options_.display.width},
                                {"height", options_.display.height},
                                {"scale_120", 120},
                                {"refresh_hz", 60}};
  RP_ASSIGN(const auto answer, call(folder_, "PUT", "/v1/phones/" + id, phone.dump()));
  return folder_ + "/phones/" + id + "/wayland-0";
}

Result<std::string> LoadEngine::ticket(const std::string& phone) const {
  Ticket ticket;
  ticket.phone = phone;
  ticket.user = phone;
  ticket.session = "bench";
  ticket.role = "owner";
  ticket.expires_unix_s = clock_.unix_seconds() + kTicketLifetime_s;
  ticket.nonce = SystemRandom().bytes(kTicketNonceBytes);
  return sign_ticket(key_, ticket);
}

std::string LoadEngine::log_end() const {
  std::ifstream file(folder_ + "/engine.log", std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  const std::string all = text.str();
  return all.size() > kLogEndBytes ? all.substr(all.size() - kLogEndBytes) : all;
}

}  // namespace rp
