// Images, the host's state, the description of this interface and metrics.
#include <sys/statvfs.h>

#include <nlohmann/json.hpp>

#include "containers/controller/rest/api.h"
#include "containers/images/image_json.h"
#include "engine/base/http/json.h"

namespace rp {

namespace {

nlohmann::json disk_json(const std::string& directory) {
  struct statvfs disk {};
  if (::statvfs(directory.c_str(), &disk) != 0) return {{"free_bytes", 0}, {"total_bytes", 0}};
  return {{"free_bytes", disk.f_bavail * disk.f_frsize},
          {"total_bytes", disk.f_blocks * disk.f_frsize}};
}

nlohmann::json counts_json(const std::vector<Phone>& phones) {
  nlohmann::json counts{{"created", 0}, {"starting", 0}, {"running", 0},
                        {"frozen", 0},  {"stopped", 0},  {"failed", 0}};
  for (const Phone& phone : phones) {
    nlohmann::json& count = counts[std::string(to_string(phone.state))];
    count = count.get<int>() + 1;
  }
  return counts;
}

}  // namespace

void RestApi::list_images(const Caller& /*caller*/, const HttpRequest& /*request*/,
                          const HttpResponder& responder) {
  answer_later(responder, [&images = parts_.images] {
    auto all = images.list();
    if (!all) return json_error(all.error());
    nlohmann::json list = nlohmann::json::array();
    for (const Image& image : *all) list.push_back(image_json(image));
    return json_response(200, {{"images", std::move(list)}});
  });
}

void RestApi::get_status(const Caller& caller, const HttpRequest& /*request*/,
                         const HttpResponder& responder) {
  auto phones = parts_.phones.list(caller.asker);
  if (!phones) return responder.send(refusal_answer(phones.error()));
  const EngineFacts engine = parts_.engine_facts();
  nlohmann::json health = nlohmann::json::object();
  if (auto parsed = parse_json(engine.health_json); parsed && parsed->is_object()) health = *parsed;
  responder.send(json_response(
      200,
      {{"version", RP_VERSION},
       {"engine",
        {{"up", parts_.reconciler.engine_up()}, {"version", engine.version}, {"health", health}}},
       {"runtime", {{"name", parts_.runtime.name()}, {"fault", parts_.reconciler.runtime_fault()}}},
       {"disk", disk_json(parts_.state_dir)},
       {"phones", counts_json(*phones)}}));
}

void RestApi::get_openapi(const Caller& /*caller*/, const HttpRequest& /*request*/,
                          const HttpResponder& responder) {
  HttpResponse response;
  response.headers.set("Content-Type", "application/json");
  response.body = openapi_text();
  responder.send(std::move(response));
}

void RestApi::get_metrics(const Caller& /*caller*/, const HttpRequest& /*request*/,
                          const HttpResponder& responder) {
  HttpResponse response;
  response.headers.set("Content-Type", "text/plain; version=0.0.4");
  response.body = parts_.registry.render();
  responder.send(std::move(response));
}

}  // namespace rp
