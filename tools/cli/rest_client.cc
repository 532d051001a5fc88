#include "tools/cli/rest_client.h"

#include <nlohmann/json.hpp>

#include "engine/base/http/client.h"
#include "engine/base/http/json.h"

namespace rp {

namespace {

CliError unreachable(const CliContext& context, const Error& error) {
  if (error.code == ErrorCode::kDenied)
    return {Exit::kDenied, "only root may talk to the controller; use sudo"};
  if (error.code == ErrorCode::kTimeout)
    return {Exit::kUnreachable,
            "the controller does not answer; `rackphone logs controller` may say why"};
  return {Exit::kUnreachable, "no controller runs on " + context.run_dir + " (" + error.message() +
                                  "); start it with `rackphone up`"};
}

CliError refused(int status, const std::string& body) {
  std::string message = "the controller answered with status " + std::to_string(status);
  if (const auto parsed = parse_json(body);
      parsed && parsed->is_object() && parsed->contains("error")) {
    const nlohmann::json& error = (*parsed)["error"];
    if (error.is_object() && error.contains("message") && error["message"].is_string())
      message = error["message"].get<std::string>();
  }
  Exit exit = Exit::kFailed;
  if (status == 400) exit = Exit::kUsage;
  if (status == 404) exit = Exit::kNotFound;
  return {exit, message};
}

}  // namespace

std::expected<std::string, CliError> call_controller(const CliContext& context,
                                                     std::string_view method,
                                                     std::string_view target,
                                                     const std::string& body,
                                                     std::chrono::milliseconds timeout) {
  HttpRequest request;
  request.method = method;
  request.target = "/api/v1" + std::string(target);
  request.headers.set("Host", "controller");
  if (!body.empty()) request.headers.set("Content-Type", "application/json");
  request.body = body;
  const HttpEndpoint endpoint(context.run_dir + "/controller.sock");
  const auto response = fetch(endpoint, request, timeout);
  if (!response) return std::unexpected(unreachable(context, response.error()));
  if (response->status >= 300) return std::unexpected(refused(response->status, response->body));
  return response->body;
}

}  // namespace rp
